"""``monitor.import_payloads()``: what both kinds of monitor share."""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from assay.client.answers import read
from assay.client.transport import Transport
from assay.domain.imported import ImportAnswer, ImportedModel
from assay.errors import InvalidInput

__all__ = ["LINES", "Payloads", "PayloadsImporter", "RemoteImporter", "bodies", "summed"]

LINES = "application/x-ndjson"

Payloads = bytes | str | Mapping[str, Any] | Iterable[bytes | str | Mapping[str, Any]]
"""JSON or JSON lines, a decoded payload, or several of either kind."""

_LISTED = 1_000
_MOST_BYTES = 8 << 20
_MOST_ITEMS = 5_000


class PayloadsImporter(ABC):
    """A monitor that reads what serving platforms log."""

    def import_payloads(
        self,
        format: str,  # noqa: A002 - the word in the address and on the command line
        data: Payloads,
        *,
        model: str = "",
        version: str = "",
        feature_names: Sequence[str] = (),
        output: str = "",
        score: str = "",
        classes: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> ImportAnswer:
        """Store what a serving platform logged, as it is; durable when this returns.

        Parameters
        ----------
        format : ``kserve``, ``open-inference``, ``sagemaker`` or ``mlflow``.
        data : JSON or JSON lines, decoded payloads, or an iterable of lines, which may be long: it is sent
            in parts.
        model, version : by default those that each payload names.
        feature_names : names of the values that come without, in order; by default ``f0``, ``f1``, ...
        output : the output that is the prediction; one of several values is named with its place, such as
            ``predict_proba_1``. By default it is found where there can be no doubt.
        score : the output that is the probability of the positive class.
        classes : names of the classes, in the order of the probabilities.
        idempotency_key : name of this call, made up where absent; payloads with an id count once without.

        Raises
        ------
        InvalidInput
            Where there is no such format, or a part has nothing that can be used; bad payloads among good
            ones are in the answer's `rejected`. What was sent before that part is stored.
        """
        for name, names in (("feature_names", feature_names), ("classes", classes)):
            if isinstance(names, str):
                raise InvalidInput(f"{name} is a list of names: write [{names!r}]")
        options: dict[str, Any] = {
            "model": model,
            "version": version,
            "feature_names": tuple(feature_names),
            "output": output,
            "score": score,
            "classes": tuple(classes),
        }
        key = idempotency_key or str(uuid4())
        answers = [
            (first, self._import(format, body, options, f"{key}/{first}")) for first, body in bodies(data)
        ]
        return summed(answers)

    @abstractmethod
    def _import(self, name: str, body: bytes, options: dict[str, Any], key: str) -> ImportAnswer:
        """Store one body."""


class RemoteImporter(PayloadsImporter):
    """A monitor behind an address that imports."""

    _transport: Transport

    def _import(self, name: str, body: bytes, options: dict[str, Any], key: str) -> ImportAnswer:
        params = {name: _listed(value) for name, value in options.items() if value}
        document = self._transport.send(
            f"/api/v1/import/{quote(name, safe='') or '-'}",
            body,
            content_type=LINES,
            params=params,
            idempotency_key=key,
        )
        return read(document, ImportAnswer)


def bodies(data: Payloads) -> Iterator[tuple[int, bytes]]:
    r"""Cut payloads into bodies of a moderate size, each with the place of its first payload.

    >>> list(bodies([{"a": 1}, '{"b": 2}']))
    [(0, b'{"a":1}\n{"b": 2}')]
    """
    if isinstance(data, (bytes, str)):
        text = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        if len(text) <= _MOST_BYTES or not _is_object(text.lstrip().partition(b"\n")[0]):
            yield 0, text
            return
        data = text.splitlines()
    elif isinstance(data, Mapping):
        data = [data]
    first = place = size = 0
    lines: list[bytes] = []
    for item in data:
        line = _line(item)
        if not line:
            continue
        if lines and (size + len(line) > _MOST_BYTES or len(lines) >= _MOST_ITEMS):
            yield first, b"\n".join(lines)
            first, size, lines = place, 0, []
        lines.append(line)
        size += len(line)
        place += 1
    yield first, b"\n".join(lines) or b"[]"


def _line(item: Any) -> bytes:
    """Return a payload as one line of JSON."""
    if isinstance(item, str):
        return item.strip().encode("utf-8", "surrogatepass")
    if isinstance(item, bytes):
        return item.strip()
    if not isinstance(item, Mapping):
        raise InvalidInput(f"a payload is {type(item).__name__}; give JSON or a dict")
    try:
        return json.dumps(item, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as exc:
        raise InvalidInput(f"a payload cannot be written as JSON: {exc}") from exc


def _is_object(line: bytes) -> bool:
    """Whether a line is a whole JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _listed(value: str | Sequence[str]) -> str:
    """Return names with commas between, as the address takes them."""
    if isinstance(value, str):
        return value
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(value)
    return text.getvalue()


def summed(answers: Sequence[tuple[int, ImportAnswer]]) -> ImportAnswer:
    """Add up the answers to the parts of an import; each comes with the place of its first payload."""
    models: dict[str, ImportedModel] = {}
    for _, answer in answers:
        for model in answer.models:
            known = models.get(model.model_id) or ImportedModel(model.model_id)
            models[model.model_id] = ImportedModel(
                model.model_id, known.predictions + model.predictions, known.labels + model.labels
            )
    rejected = [replace(item, index=first + item.index) for first, one in answers for item in one.rejected]
    return ImportAnswer(
        format=answers[0][1].format,
        items=sum(one.items for _, one in answers),
        accepted=sum(one.accepted for _, one in answers),
        waiting=sum(one.waiting for _, one in answers),
        duplicates=sum(one.duplicates for _, one in answers),
        rejected=tuple(rejected[:_LISTED]),
        rejected_total=sum(one.rejected_total for _, one in answers),
        models=tuple(models[name] for name in sorted(models)),
        notes=tuple(dict.fromkeys(note for _, one in answers for note in one.notes)),
    )
