"""What can be done with the signing keys of accounts."""

import json
import time
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database
from accounts.identifiers import new_id
from accounts.presigning import repository
from accounts.presigning.models import SigningKey
from api.errors import InvalidArgument, NotFound

MAX_TTL_MINUTES = 60 * 24 * 365


class SigningKeys:
    """Keys that an account's own programs sign with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, account_id: str, actor: Actor, ttl_minutes: int) -> tuple[str, int]:
        """Make a key; return it as a JSON Web Key, and when it expires, in epoch seconds.

        Raises:
            InvalidArgument: it would never hold, or for longer than a year.
        """
        if not 0 < ttl_minutes <= MAX_TTL_MINUTES:
            raise InvalidArgument(f"ttl_minutes must be from 1 to {MAX_TTL_MINUTES}, not {ttl_minutes}")
        key = SigningKey(id=new_id("jwk"), account_id=account_id, expires_at=int(time.time()) + ttl_minutes * 60)
        async with self._database.transaction() as session:
            repository.add(session, key)
            after = {"expires_at": key.expires_at}
            audit.record(session, actor, account_id, "signing_key.created", key.id, after=after)
        jwk = ECAlgorithm.to_jwk(generate_private_key(SECP256R1()), as_dict=True)
        return json.dumps({**jwk, "kid": key.id, "alg": "ES256", "use": "sig"}), key.expires_at

    async def list(self, account_id: str) -> Sequence[SigningKey]:
        """Return the account's keys that have not expired."""
        async with self._database.reading() as session:
            return await repository.of_account(session, account_id, int(time.time()))

    async def revoke(self, account_id: str, actor: Actor, key_id: str) -> None:
        """Forget a key.

        Raises:
            NotFound: the account has no such key.
        """
        async with self._database.transaction() as session:
            if not await repository.remove(session, account_id, key_id):
                raise NotFound(f"signing key '{key_id}' does not exist")
            audit.record(session, actor, account_id, "signing_key.revoked", key_id)
