"""What every store of keys, sessions and changes must do."""
# ruff: noqa: S101, D102 - a contract is made of assertions, and each test's name is its sentence

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assay.domain.access import ApiKey, Scope, Session, StoredKey
from assay.domain.audit import AuditAction, AuditEntry
from assay.ports.access import AuditLog, KeyStore
from assay.testing.names import HOSTILE_NAMES

__all__ = ["AuditLogContract", "KeyStoreContract"]

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOW + timedelta(microseconds=1)
FULL = ApiKey(
    key_id="0123456789ab",
    name="a key of ours",
    scopes=(Scope.INGEST, Scope.READ),
    models=HOSTILE_NAMES,
    rate=0.1,
    created_at=NOW,
    expires_at=LATER,
)
BARE = ApiKey("ba9876543210", "bare", (Scope.ADMIN,), None, None, LATER)


class KeyStoreContract:
    """Subclass it and supply a fixture, `keys`: an empty store."""

    def test_an_empty_store(self, keys: KeyStore) -> None:
        assert keys.listed() == []
        assert keys.find("0123456789ab") is None
        assert keys.session(b"x" * 32) is None
        assert not keys.revoke("0123456789ab", at=NOW)
        keys.touch({"0123456789ab": NOW})
        keys.close_session(b"x" * 32)
        assert keys.listed() == []

    def test_a_key_is_read_as_it_was_added(self, keys: KeyStore) -> None:
        keys.add(StoredKey(BARE, b"\0" * 32))
        keys.add(StoredKey(FULL, bytes(range(32))))
        assert keys.listed() == [FULL, BARE]
        assert keys.find(FULL.key_id) == StoredKey(FULL, bytes(range(32)))
        assert keys.find(BARE.key_id) == StoredKey(BARE, b"\0" * 32)
        assert keys.find("") is None
        assert all(isinstance(scope, Scope) for key in keys.listed() for scope in key.scopes)

    @pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
    def test_hostile_names(self, keys: KeyStore, name: str) -> None:
        key = replace(BARE, name=name, models=(name,))
        keys.add(StoredKey(key, b"d" * 32))
        assert keys.listed() == [key]

    def test_revoking_counts_once(self, keys: KeyStore) -> None:
        keys.add(StoredKey(FULL, b"f" * 32))
        keys.add(StoredKey(BARE, b"b" * 32))
        assert keys.revoke(FULL.key_id, at=NOW)
        assert not keys.revoke(FULL.key_id, at=LATER)
        assert keys.listed() == [replace(FULL, revoked_at=NOW), BARE]

    def test_the_latest_use_counts(self, keys: KeyStore) -> None:
        keys.add(StoredKey(FULL, b"f" * 32))
        keys.add(StoredKey(BARE, b"b" * 32))
        keys.touch({FULL.key_id: LATER, "absent": LATER})
        keys.touch({FULL.key_id: NOW, BARE.key_id: NOW})
        assert [key.last_used_at for key in keys.listed()] == [LATER, NOW]

    def test_sessions_end_with_their_key(self, keys: KeyStore) -> None:
        keys.add(StoredKey(FULL, b"f" * 32))
        keys.add(StoredKey(BARE, b"b" * 32))
        ends = NOW + timedelta(hours=1)
        one, two = Session(b"1" * 32, FULL.key_id, NOW, ends), Session(b"2" * 32, BARE.key_id, NOW, ends)
        keys.open_session(one)
        keys.open_session(two)
        assert keys.session(one.digest) == one
        keys.revoke(FULL.key_id, at=NOW)
        assert keys.session(one.digest) is None
        assert keys.session(two.digest) == two
        keys.close_session(two.digest)
        assert keys.session(two.digest) is None

    def test_sessions_that_ended_are_dropped(self, keys: KeyStore) -> None:
        keys.add(StoredKey(BARE, b"b" * 32))
        old = Session(b"1" * 32, BARE.key_id, NOW, LATER)
        keys.open_session(old)
        assert keys.session(old.digest) == old
        keys.open_session(Session(b"2" * 32, BARE.key_id, LATER, LATER + timedelta(hours=1)))
        assert keys.session(old.digest) is None


class AuditLogContract:
    """Subclass it and supply a fixture, `log`: an empty record."""

    @staticmethod
    def entry(**changes: object) -> AuditEntry:
        """Return an entry."""
        plain = AuditEntry(
            0, NOW, "local", "", "127.0.0.1", AuditAction.DECLARE, "m", "task: binary", "begun"
        )
        return replace(plain, **changes)  # type: ignore[arg-type] # as given

    def test_entries_in_pages_newest_first(self, log: AuditLog) -> None:
        assert log.entries() == []
        numbers = [log.append(self.entry(subject=str(place))) for place in range(7)]
        assert numbers == sorted(set(numbers))
        seen: list[AuditEntry] = []
        before = None
        while page := log.entries(before=before, limit=3):
            assert len(page) <= 3
            seen += page
            before = page[-1].entry_id
        assert [one.subject for one in seen] == list("6543210")
        assert [one.entry_id for one in seen] == numbers[::-1]

    def test_an_entry_is_read_as_it_was_appended(self, log: AuditLog) -> None:
        full = self.entry(
            who="0123456789ab", name="n", action=AuditAction.SIGN_IN, model_id=None, at=LATER, outcome="done"
        )
        number = log.append(full)
        assert log.entries() == [replace(full, entry_id=number)]

    @pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
    def test_hostile_names(self, log: AuditLog, name: str) -> None:
        entry = self.entry(name=name, model_id=name, subject=name)
        number = log.append(entry)
        assert log.entries() == [replace(entry, entry_id=number)]
        assert log.entries(models=[name]) == [replace(entry, entry_id=number)]
        assert log.entries(models=[name + "!"]) == []

    def test_entries_of_some_models(self, log: AuditLog) -> None:
        for model in ("a", "b", None, "c", "a"):
            log.append(self.entry(model_id=model))
        assert [one.model_id for one in log.entries(models=("a", "c"))] == ["a", "c", "a"]
        assert [one.model_id for one in log.entries(models=("a", "c"), limit=2)] == ["a", "c"]
        assert log.entries(models=()) == []

    def test_an_outcome_is_noted(self, log: AuditLog) -> None:
        first, second = log.append(self.entry()), log.append(self.entry())
        log.settle(first, "done")
        log.settle(second + 1_000, "done")
        assert [one.outcome for one in log.entries()] == ["begun", "done"]

    def test_old_entries_are_dropped(self, log: AuditLog) -> None:
        for place in range(6):
            log.append(self.entry(subject=str(place), at=NOW + timedelta(days=place)))
        log.trim(before=NOW + timedelta(days=1), keep=10)
        assert [one.subject for one in log.entries()] == list("54321")
        log.trim(before=NOW, keep=2)
        assert [one.subject for one in log.entries()] == list("54")
        assert log.append(self.entry()) > log.entries()[1].entry_id
