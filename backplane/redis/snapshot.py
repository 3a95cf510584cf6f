"""How a snapshot of an account, and the public signing keys, are written in the store.

A reader takes what it knows and leaves out the rest, so that routers and account services of neighbouring versions get
along; `FORM` grows only with a change that an older reader would misunderstand.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from api.account import AccountSnapshot, Cache, Limits

FORM = 1

_LIMITS = [field.name for field in fields(Limits)]


class UnknownForm(ValueError):
    """It was written by a newer version of the software, or is no snapshot at all."""


def encoded(snapshot: AccountSnapshot) -> bytes:
    """Return a snapshot's body."""
    body = {
        "form": FORM,
        "version": snapshot.version,
        "limits": asdict(snapshot.limits),
        "suspended": snapshot.suspended,
        "caches": [[cache.id, cache.name, cache.durable] for cache in snapshot.caches.values()],
        "roles": {id: base64.b64encode(permissions).decode() for id, permissions in snapshot.roles.items()},
        "revoked": sorted(snapshot.revoked),
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
            caches={name: Cache(id, name, durable) for id, name, durable, *_ in said["caches"]},
            roles={id: base64.b64decode(permissions) for id, permissions in said["roles"].items()},
            revoked=frozenset(said["revoked"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownForm("a snapshot cannot be read") from error


def encoded_keys(public_keys: Mapping[str, bytes]) -> bytes:
    """Return public signing keys as they are stored; the same keys give the same bytes."""
    return json.dumps({id: base64.b64encode(key).decode() for id, key in sorted(public_keys.items())}).encode()


def decoded_keys(body: bytes) -> Mapping[str, bytes]:
    """Return the keys of what `encoded_keys` made."""
    return {id: base64.b64decode(key) for id, key in json.loads(body).items()}
