"""What every log of verdicts must do."""
# ruff: noqa: S101, D102 - a contract is made of assertions, and each test's name is its sentence

from __future__ import annotations

from dataclasses import replace

from assay.domain.detection import Detection, DriftFigure
from assay.domain.time import DAY, HOUR, Granularity
from assay.ports.drift_log import DriftLog
from assay.testing.names import HOSTILE_NAMES

__all__ = ["DriftLogContract"]

FIGURES = (
    DriftFigure("amount", "ks", 0.31, 1e-9, 0.05, 40),
    DriftFigure("amount and age", "correlation", 0.2, None, 0.1, 40),
    DriftFigure("", "accuracy", 0.0, 1.0, 0.1, 40),
)


def detection(start: int, *, model_id: str = "m", version: str = "", hours: int = 1) -> Detection:
    """Verdict on a window."""
    return Detection(
        model_id,
        version,
        Granularity.HOUR if hours == 1 else Granularity.DAY,
        start,
        start + hours * HOUR,
        40,
        "drift",
        "DATA_DRIFT",
        61.5,
        0.9999,
        ("amount", 'a"b</script>'),
        3,
        "r" * 32,
        "BASELINE",
        240,
        7,
        b"\x00packed\xff",
        FIGURES,
    )


class DriftLogContract:
    """Subclass it and supply a fixture: `log`, an empty one."""

    def test_an_empty_log(self, log: DriftLog) -> None:
        log.put([])
        assert log.read("m", Granularity.HOUR, start=-DAY, end=DAY) == []
        assert log.figures("m", Granularity.HOUR, start=-DAY, end=DAY) == []
        assert log.newest(Granularity.HOUR) == []
        assert log.newest(Granularity.HOUR, ["m"]) == []
        assert log.newest(Granularity.HOUR, []) == []
        assert log.drop("m", Granularity.HOUR, before=DAY) == 0

    def test_what_is_put_is_read_in_order(self, log: DriftLog) -> None:
        log.put([detection(2 * HOUR), detection(0), detection(-HOUR)])
        found = log.read("m", Granularity.HOUR, start=-HOUR, end=2 * HOUR, with_payload=True)
        assert found == [detection(-HOUR), detection(0)]
        assert [one.payload for one in found] == [b"\x00packed\xff"] * 2
        assert [one.payload for one in log.read("m", Granularity.HOUR, start=0, end=1)] == [b""]
        assert log.figures("m", Granularity.HOUR, start=0, end=1) == [(0, figure) for figure in FIGURES]

    def test_a_window_has_one_verdict_the_last(self, log: DriftLog) -> None:
        log.put([detection(0), detection(HOUR)])
        again = replace(
            detection(0), status="no_drift", drift_type=None, n=41, computed_at=8, figures=FIGURES[:1]
        )
        log.put([again])
        assert log.read("m", Granularity.HOUR, start=0, end=DAY, with_payload=True) == [
            again,
            detection(HOUR),
        ]
        assert len(log.figures("m", Granularity.HOUR, start=0, end=HOUR)) == 1
        log.put([detection(0), again])  # of two in one call, too
        assert log.read("m", Granularity.HOUR, start=0, end=1, with_payload=True) == [again]

    def test_what_said_something_else_is_kept(self, log: DriftLog) -> None:
        first = replace(
            detection(0), types=("DATA_DRIFT",), n_labelled=0, truth=0, accuracy_before=None, accuracy=None
        )
        more = replace(first, n=44, computed_at=8)  # says the same, on more rows
        labelled = replace(
            more,
            types=("CONCEPT_DRIFT", "DATA_DRIFT"),
            n_labelled=39,
            truth=-(2**62),
            looks=1,
            computed_at=9,
            accuracy_before=0.9,
            accuracy=0.7,
        )
        corrected = replace(labelled, truth=5, looks=2, computed_at=10)
        for one in (first, more, labelled, corrected):
            log.put([one, detection(HOUR)])
        assert log.read("m", Granularity.HOUR, start=0, end=1, with_payload=True) == [corrected]
        plain = [replace(one, payload=b"", figures=()) for one in (more, labelled)]
        assert log.earlier("m", Granularity.HOUR, start=0, end=DAY) == plain
        assert log.earlier("m", Granularity.HOUR, start=1, end=DAY) == []
        assert log.earlier("m", Granularity.DAY, start=0, end=DAY) == []
        assert log.earlier("m", Granularity.HOUR, start=0, end=DAY, version="1") == []
        log.drop("m", Granularity.HOUR, before=HOUR)
        assert log.earlier("m", Granularity.HOUR, start=0, end=DAY) == []

    def test_series_are_strangers(self, log: DriftLog) -> None:
        for model_id in ("m", "n"):
            for version in ("", "1"):
                for hours in (1, 24):
                    log.put([detection(0, model_id=model_id, version=version, hours=hours)])
        (one,) = log.read("m", Granularity.HOUR, start=0, end=1, version="1", with_payload=True)
        assert one == detection(0, version="1")
        (one,) = log.read("n", Granularity.DAY, start=0, end=1, with_payload=True)
        assert one == detection(0, model_id="n", hours=24)
        assert len(log.figures("n", Granularity.DAY, start=0, end=1)) == len(FIGURES)

    def test_the_newest_of_each_model(self, log: DriftLog) -> None:
        log.put([detection(at, model_id=name) for name in "cab" for at in (HOUR, 3 * HOUR, 2 * HOUR)])
        log.put([detection(9 * HOUR, version="1", model_id="a"), detection(9 * HOUR, hours=24, model_id="b")])
        assert [(one.model_id, one.start) for one in log.newest(Granularity.HOUR)] == [
            ("a", 3 * HOUR),
            ("b", 3 * HOUR),
            ("c", 3 * HOUR),
        ]
        assert [one.model_id for one in log.newest(Granularity.HOUR, ["c", "nobody", "a"])] == ["a", "c"]

    def test_the_newest_with_truth(self, log: DriftLog) -> None:
        log.put([replace(detection(at * HOUR), looks=looks) for at, looks in ((0, 2), (1, 1), (2, 0))])
        log.put([replace(detection(0, model_id="n"), looks=0)])
        assert [one.start for one in log.newest(Granularity.HOUR, ["m", "n"], with_truth=True)] == [HOUR]
        assert [one.model_id for one in log.newest(Granularity.HOUR, with_truth=True)] == ["m"]

    def test_what_is_old_is_dropped_with_its_figures(self, log: DriftLog) -> None:
        log.put([detection(at * HOUR, version=version) for at in range(4) for version in ("", "1")])
        log.put([detection(0, hours=24), detection(0, model_id="n")])
        assert log.drop("m", Granularity.HOUR, before=2 * HOUR) == 4
        assert [one.start for one in log.read("m", Granularity.HOUR, start=0, end=DAY)] == [
            2 * HOUR,
            3 * HOUR,
        ]
        assert log.figures("m", Granularity.HOUR, start=0, end=2 * HOUR) == []
        assert len(log.read("m", Granularity.DAY, start=0, end=1)) == 1
        assert len(log.read("n", Granularity.HOUR, start=0, end=1)) == 1

    def test_any_name(self, log: DriftLog) -> None:
        for name in HOSTILE_NAMES:
            figure = DriftFigure(name, "ks", 0.1, 0.5, 0.05, 4)
            one = replace(
                detection(0, model_id=name, version=name), affected=(name,), columns=1, figures=(figure,)
            )
            log.put([one])
            assert log.read(name, Granularity.HOUR, start=0, end=1, version=name, with_payload=True) == [one]
            assert log.figures(name, Granularity.HOUR, start=0, end=1, version=name) == [(0, figure)]
