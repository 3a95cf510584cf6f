"""How a snapshot of an account, and the public signing keys, are written in the store.

A reader takes what it knows and leaves out the rest, so that routers and account services of neighbouring versions get
along; `FORM` grows only with a change that an older reader would misunderstand.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from api.account import (
    DROP_OLDEST,
    SLOW_READER_POLICIES,
    AccountSnapshot,
    Cache,
    CacheLimits,
    Cap,
    History,
    Limits,
    SlowReaderPolicy,
)
from api.permissions import SUPER_USER, Grant
from api.revocations import Revocations
from api.rules import Rule

FORM = 1

_SUPER_USER = "super user"
_LIMITS = [field.name for field in fields(Limits)]
_CACHE_LIMITS = [field.name for field in fields(CacheLimits)]
_CAP = [field.name for field in fields(Cap)]
_HISTORY = [field.name for field in fields(History)]


class UnknownForm(ValueError):
    """It was written by a newer version of the software, or is no snapshot at all."""


def encoded(snapshot: AccountSnapshot) -> bytes:
    """Return a snapshot's body."""
    body = {
        "form": FORM,
        "version": snapshot.version,
        "limits": asdict(snapshot.limits),
        "suspended": snapshot.suspended,
        "caches": [_encoded_cache(cache) for cache in snapshot.caches.values()],
        "grants": {id: _written(grant) for id, grant in snapshot.roles.items()},
        "revoked": sorted(snapshot.revoked),
        "ends": dict(snapshot.ends),
        "caps": [asdict(cap) for cap in snapshot.caps],
        "has_caps": snapshot.has_caps,
        "revocations": [dict(snapshot.revocations.ids), dict(snapshot.revocations.prefixes)],
    }
    return json.dumps(body, separators=(",", ":")).encode()


def decoded(account_id: str, body: bytes) -> AccountSnapshot:
    """Return the snapshot of a body.

    Raises:
        UnknownForm: it cannot be read.
    """
    try:
        said: dict[str, Any] = json.loads(body)
        if said["form"] != FORM:
            raise UnknownForm(f"form {said['form']} of a snapshot is not known")
        limits: dict[str, Any] = said["limits"]
        return AccountSnapshot(
            id=account_id,
            version=said["version"],
            limits=Limits(**{name: limits[name] for name in _LIMITS if name in limits}),
            suspended=said["suspended"],
            caches={cache.name: cache for cache in map(_decoded_cache, said["caches"])},
            roles=_roles(said),
            revoked=frozenset(said["revoked"]),
            ends=said.get("ends", {}),
            revocations=Revocations(*said.get("revocations", ())),
            caps=tuple(_decoded_cap(cap) for cap in said.get("caps", ())),
            has_caps=said.get("has_caps", True),  # an older version does not tell
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownForm("a snapshot cannot be read") from error


def _written(grant: Grant) -> str | list[list[str]]:
    return _SUPER_USER if grant.super_user else [rule.words() for rule in grant.rules]


def _roles(said: Mapping[str, Any]) -> Mapping[str, Grant]:
    if "grants" not in said:  # as they were written before rules had networks
        return {id: Grant.of(base64.b64decode(permissions)) for id, permissions in said["roles"].items()}
    return {
        id: SUPER_USER if rules == _SUPER_USER else Grant(tuple(map(Rule.of_words, rules)))
        for id, rules in said["grants"].items()
    }


def encoded_keys(public_keys: Mapping[str, bytes]) -> bytes:
    """Return public signing keys as they are stored; the same keys give the same bytes."""
    return json.dumps({id: base64.b64encode(key).decode() for id, key in sorted(public_keys.items())}).encode()


def decoded_keys(body: bytes) -> Mapping[str, bytes]:
    """Return the keys of what `encoded_keys` made."""
    return {id: base64.b64decode(key) for id, key in json.loads(body).items()}


def _encoded_cache(cache: Cache) -> list[Any]:
    bounds = (_without_none(cache.limits), _without_none(cache.history))
    return [cache.id, cache.name, cache.durable, *bounds, cache.slow_reader_policy]


def _decoded_cache(said: list[Any]) -> Cache:
    id, name, durable = said[:3]
    limits: dict[str, Any] = said[3] if len(said) > 3 else {}
    history: dict[str, Any] = said[4] if len(said) > 4 else {}
    return Cache(
        id,
        name,
        durable,
        CacheLimits(**{name: limits[name] for name in _CACHE_LIMITS if name in limits}),
        History(**{name: history[name] for name in _HISTORY if name in history}),
        _policy(said[5:6]),
    )


def _policy(said: list[Any]) -> SlowReaderPolicy:
    for policy in SLOW_READER_POLICIES:
        if said == [policy]:
            return policy
    return DROP_OLDEST  # an older version says none, and a newer one may say another


def _decoded_cap(said: Mapping[str, Any]) -> Cap:
    return Cap(**{name: said[name] for name in _CAP if name in said})


def _without_none(bounds: CacheLimits | History) -> dict[str, int]:
    return {name: value for name, value in asdict(bounds).items() if value is not None}
