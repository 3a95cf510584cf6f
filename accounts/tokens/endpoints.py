"""REST: disposable tokens, for back ends that make one for each browser."""

from fastapi import APIRouter, status

from accounts.permissions import rules
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.tokens.revoking import RevokedTokens
from accounts.tokens.schemas import MadeToken, NewRevocation, NewToken, RevocationInfo, Revocations
from accounts.tokens.service import Tokens
from api.tokens import pack_credential


def routes(tokens: Tokens, revoked: RevokedTokens, endpoint: str) -> APIRouter:
    """Return the endpoints for disposable tokens; `endpoint` is what they come with."""
    router = APIRouter(prefix="/v1/tokens", tags=["disposable tokens"], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def mint(body: NewToken, member: AnyMember) -> MadeToken:
        """Make a token that may do what one of its rules allows, for a short time."""
        member.require_change()
        member.require_confirmed()
        given = rules.read(body.permissions)
        token, claims = await tokens.mint(member.minter, given, body.expires_in, body.token_id)
        return MadeToken(
            token=token,
            packed=pack_credential(endpoint, token),
            endpoint=endpoint,
            token_id=claims.publisher_id,
            expires_at_epoch_seconds=claims.expires_at or 0,
        )

    @router.post("/revoke", status_code=status.HTTP_201_CREATED)
    async def revoke(body: NewRevocation, member: AnyMember) -> RevocationInfo:
        """Refuse tokens that were made before now; their subscriptions end within a second.

        Tokens with the same id that are made later hold.
        """
        member.require_change()
        return RevocationInfo.of(await revoked.revoke(member.account_id, member.actor, body.which))

    @router.get("/revocations")
    async def list_revocations(member: AnyMember, paging: Paging) -> Revocations:
        """List what was revoked, the oldest first, for as long as tokens might hold otherwise."""
        page = await revoked.page(member.account_id, paging)
        return Revocations(revocations=list(map(RevocationInfo.of, page.items)), next_token=page.next_token)

    @router.delete("/revocations/{revocation_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def take_back(revocation_id: str, member: AnyMember) -> None:
        """Take a revocation back: its tokens hold again, where they have not expired."""
        member.require_change()
        await revoked.take_back(member.account_id, member.actor, revocation_id)

    return router
