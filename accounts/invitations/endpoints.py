"""REST: invitations."""

from fastapi import APIRouter, Request, Response, status

from accounts.invitations.schemas import (
    Acceptance,
    InvitationInfo,
    InvitationPreview,
    MadeInvitation,
    NewInvitation,
)
from accounts.invitations.schemas import Invitations as InvitationList
from accounts.invitations.service import Invitations
from accounts.rest.descriptions import refusals
from accounts.rest.entrance import Entrance
from accounts.rest.guards import AnyMember, Person
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.users.schemas import ByToken, LoggedIn


def routes(invitations: Invitations, entrance: Entrance, *, sends_mails: bool) -> APIRouter:
    """Return the endpoints for invitations. Without `sends_mails`, owners pass the tokens on themselves."""
    router = APIRouter(prefix="/v1/invitations", tags=["team"], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def invite(body: NewInvitation, owner: Person) -> MadeInvitation:
        """Invite somebody to the account by e-mail. Owners alone may."""
        owner.require_owner()
        owner.require_confirmed()
        made = await invitations.invite(owner, body.email, body.role_id)
        token = None if sends_mails else made.token
        return MadeInvitation(token=token, invitation=InvitationInfo.of(made.invitation))

    @router.get("")
    async def list_invitations(member: AnyMember, paging: Paging) -> InvitationList:
        """List the invitations that wait, in the order of their e-mails."""
        page = await invitations.page(member.account_id, paging)
        listed = [InvitationInfo.of(invitation) for invitation in page.items]
        return InvitationList(invitations=listed, next_token=page.next_token)

    @router.delete("/{invitation_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def take_back(invitation_id: str, owner: Person) -> None:
        """Take an invitation back. Owners alone may."""
        owner.require_owner()
        await invitations.take_back(owner, invitation_id)

    @router.post("/preview", responses=refusals(401, 404))
    async def preview(body: ByToken, request: Request) -> InvitationPreview:
        """Tell whoever has the token what it invites to."""
        return InvitationPreview.of(await entrance.preview_invitation(request, body.token))

    @router.post("/acceptance", responses=refusals(401, 404, 409))
    async def accept(body: Acceptance, request: Request, response: Response) -> LoggedIn:
        """Accept an invitation: logged in with the e-mail that it was sent to or, as somebody new, with a password."""
        found = await entrance.accept_invitation(request, body.token, body.password)
        if found.secret:
            await entrance.let_in(request, response, found)
        return LoggedIn(account_id=found.account_id, user_id=found.user_id)

    return router
