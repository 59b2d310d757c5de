"""Keys, caches, rates and the record of changes, with clocks that the tests turn."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.access import COMMAND_LINE, LOCAL, NOBODY, Principal, Scope
from assay.domain.audit import AuditAction
from assay.domain.time import HOUR, SECOND, to_micros
from assay.errors import Forbidden, InvalidInput, NotFound, RateLimited, StorageUnavailable, Unauthorized
from assay.monitoring.access.access import Access
from assay.monitoring.access.authentication import FRESH_SECONDS, Authenticator
from assay.monitoring.access.caller import Caller, calling
from assay.monitoring.access.rate import Bucket, SlowDown
from assay.testing.memory_access import MemoryAuditLog, MemoryKeyStore
from assay.testing.names import HOSTILE_NAMES

START = to_micros(datetime(2026, 1, 31, tzinfo=UTC))


class Clock:
    """A clock for both kinds of time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def micros(self) -> int:
        return START + round(self.seconds * SECOND)


class Store(MemoryKeyStore):
    """A store that counts its look-ups and can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_up = 0
        self.fails = False

    def find(self, key_id: str):
        self.looked_up += 1
        if self.fails:
            raise StorageUnavailable("gone")
        return super().find(key_id)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def access(store: Store, clock: Clock) -> Access:
    made = Access(store, MemoryAuditLog(), clock=clock.micros)
    made.authenticator = Authenticator(store, clock=clock.micros, monotonic=clock)
    made.keys._changed = made.authenticator.forget
    return made


def secret_of(access: Access, *scopes: str, who: Principal = COMMAND_LINE, **options: object) -> str:
    with calling(who):
        return access.keys.create("k", scopes=scopes or ("read",), **options).secret  # type: ignore[arg-type]


def test_a_secret_has_256_random_bits_and_is_nowhere_but_in_the_answer(access: Access, store: Store) -> None:
    with calling(COMMAND_LINE):
        made = access.keys.create("me", scopes=["admin"])
        assert re.fullmatch(r"assay_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", made.secret)
        core = made.secret.rpartition("_")[2] if "_" not in made.secret[19:] else made.secret[19:]
        stored = store.find(made.key.key_id)
        assert stored is not None
        assert len(stored.digest) == 32
        for text in (repr(made), made._repr_html_(), repr(made.key), repr(access.keys.listed())):
            assert core not in text
        assert core not in repr(access.changes().entries) + repr(stored)
        assert made.to_dict()["secret"] == made.secret
        assert access.keys.create("me", scopes=["admin"]).secret != made.secret


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": ""}, "empty"),
        ({"name": "x" * 201}, "201 characters"),
        ({"scopes": []}, "needs a scope"),
        ({"scopes": ["root"]}, "unknown scope 'root'"),
        ({"models": []}, "1 to 1000 models"),
        ({"models": [""]}, "empty"),
        ({"models": ["a\0"]}, "NUL"),
        ({"expires": "soon"}, "soon"),
        ({"expires": "0d"}, "0d"),
        ({"rate": 0.0}, "above 0"),
        ({"rate": float("nan")}, "above 0"),
    ],
)
def test_a_key_that_makes_no_sense(access: Access, options: dict[str, object], message: str) -> None:
    given_ = {"name": "k", "scopes": ["read"], **options}
    name = str(given_.pop("name"))
    with calling(LOCAL), pytest.raises(InvalidInput, match=message):
        access.keys.create(name, **given_)  # type: ignore[arg-type]
    with calling(LOCAL):
        assert access.keys.listed().keys == ()
        assert access.changes().entries == ()


def test_no_key_makes_one_that_may_more(access: Access) -> None:
    reader = Principal("r", "r", frozenset({Scope.READ}))
    bound = Principal("b", "b", frozenset({Scope.ADMIN}), frozenset({"mine", "ours"}))
    for who, scopes, models in (
        (reader, ["ingest"], None),
        (reader, ["admin"], None),
        (NOBODY, ["read"], None),
        (bound, ["read"], None),
        (bound, ["read"], ["theirs"]),
        (bound, ["read"], ["mine", "theirs"]),
    ):
        with calling(who), pytest.raises(Forbidden):
            access.keys.create("k", scopes=scopes, models=models)
    with calling(bound):
        made = access.keys.create("k", scopes=["admin", "read", "ingest"], models=["mine"])
        assert [key.key_id for key in access.keys.listed().keys] == [made.key.key_id]
    secret_of(access, "read")
    theirs = access.authenticator.key(secret_of(access, "read", models=["theirs"])).principal.who
    with calling(bound):
        assert [key.key_id for key in access.keys.listed().keys] == [made.key.key_id]
        with pytest.raises(NotFound) as hidden:
            access.keys.revoke(theirs)
        with pytest.raises(NotFound) as absent:
            access.keys.revoke("0" * 12)
    assert str(hidden.value) == str(absent.value).replace("0" * 12, theirs)


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_hostile_names_of_models(access: Access, name: str) -> None:
    identity = access.authenticator.key(secret_of(access, "read", models=[name]))
    assert identity.principal.may_see(name)
    assert not identity.principal.may_see(name + "x")


def test_a_key_is_recognised_by_the_whole_of_its_secret(access: Access) -> None:
    secret = secret_of(access, "read")
    assert access.authenticator.key(secret).principal.allows(Scope.READ)
    flipped = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    other = secret[:6] + "0" * 12 + secret[18:]
    messages = set()
    for wrong in (flipped, other, secret + "x", secret[:-1], secret.upper(), " " + secret, "", "x", "é" * 62):
        with pytest.raises(Unauthorized) as error:
            access.authenticator.key(wrong)
        messages.add(str(error.value))
        assert access.authenticator.remembered(wrong) is None
    assert len(messages) == 1


def test_the_store_is_asked_seldom_and_a_revoked_key_ends_soon(
    access: Access, store: Store, clock: Clock
) -> None:
    secret = secret_of(access, "read")
    assert access.authenticator.remembered(secret) is None
    who = access.authenticator.key(secret).principal
    before = store.looked_up
    for _ in range(100):
        assert access.authenticator.remembered(secret) is not None
    assert store.looked_up == before
    store.revoke(who.who, at=datetime.now(UTC))  # as another process does
    clock.seconds += FRESH_SECONDS
    assert access.authenticator.remembered(secret) is None  # the one that asks again
    assert access.authenticator.remembered(secret) is not None  # those that come meanwhile
    with pytest.raises(Unauthorized):
        access.authenticator.key(secret)
    assert access.authenticator.remembered(secret) is None


def test_revoking_here_counts_at_once(access: Access) -> None:
    secret = secret_of(access, "read")
    key_id = access.authenticator.key(secret).principal.who
    with calling(COMMAND_LINE):
        assert access.keys.revoke(key_id).revoked_at is not None
        with pytest.raises(NotFound, match="revoked before"):
            access.keys.revoke(key_id)
    assert access.authenticator.remembered(secret) is None
    with pytest.raises(Unauthorized):
        access.authenticator.key(secret)


def test_a_key_expires_to_the_second_also_where_it_is_remembered(access: Access, clock: Clock) -> None:
    secret = secret_of(access, "read", expires="60s")
    clock.seconds = 59.5
    access.authenticator.key(secret)
    assert access.authenticator.remembered(secret) is not None
    clock.seconds = 60.0
    with pytest.raises(Unauthorized):
        access.authenticator.remembered(secret)
    with pytest.raises(Unauthorized):
        access.authenticator.key(secret)


def test_no_old_answer_outlives_a_failure_of_the_store(access: Access, store: Store, clock: Clock) -> None:
    secret = secret_of(access, "read")
    access.authenticator.key(secret)
    store.fails = True
    clock.seconds += FRESH_SECONDS
    assert access.authenticator.remembered(secret) is None
    with pytest.raises(StorageUnavailable):
        access.authenticator.key(secret)
    assert access.authenticator.remembered(secret) is None


def test_last_uses_are_noted(access: Access, clock: Clock) -> None:
    secret = secret_of(access, "read")
    access.authenticator.key(secret)
    clock.seconds = 7.0
    assert access.authenticator.remembered(secret) is None
    access.authenticator.key(secret)
    access.close()
    with calling(LOCAL):
        (key,) = access.keys.listed().keys
    assert key.last_used_at == datetime(2026, 1, 31, tzinfo=UTC) + timedelta(seconds=7)


@given(rate=st.floats(0.01, 1e4), gaps=st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60))
def test_no_key_gets_more_than_its_rate(rate: float, gaps: list[float]) -> None:
    clock = Clock()
    bucket = Bucket(rate, clock=clock)
    passed = 0
    for gap in gaps:
        clock.seconds += gap
        try:
            bucket.take()
        except RateLimited as error:
            wait = error.retry_after
        else:
            wait = 0.0
            passed += 1
        # No sooner than is right, and not without need.
        assert passed + (wait > 0) <= bucket.burst + rate * (clock.seconds + wait) + 1e-6
        assert passed <= bucket.burst + rate * clock.seconds + 1e-6


def test_a_limited_key_passes_again_when_it_was_told_to() -> None:
    clock = Clock()
    bucket = Bucket(0.5, clock=clock)
    bucket.take()
    with pytest.raises(RateLimited) as error:
        bucket.take()
    clock.seconds += error.value.retry_after
    bucket.take()


def test_failures_make_wait_longer_and_longer() -> None:
    clock = Clock()
    slow = SlowDown(clock=clock)
    waits = []
    for _ in range(20):
        try:
            slow.check("a")
        except RateLimited as error:
            waits.append(round(error.retry_after))
            clock.seconds += error.retry_after + 1e-6
            slow.check("a")
        slow.failed("a")
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, *[300] * 6]
    slow.check("b")
    slow.succeeded("a")
    slow.check("a")
    for number in range(SlowDown.MOST + 10):
        slow.failed(str(number))
    assert len(slow._failures) == SlowDown.MOST


def test_failures_of_one_network_count_together() -> None:
    slow = SlowDown(clock=Clock())
    for number in range(SlowDown.FREE):
        slow.failed(f"2001:db8::{number:x}")
        slow.failed("::ffff:192.0.2.7")
    for address in ("2001:db8::ffff:1", "2001:db8::1%eth0", "192.0.2.7"):
        with pytest.raises(RateLimited):
            slow.check(address)
    slow.check("2001:db8:0:1::1")
    slow.check("192.0.2.8")
    slow.succeeded("2001:db8::2")
    slow.check("2001:db8::1")


def test_a_session_ends(access: Access, clock: Clock, store: Store) -> None:
    sessions = access.sessions
    sessions._authenticator = access.authenticator
    secret = secret_of(access, "read")
    with calling(Caller(NOBODY, "203.0.113.7")):
        first, second = sessions.sign_in(secret), sessions.sign_in(secret)
    assert first.token != second.token
    assert first.token not in repr(first)
    assert store.session(first.token.encode()) is None  # only its digest is stored
    assert access.authenticator.session(first.token).principal.allows(Scope.READ)
    sessions.sign_out(first.token)
    with pytest.raises(Unauthorized):
        access.authenticator.session(first.token)
    clock.seconds += 12 * HOUR / SECOND
    with pytest.raises(Unauthorized):
        access.authenticator.session(second.token)
    assert sessions.csrf(first.token) != sessions.csrf(second.token) != sessions.csrf("")


def test_a_session_ends_with_its_key(access: Access) -> None:
    access.sessions._authenticator = access.authenticator
    secret = secret_of(access, "read")
    with calling(Caller(NOBODY, "")):
        session = access.sessions.sign_in(secret)
    key_id = access.authenticator.session(session.token).principal.who
    with calling(COMMAND_LINE):
        access.keys.revoke(key_id)
    with pytest.raises(Unauthorized):
        access.authenticator.session(session.token)


def test_a_change_is_recorded_before_it_is_made(access: Access) -> None:
    audit = access.audit

    def outcome() -> str:
        return audit.page().entries[0].outcome

    with calling(Caller(LOCAL, "127.0.0.1")):
        with audit.change(AuditAction.DECLARE, model_id="m", subject="task: binary"):
            assert outcome() == "begun"
        assert outcome() == "done"
        with pytest.raises(InvalidInput), audit.change(AuditAction.DECLARE, model_id="m"):
            raise InvalidInput("no")
        assert outcome() == "failed: InvalidInput"
        with pytest.raises(ZeroDivisionError), audit.change(AuditAction.DECLARE, model_id="m"):
            raise ZeroDivisionError
        assert outcome() == "failed"
        with audit.change(AuditAction.DECLARE, model_id="\ud800\0", subject="\ud800\0" + "x" * 9_999):
            pass
        entry = audit.page().entries[0]
    assert (entry.who, entry.address, entry.model_id) == ("local", "127.0.0.1", "?\ufffd")
    assert len(entry.subject) == 500


def test_what_cannot_be_recorded_is_not_done(clock: Clock) -> None:
    class Broken(MemoryAuditLog):
        def append(self, entry: object) -> int:  # noqa: ARG002 - as the port has it
            raise StorageUnavailable("the disk is gone")

    done: list[Callable[[], None]] = []
    access = Access(MemoryKeyStore(), Broken(), clock=clock.micros)
    with pytest.raises(StorageUnavailable), access.audit.change(AuditAction.ERASE):
        done.append(print)
    assert done == []
    with calling(LOCAL), pytest.raises(StorageUnavailable):
        access.keys.create("k", scopes=["read"])
    with calling(LOCAL):
        assert access.keys.listed().keys == ()


def test_the_record_is_bounded(clock: Clock) -> None:
    log = MemoryAuditLog()
    access = Access(MemoryKeyStore(), log, clock=clock.micros, audit_days=1)
    for _ in range(199):
        access.audit.note(AuditAction.SIGN_OUT)
    clock.seconds = 86_401
    access.audit.note(AuditAction.SIGN_OUT)
    assert len(log.entries(limit=1_000)) == 1
