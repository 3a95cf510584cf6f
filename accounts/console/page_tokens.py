"""Tokens that a page uses in the browser of whoever looks at it: for one cache, and for a quarter of an hour."""

import time
from dataclasses import dataclass

from accounts.console.rule_form import names_cache
from accounts.database import Database
from accounts.identifiers import new_id
from accounts.roles.system import VIEWER
from accounts.sessions.member import Member
from accounts.signing.keystore import Keystore
from accounts.token_bindings.service import TokenBindings
from api.rules import Rule
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

    def __init__(self, database: Database, bindings: TokenBindings, keystore: Keystore) -> None:
        self._database = database
        self._bindings = bindings
        self._keystore = keystore

    async def mint(
        self,
        member: Member,
        cache: str,
        topic: str = "",
        *,
        read_only: bool = False,
        rules: tuple[Rule, ...] | None = None,
    ) -> PageToken:
        """Return a token for one cache, or for one topic of it; with `rules`, for what these allow.

        Where the member is a viewer, the token only reads. It ends with the log-in.
        """
        async with self._database.transaction() as session:
            bound = await self._bindings.bind(session, member, VALID_SECONDS)
        now, id = int(time.time()), new_id("page")
        publisher_id = f"console-{id[-_PUBLISHER_CHARACTERS:]}"
        only_reads = read_only or member.role_id == VIEWER
        own = (names_cache(cache, topic=topic, reads_only=only_reads),)
        claims = Claims(
            "disposable",
            member.account_id,
            id,
            issued_at=now,
            expires_at=bound.until,
            rules=own if rules is None or only_reads else rules,
            publisher_id=publisher_id,
            ancestors=(bound.id,),
        )
        return PageToken(self._keystore.sign(claims), publisher_id, bound.until)
