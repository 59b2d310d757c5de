"""River's drift detectors by name, with the interface and the restarts of all other detectors.

River's own objects hold their state in attributes: numbers, windows, random generators, two kinds of objects
that are compiled. These are written down one by one and set into a fresh detector, so that a stored state can
only ever fill what the detector has; nothing is unpickled and no class is looked up by a stored name.
"""

from __future__ import annotations

import base64
import hashlib
import inspect
import math
import random
from collections import deque
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput, MissingExtra
from assay.stats.sequential.detector import Detector

__all__ = ["RIVER", "RiverDetector"]

_HIDDEN = {"self", "window"}  # KSWIN's window is a state, not an option


class RiverDetector(Detector):
    """One of River's detectors; options are River's own, under its names.

    River's detectors promise no run length: their parameters say how sure a single comparison is, and false
    alarms come as often as these happen to give. They take some microseconds a value, KSWIN some hundred.

    Raises
    ------
    MissingExtra
        Without River.
    InvalidInput
        For an option that this detector does not have, or a value that it does not take.
    """

    river_name: ClassVar[str]
    binary: ClassVar[bool] = False
    defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__()
        made = _river_class(self.river_name)
        known = [name for name in inspect.signature(made.__init__).parameters if name not in _HIDDEN]
        for name, value in options.items():
            if name not in known:
                raise InvalidInput(f"{self.name} has no option {name!r}; it has {', '.join(known)}")
            if not isinstance(value, (bool, int, float, str, type(None))) or value != value:
                raise InvalidInput(f"{self.name}: {name}={value!r} must be a number or a word")
        self._arguments = {**self.defaults, **options}
        self._make: Callable[[], Any] = lambda: made(**self._arguments)
        self._restart()

    def _check(self, array: npt.NDArray[np.float64]) -> None:
        if self.binary and (wrong := ~(np.isnan(array) | (array == 0) | (array == 1))).any():
            place = int(wrong.argmax())
            raise InvalidInput(
                f"value {place} of this update is {array[place]!r}, neither 0 nor 1; "
                f"{self.name} takes errors as ones; for other values "
                'take "adwin", "page-hinkley" or "e-detector"'
            )

    def _feed(self, array: npt.NDArray[np.float64]) -> list[int]:
        alarms: list[int] = []
        values: list[Any] = (array.astype(int) if self.binary else array).tolist()
        for place, value in enumerate(values):
            self._river.update(value)
            if self._river.drift_detected:
                alarms.append(place)
        return alarms

    def _restart(self) -> None:
        try:
            self._river = self._make()
        except (TypeError, ValueError, OverflowError) as exc:
            raise InvalidInput(f"{self.name} does not take these options: {exc}") from exc

    def _options(self) -> dict[str, Any]:
        return self._arguments

    def _state(self) -> dict[str, Any]:
        return {"river": version("river"), "attributes": _written(self._river)}

    def _set_state(self, state: Mapping[str, Any]) -> None:
        if state["river"] != version("river"):
            raise InvalidInput(
                f"this state of {self.name} is of River {str(state['river'])[:20]!r}, and "
                f"{version('river')} is installed, whose detectors may count otherwise; "
                "install that one, or start a new detector"
            )
        self._river = _filled(self._river, state["attributes"])


class _Adwin(RiverDetector):
    name, river_name = "adwin", "ADWIN"


class _Ddm(RiverDetector):
    name, river_name, binary = "ddm", "binary.DDM", True


class _Eddm(RiverDetector):
    name, river_name, binary = "eddm", "binary.EDDM", True


class _HddmA(RiverDetector):
    name, river_name = "hddm-a", "binary.HDDMA"
    low, high = 0.0, 1.0


class _HddmW(RiverDetector):
    name, river_name = "hddm-w", "binary.HDDMW"
    low, high = 0.0, 1.0


class _PageHinkley(RiverDetector):
    name, river_name = "page-hinkley", "PageHinkley"


class _Kswin(RiverDetector):
    name, river_name = "kswin", "KSWIN"
    # It draws its sample at random; without a seed the same stream would give other alarms each time.
    defaults: ClassVar[Mapping[str, Any]] = {"seed": 1}


RIVER: Mapping[str, type[RiverDetector]] = {
    made.name: made for made in (_Adwin, _Ddm, _Eddm, _HddmA, _HddmW, _PageHinkley, _Kswin)
}


def _river_class(path: str) -> Any:
    try:
        from river import drift
    except ImportError as exc:
        raise MissingExtra.of("river", purpose=f"The detector {path.rpartition('.')[2]}") from exc
    found: Any = drift
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _kind(value: Any) -> str:
    return type(value).__name__


def _written(value: Any) -> Any:
    """Write an object down as plain values, for JSON."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, deque):
        return {"items": [_written(item) for item in value]}
    if isinstance(value, random.Random):
        kind, numbers, gauss = value.getstate()
        return {"random": [kind, list(numbers), gauss]}
    if _kind(value) == "RsEWMean":
        return {"mean": value.get()}
    if _kind(value) == "AdaptiveWindowing":
        raw = value.__getstate__()
        return {"bytes": base64.b64encode(raw).decode(), "sha256": hashlib.sha256(raw).hexdigest()}
    # Methods are chosen again by the fresh detector's own options.
    return {name: _written(item) for name, item in vars(value).items() if not callable(item)}


def _filled(fresh: Any, written: Any) -> Any:
    """Return `fresh`, a new object, with what `_written` gave set into it."""
    if not isinstance(written, dict):
        return written
    if "float" in written:
        return float(written["float"])
    if isinstance(fresh, deque):
        return deque((_filled(None, item) for item in written["items"]), maxlen=fresh.maxlen)
    if isinstance(fresh, random.Random):
        kind, numbers, gauss = written["random"]
        fresh.setstate((kind, tuple(numbers), gauss))
    elif _kind(fresh) == "RsEWMean":
        # The first value of such a mean is the mean.
        fresh.update(float(written["mean"]))
    elif _kind(fresh) == "AdaptiveWindowing":
        raw = base64.b64decode(written["bytes"], validate=True)
        if hashlib.sha256(raw).hexdigest() != written["sha256"]:
            raise ValueError("bytes")
        fresh.__setstate__(raw)
    else:
        attributes = vars(fresh)
        if set(written) != {name for name, item in attributes.items() if not callable(item)}:
            raise ValueError(_kind(fresh))
        begun = written.get("_is_init", True)
        for name, item in written.items():
            # An average that has not begun must not be given a first value.
            if begun or name != "_ewma":
                setattr(fresh, name, _filled(attributes[name], item))
    return fresh
