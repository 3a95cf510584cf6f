"""REST: the keys that tokens are signed with; for anybody who checks tokens, and for operators of the installation."""

from fastapi import APIRouter, Response, status

from accounts.operators.guard import ByOperator
from accounts.rest.descriptions import refusals
from accounts.rest.late_route import LateRoute
from accounts.signing.keystore import Keystore
from accounts.signing.retiring import SigningKeyLives
from accounts.signing.schemas import JsonWebKey, JsonWebKeySet, NewSigningKey, SigningKeyInfo, SigningKeys
from accounts.signing.service import TokenSigningKeys

KEEP_SECONDS = 300


def public_routes(keystore: Keystore) -> APIRouter:
    """Return the endpoint for whoever wants to check tokens."""
    router = APIRouter(prefix="/.well-known", tags=["signing keys"], route_class=LateRoute)

    @router.get("/jwks.json")
    async def jwks(response: Response) -> JsonWebKeySet:
        """Show the public keys that tokens are signed with: EdDSA, and no other algorithm.

        A new key is here ten minutes before it signs.
        """
        response.headers["cache-control"] = f"public, max-age={KEEP_SECONDS}"
        return JsonWebKeySet(keys=[JsonWebKey.of(kid, raw) for kid, raw in sorted(keystore.public_keys().items())])

    return router


def routes(keys: TokenSigningKeys, lives: SigningKeyLives) -> APIRouter:
    """Return the endpoints for operators."""
    router = APIRouter(prefix="/v1/admin/signing-keys", tags=["operators"], route_class=LateRoute)

    @router.get("")
    async def list_keys(_: ByOperator) -> SigningKeys:
        """List the keys that sign or verify tokens, and what depends on each; the oldest first."""
        return SigningKeys(signing_keys=list(map(SigningKeyInfo.of, await lives.list())))

    @router.post("/rotate", status_code=status.HTTP_201_CREATED, responses=refusals(409))
    async def rotate(operator: ByOperator, body: NewSigningKey | None = None) -> SigningKeyInfo:
        """Make a key that signs in a while. Routers and `/.well-known/jwks.json` have it at once."""
        made = await keys.rotate(operator.actor, (body or NewSigningKey()).signs_in_seconds)
        return next(SigningKeyInfo.of(life) for life in await lives.list() if life.row.kid == made.kid)

    @router.delete("/{kid}", responses=refusals(409))
    async def retire(kid: str, operator: ByOperator, *, force: bool = False) -> SigningKeyInfo:
        """Refuse whatever a key has signed, within a second, and answer how it stood.

        A key that something depends on is retired with `force` alone; the refusal's details name what would stop to
        work.
        """
        return SigningKeyInfo.of(await lives.retire(kid, operator.actor, force=force))

    return router
