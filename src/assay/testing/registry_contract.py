"""What every registry must do."""
# ruff: noqa: S101, D102 - a contract is made of assertions, and each test's name is its sentence

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.domain.finding import Finding, FindingKind
from assay.domain.model import Model, ModelSettings, Task
from assay.domain.profile import ProfileChange
from assay.domain.time import DAY, HOUR
from assay.errors import StaleWriter
from assay.ports.profiles import Profiles
from assay.ports.registry import Registry
from assay.testing.names import HOSTILE_NAMES

__all__ = ["RegistryContract"]

FULL = Model(
    "m",
    task=Task.MULTICLASS,
    task_declared=True,
    settings=ModelSettings(
        positive_class="ja \U0001f9ea",
        slices=("country", "a'b"),
        label_horizon=DAY,
        minute_retention=HOUR,
        reference_rows=10,
        max_slice_values=3,
        retention=99,
    ),
    created_at=1_700_000_000_000_000,
    reference_id="r",
)


class RegistryContract:
    """Subclass it and supply two fixtures on one empty store: `registry`, and `profiles`.

    The profiler notices models and findings, and writes them with its position; so what a change of
    profiles holds must be found in the registry.
    """

    def test_an_empty_registry(self, registry: Registry) -> None:
        assert registry.get("m") is None
        assert registry.models() == []
        assert registry.findings("m") == []
        assert registry.latest_analysis("m", kind="performance") is None

    def test_a_model_is_read_as_it_was_put(self, registry: Registry) -> None:
        bare = Model("bare")
        registry.put(FULL)
        registry.put(bare)
        assert registry.get("m") == FULL
        assert registry.get("bare") == bare
        assert isinstance(getattr(registry.get("m"), "task", None), Task)

    def test_putting_replaces(self, registry: Registry) -> None:
        registry.put(FULL)
        changed = Model("m", created_at=7)
        registry.put(changed)
        assert registry.get("m") == changed
        assert registry.models() == [changed]

    def test_models_in_pages(self, registry: Registry) -> None:
        names = sorted(HOSTILE_NAMES)
        for name in reversed(names):
            registry.put(Model(name))
        assert [model.model_id for model in registry.models()] == names
        pages, after = [], ""
        while page := registry.models(after=after, limit=5):
            assert len(page) <= 5
            pages += [model.model_id for model in page]
            after = page[-1].model_id
        assert pages == names
        assert [registry.get(name) for name in names] == [Model(name) for name in names]

    def test_models_of_a_change(self, registry: Registry, profiles: Profiles) -> None:
        registry.put(Model("m"))
        profiles.commit(ProfileChange(0, 1, models=(FULL, Model("new"))))
        assert registry.models() == [FULL, Model("new")]
        with pytest.raises(StaleWriter):
            profiles.commit(ProfileChange(0, 1, models=(Model("m"), Model("stale"))))
        assert registry.models() == [FULL, Model("new")]

    def test_findings_add_up(self, registry: Registry, profiles: Profiles) -> None:
        early = Finding("m", FindingKind.TYPE_CLASH, "x", "early", 10, 20, 2, {"type": "s"})
        late = Finding("m", FindingKind.TYPE_CLASH, "x", "late", 30, 40, 5, {"type": "b", "of": [1, None]})
        other = Finding("m", FindingKind.NON_FINITE, "x", "other", 50, 60)
        foreign = Finding("n", FindingKind.TYPE_CLASH, "x", "foreign", 1, 2)
        expected = [other, replace(late, first_seen=10, count=7)]
        profiles.commit(ProfileChange(0, 1, findings=(late, other, foreign)))
        profiles.commit(ProfileChange(1, 2, findings=(early,)))
        assert registry.findings("m") == expected
        assert registry.findings("n") == [foreign]
        with pytest.raises(StaleWriter):
            profiles.commit(ProfileChange(0, 1, findings=(early,)))
        assert registry.findings("m") == expected

    def test_findings_of_one_subject_in_one_change(self, registry: Registry, profiles: Profiles) -> None:
        one = Finding("m", FindingKind.NEW_FEATURE, "x", "first", 10, 10)
        two = Finding("m", FindingKind.NEW_FEATURE, "x", "second", 5, 12, 4)
        profiles.commit(ProfileChange(0, 1, findings=(one, two)))
        assert registry.findings("m") == [replace(two, count=5)]

    def test_findings_about_hostile_names(self, registry: Registry, profiles: Profiles) -> None:
        noticed = tuple(
            Finding(name, FindingKind.NEW_FEATURE, name, name, 1, 2, 1, {name: name})
            for name in HOSTILE_NAMES
        )
        profiles.commit(ProfileChange(0, 1, findings=noticed))
        assert [registry.findings(name) for name in HOSTILE_NAMES] == [[finding] for finding in noticed]

    def test_the_latest_analysis(self, registry: Registry) -> None:
        def put(name: str, model: str, kind: str, created_at: int) -> None:
            registry.put_analysis(name, model, kind=kind, created_at=created_at, payload=name.encode())

        put("a", "m", "performance", 20)
        put("b", "m", "performance", 10)
        put("c", "m", "drift", 30)
        put("d", "n", "performance", 40)
        assert registry.latest_analysis("m", kind="performance") == b"a"
        assert registry.latest_analysis("m", kind="drift") == b"c"
        assert registry.latest_analysis("n", kind="performance") == b"d"
        assert registry.latest_analysis("n", kind="drift") is None

    def test_an_analysis_is_replaced_by_one_of_its_id(self, registry: Registry) -> None:
        registry.put_analysis("a", "m", kind="k", created_at=10, payload=b"old")
        registry.put_analysis("a", "m", kind="k", created_at=10, payload=b"new")
        assert registry.latest_analysis("m", kind="k") == b"new"
