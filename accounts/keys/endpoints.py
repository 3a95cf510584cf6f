"""REST: API keys."""

from fastapi import APIRouter, status

from accounts.keys.schemas import ApiKeys, KeyChange, KeyInfo, MadeApiKey, NewApiKey, RotatedApiKey, Rotation
from accounts.keys.service import Keys
from accounts.rest.etags import Matching, Tagging
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging


def routes(keys: Keys) -> APIRouter:
    """Return the endpoints for API keys."""
    router = APIRouter(prefix="/v1/api-keys", tags=["API keys"], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def generate(body: NewApiKey, member: AnyMember) -> MadeApiKey:
        """Make an API key. It is shown in this answer and never again."""
        member.require_grant(body.role_id)
        expires_at = None if body.expiry == "never" else body.expiry
        api_key, key = await keys.generate(member.account_id, member.actor, body.role_id, body.description, expires_at)
        return MadeApiKey(api_key=api_key, key_info=KeyInfo.of(key))

    @router.get("")
    async def list_keys(member: AnyMember, paging: Paging) -> ApiKeys:
        """List the keys that are neither revoked nor expired, the oldest first."""
        page = await keys.page(member.account_id, paging)
        return ApiKeys(api_keys=[KeyInfo.of(key) for key in page.items], next_token=page.next_token)

    @router.get("/{key_id}")
    async def describe(key_id: str, member: AnyMember, tag: Tagging) -> KeyInfo:
        """Describe one key."""
        return tag(KeyInfo.of(await keys.describe(member.account_id, key_id)))

    @router.patch("/{key_id}")
    async def change(key_id: str, body: KeyChange, member: AnyMember, matching: Matching, tag: Tagging) -> KeyInfo:
        """Give a key another description."""
        member.require_change()
        key = await keys.describe_anew(
            member.account_id,
            member.actor,
            key_id,
            body.description,
            lambda key: matching.require(KeyInfo.of(key)),
        )
        return tag(KeyInfo.of(key))

    @router.post("/{key_id}/rotate", status_code=status.HTTP_201_CREATED)
    async def rotate(key_id: str, body: Rotation, member: AnyMember, matching: Matching) -> RotatedApiKey:
        """Replace a key by a new one of the same role. The old one holds on for a while, and then no more."""
        member.require_grant((await keys.describe(member.account_id, key_id)).role_id)
        api_key, key, old = await keys.rotate(
            member.account_id,
            member.actor,
            key_id,
            body.replacement,
            lambda key: matching.require(KeyInfo.of(key)),
        )
        return RotatedApiKey(api_key=api_key, key_info=KeyInfo.of(key), replaced=KeyInfo.of(old))

    @router.delete("/{key_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def revoke(key_id: str, member: AnyMember, matching: Matching) -> None:
        """Revoke a key: it is refused from now on, and the subscriptions opened with it end."""
        member.require_change()
        await keys.revoke(member.account_id, member.actor, key_id, lambda key: matching.require(KeyInfo.of(key)))

    return router
