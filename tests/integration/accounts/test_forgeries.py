"""A token of one's own, changed by hand, on every way in that reads one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

from tests.integration.accounts.installation import Installation, Tenant
from tests.integration.accounts.minting import SUPER_USER, TOPICS, generate, generate_disposable, refresh, status
from tests.unit.api.forgery import decoded, encoded


def parts(token: str) -> tuple[dict[str, object], dict[str, object], str]:
    header, payload, signature = token.split(".")
    return json.loads(decoded(header)), json.loads(decoded(payload)), signature


def joined(header: Mapping[str, object], payload: Mapping[str, object], signature: str) -> str:
    return ".".join([encoded(json.dumps(header).encode()), encoded(json.dumps(payload).encode()), signature])


def forgeries(here: Installation, ada: Tenant, bob: Tenant) -> dict[str, str]:
    header, payload, signature = parts(ada.key)
    public = next(iter(here.directory.keys().values()))
    hmac_header = joined({**header, "alg": "HS256"}, payload, "").removesuffix(".")
    return {
        "another account": joined(header, {**payload, "sub": bob.id}, signature),
        "another kind": joined(header, {**payload, "kind": "session"}, signature),
        "no expiry": joined(header, {**payload, "exp": 2**40}, signature),
        "no signature": ada.key.rpartition(".")[0] + ".",
        "alg none": joined({**header, "alg": "none"}, payload, ""),
        "the public key as a secret": hmac_header
        + "."
        + encoded(hmac.digest(public, hmac_header.encode(), hashlib.sha256)),
        "a kid that is a path": joined({**header, "kid": "../keys"}, payload, signature),
        "no kid": joined({"alg": "EdDSA"}, payload, signature),
        "a key of its own": joined({**header, "jwk": {"kty": "OKP"}, "jku": "http://127.0.0.1:1/"}, payload, signature),
        "packed twice": base64.b64encode(json.dumps({"api_key": ada.key[:-4]}).encode()).decode(),
    }


async def test_what_was_changed_by_hand_is_refused_on_every_way_in(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    mine = await generate(here, ada.key, TOPICS)
    found: dict[str, set[int]] = {}
    for name, forged in forgeries(here, ada, bob).items():
        async with here.rest(authorization=forged) as program:
            found[name] = {
                await status(here.create_cache(forged, "chat")),
                await status(here.list_caches(forged)),
                await status(generate(here, forged, SUPER_USER)),
                await status(generate_disposable(here, forged, TOPICS)),
                await status(refresh(here, forged, mine.refresh_token)),
                (await program.get("/v1/caches")).status_code,
            }
    assert found == {name: {16, 401} for name in found}
    assert await here.cache_names(ada.key) == await here.cache_names(bob.key) == []
