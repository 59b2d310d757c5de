"""Making, listing and revoking keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from assay.domain.access import ApiKey, KeyList, NewKey, Principal, Scope, StoredKey
from assay.domain.audit import AuditAction
from assay.domain.model import check_name
from assay.domain.time import from_micros, parse_duration
from assay.errors import Forbidden, InvalidInput, NotFound
from assay.monitoring.access.audit import Audit
from assay.monitoring.access.caller import caller
from assay.monitoring.access.tokens import digest_of, new_key_id, new_secret
from assay.ports.access import KeyStore

__all__ = ["Keys"]

_LONGEST_NAME = 200
_MOST_MODELS = 1_000
_MOST_RATE = 1_000_000.0


class Keys:
    """The keys, as whoever asks may see and change them.

    A key that is bound to models makes, sees and revokes only keys that are bound to some of these, and no
    key makes one that may do more than itself.

    Parameters
    ----------
    store : where keys are kept.
    audit : records every change.
    clock : microseconds since the epoch.
    changed : called after a key was revoked.
    """

    def __init__(
        self, store: KeyStore, audit: Audit, *, clock: Callable[[], int], changed: Callable[[], None]
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._changed = changed

    def create(
        self,
        name: str,
        *,
        scopes: Sequence[Scope | str],
        models: Sequence[str] | None = None,
        expires: str | None = None,
        rate: float | None = None,
    ) -> NewKey:
        """Make a key; its secret is in the answer and nowhere else.

        Parameters
        ----------
        name : for people, at most 200 characters.
        scopes : what it allows, at least one.
        models : the models that it is bound to, which need not be there yet; None: all.
        expires : after which time it stops to work, such as ``90d``; None: never.
        rate : requests a second, above 0; None: what the service's settings say.

        Raises
        ------
        InvalidInput
            Where a part of it does not fit.
        Forbidden
            Where whoever asks may do less than the key could.
        """
        check_name("the key's name", name)
        if len(name) > _LONGEST_NAME:
            raise InvalidInput(f"the key's name has {len(name)} characters; give it at most {_LONGEST_NAME}")
        wanted = tuple(scope for scope in Scope if scope in {Scope.parse(one) for one in scopes})
        if not wanted:
            raise InvalidInput(f"a key needs a scope; the scopes are {', '.join(Scope)}")
        bound = None if models is None else tuple(dict.fromkeys(models))
        if bound is not None:
            if not 1 <= len(bound) <= _MOST_MODELS:
                raise InvalidInput(f"a key is bound to 1 to {_MOST_MODELS} models, not to {len(bound)}")
            for model in bound:
                check_name("a model's name", model)
        if rate is not None and not 0 < rate <= _MOST_RATE:
            raise InvalidInput(f"a key's rate is above 0 requests a second, not {rate}")
        _grant(caller().principal, wanted, bound)
        now = self._clock()
        key = ApiKey(
            key_id=new_key_id(),
            name=name,
            scopes=wanted,
            models=bound,
            rate=rate,
            created_at=from_micros(now),
            expires_at=None if expires is None else from_micros(now + parse_duration(expires)),
        )
        secret = new_secret(key.key_id)
        reach = "all models" if bound is None else f"models {', '.join(bound)}"
        subject = f"{key.key_id} ({name}): {', '.join(wanted)}; {reach}"
        with self._audit.change(AuditAction.CREATE_KEY, subject=subject):
            self._store.add(StoredKey(key, digest_of(secret)))
        return NewKey(key, secret)

    def listed(self) -> KeyList:
        """Return the keys that whoever asks may see, the oldest first."""
        who = caller().principal
        found = tuple(key for key in self._store.listed() if _within(who, key.models))
        return KeyList(found, from_micros(self._clock()))

    def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key and end its sessions; within seconds nothing accepts it any more.

        Raises
        ------
        NotFound
            Where there is no such key, or whoever asks may not see it, or it was revoked before.
        """
        stored = self._store.find(key_id)
        if stored is None or not _within(caller().principal, stored.key.models):
            raise NotFound(f"there is no key {key_id[:80]!r}; see assay keys list")
        if stored.key.revoked_at is not None:
            raise NotFound(f"the key {key_id!r} was revoked before")
        now = from_micros(self._clock())
        with self._audit.change(AuditAction.REVOKE_KEY, subject=f"{key_id} ({stored.key.name})"):
            if not self._store.revoke(key_id, at=now):
                raise NotFound(f"the key {key_id!r} was revoked before")
        self._changed()
        return replace(stored.key, revoked_at=now)

    def has_admin(self) -> bool:
        """Whether there is an active key with the scope ``admin`` for all models."""
        now = from_micros(self._clock())
        return any(
            Scope.ADMIN in key.scopes and key.models is None and key.status(now) == "active"
            for key in self._store.listed()
        )


def _within(who: Principal, models: Sequence[str] | None) -> bool:
    """Whether a key for `models` reaches no further than `who` does."""
    if who.models is None:
        return True
    return models is not None and who.models.issuperset(models)


def _grant(who: Principal, scopes: Sequence[Scope], models: Sequence[str] | None) -> None:
    """Refuse to hand on more than `who` has."""
    for scope in scopes:
        if not who.allows(scope):
            raise Forbidden(f"your own key has no scope {scope.value}, so it cannot give it to another")
    if not _within(who, models):
        raise Forbidden("your own key is bound to some models; name some of these for the new key")
