"""Tokens that a page uses in the browser of whoever looks at it: for one cache, and for a quarter of an hour."""

import time
from dataclasses import dataclass

from momento_wire_types import permissionmessages_pb2 as wire

from accounts.identifiers import new_id
from accounts.roles.system import VIEWER
from accounts.sessions.service import Member
from accounts.signing.keystore import Keystore
from api.tokens import Claims

VALID_SECONDS = 15 * 60
_PUBLISHER_CHARACTERS = 6


@dataclass(frozen=True, slots=True)
class PageToken:
    """A token, what items published with it carry as their publisher, and until when it holds (epoch seconds)."""

    token: str
    publisher_id: str
    expires_at: int


class PageTokens:
    """Mints them."""

    def __init__(self, keystore: Keystore) -> None:
        self._keystore = keystore

    def mint(self, member: Member, cache: str, topic: str = "", *, read_only: bool = False) -> PageToken:
        """Return a token for one cache, or for one topic of it. A viewer's only reads."""
        now, id = int(time.time()), new_id("page")
        publisher_id = f"console-{id[-_PUBLISHER_CHARACTERS:]}"
        only_reads = read_only or member.role_id == VIEWER
        claims = Claims(
            "disposable",
            member.account_id,
            id,
            issued_at=now,
            expires_at=now + VALID_SECONDS,
            permissions=_permissions(cache, topic, only_reads=only_reads),
            publisher_id=publisher_id,
        )
        return PageToken(self._keystore.sign(claims), publisher_id, now + VALID_SECONDS)


def _permissions(cache: str, topic: str, *, only_reads: bool) -> bytes:
    role = wire.TopicReadOnly if only_reads else wire.TopicReadWrite
    permission = wire.PermissionsType.TopicPermissions(
        role=role, cache_selector=wire.PermissionsType.CacheSelector(cache_name=cache)
    )
    if topic:
        permission.topic_selector.CopyFrom(wire.PermissionsType.TopicSelector(topic_name=topic))
    else:
        permission.all_topics.CopyFrom(wire.PermissionsType.All())
    explicit = wire.ExplicitPermissions(permissions=[wire.PermissionsType(topic_permissions=permission)])
    return wire.Permissions(explicit=explicit).SerializeToString()
