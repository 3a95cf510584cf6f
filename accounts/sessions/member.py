"""Who calls: a person who has logged in, or a program with an API key."""

from dataclasses import dataclass

from accounts.audit import Actor
from accounts.caller import Minter
from accounts.roles.system import OPERATOR, OWNER, VIEWER
from api.errors import PermissionDenied


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection.

    Attributes:
        address: Its true network address.
        user_agent: What its program calls itself.
    """

    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A person who has logged in, in one account; or a program with an API key, which acts as an owner would.

    Attributes:
        session_id: The log-in; empty for a program.
        must_confirm: Nobody has shown yet to read what is sent to the person's e-mail.
        operates: The person operates the installation: they are shown the way there, where it is asked for again.
        key: How the program's key bounds the tokens that it makes; None for a person.
    """

    user_id: str
    account_id: str
    role_id: str
    actor: Actor
    session_id: str = ""
    must_confirm: bool = False
    operates: bool = False
    key: Minter | None = None

    @property
    def minter(self) -> Minter:
        """Who makes the tokens that this member asks for."""
        return self.key or Minter(self.account_id)

    def require_change(self) -> None:
        """Go on where the member may change things.

        Raises:
            PermissionDenied: a viewer may only look.
        """
        if self.role_id == VIEWER:
            raise PermissionDenied("a viewer may not change anything; ask an owner or operator of the account")

    def require_owner(self) -> None:
        """Go on where the member is an owner, in person.

        Raises:
            PermissionDenied: a program, or another member.
        """
        if self.actor.kind == "key":
            raise PermissionDenied("an API key may not do this; log in as an owner")
        if self.role_id != OWNER:
            raise PermissionDenied("only an owner of the account may do this")

    def require_confirmed(self) -> None:
        """Go on where the person's e-mail is confirmed.

        Raises:
            PermissionDenied: it is not, and this installation can ask for that.
        """
        if self.must_confirm:
            raise PermissionDenied("confirm your e-mail first: POST /v1/user/confirmation sends a mail")

    def require_grant(self, role_id: str) -> None:
        """Go on where the member may make a key of this role: none above one's own, and a key none that administers.

        Raises:
            PermissionDenied: else a key that is about to expire could make itself one that never does.
        """
        self.require_change()
        self.require_confirmed()
        if self.actor.kind == "key" and role_id in {OWNER, OPERATOR}:
            raise PermissionDenied("an API key may not make keys that administer; log in on the console for that")
        if role_id == OWNER != self.role_id:
            raise PermissionDenied("only an owner may make an owner's key")
