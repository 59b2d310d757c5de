"""The table of the benchmark: printed, as JSON, and as Markdown for the documentation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.drift.case import FAMILIES
from bench.drift.run import Outcome
from bench.drift.scoring import Score
from bench.report import Figure

_HEAD = (
    "judge",
    "cases",
    "balanced accuracy",
    "false alarms",
    "found",
    "features F1",
    "type",
    "no answer",
    "time",
)


def share(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"


def _row(score: Score) -> tuple[str, ...]:
    knows_types = any(said != "None" for _, said in score.types) and score.title == "Assay"
    names_features = score.f1 == score.f1 and score.f1 > 0
    return (
        score.title,
        f"{score.cases:,}",
        share(score.balanced),
        share(score.false_alarms),
        share(score.sensitivity),
        share(score.f1) if names_features else "–",
        share(score.type_right) if knows_types else "–",
        f"{sum(score.unanswered.values())}",
        f"{score.seconds * 1e3:,.0f} ms" if score.seconds else "–",
    )


def table(scores: Iterable[Score]) -> list[tuple[str, ...]]:
    return [_HEAD, *(_row(score) for score in sorted(scores, key=lambda each: -each.balanced))]


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  "
        + "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def markdown(rows: Sequence[tuple[str, ...]]) -> str:
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    rule = "|" + "|".join([" --- ", *(" ---: " for _ in rows[0][1:])]) + "|"
    return "\n".join([head, rule, *rest])


def figures(score: Score) -> list[Figure]:
    """What Assay aims at, beside what it reached."""
    name, worst = score.worst
    return [
        _least("balanced accuracy over families", score.balanced, 0.98),
        Figure(
            "false alarms, of verdicts without drift",
            share(score.false_alarms),
            "<= 0.020",
            score.false_alarms <= 0.02,
        ),
        _least(f"worst family ({name})", worst, 0.9),
        _least("affected features, F1", score.f1, 0.95),
        _least("type of drift right, of those found", score.type_right, 0.95),
    ]


def _least(name: str, value: float, aim: float) -> Figure:
    return Figure(name, share(value), f">= {aim:.3f}", value >= aim)


def failing(score: Score, *, below: float = 0.95) -> str:
    """Families in which the judge errs, worst first."""
    bad = sorted((value, name) for name, value in score.by_family.items() if value < below)
    return "\n".join(f"    {value:.2f}  {name}" for value, name in bad)


def types(score: Score) -> str:
    """Confusion of types, over the cases found."""
    return "\n".join(
        f"    {truth:18} called {said:18} {count:5}" for (truth, said), count in sorted(score.types.items())
    )


def unanswered(outcomes: Iterable[Outcome]) -> str:
    """Who gave no verdict, on how many cases, and why; the commonest reasons first."""
    reasons = Counter(
        (outcome.title, outcome.verdict.error.splitlines()[0][:110])
        for outcome in outcomes
        if outcome.verdict.error
    )
    return "\n".join(
        f"  {title}: no verdict on {count}: {why}" for (title, why), count in reasons.most_common()
    )


def by_theme(scores: Sequence[Score]) -> list[tuple[str, ...]]:
    """Accuracy by theme, a column a judge."""
    themes: dict[str, list[str]] = {}
    for name in FAMILIES:
        if any(name in score.by_family for score in scores):
            kind = "drift" if FAMILIES[name].drifted else "none"
            themes.setdefault(f"{FAMILIES[name].theme} ({kind})", []).append(name)
    rows = [("families of", "families", *(score.title for score in scores))]
    for theme, names in themes.items():
        cells = []
        for score in scores:
            values = [score.by_family[name] for name in names if name in score.by_family]
            cells.append(share(sum(values) / len(values)) if values else "–")
        rows.append((theme, str(len(names)), *cells))
    return rows


def write(folder: Path, parts: Mapping[str, Sequence[Score]]) -> None:
    """`figures.json` with every family of every judge, and `figures.md` with the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {split: [score.to_dict() for score in scores] for split, scores in parts.items()}
    (folder / "figures.json").write_text(json.dumps(whole, indent=1) + "\n")
    text = [
        f"### {split}\n\n{markdown(table(scores))}\n\n{markdown(by_theme(scores))}\n"
        for split, scores in parts.items()
    ]
    (folder / "figures.md").write_text("\n".join(text))
