"""Requests that no SDK makes, and that must not come to more than a refusal."""

import pytest
from momento_wire_types import controlclient_pb2 as wire

from api.framing import frame
from tests.integration.accounts.installation import CONTROL, Installation, Refused
from tests.integration.accounts.minting import TOPICS, generate, generate_disposable, listed, token
from tests.unit.credentials import topic_permission


async def test_no_token_is_minted_that_is_too_long_to_be_accepted(here: Installation) -> None:
    session = token(here, (await here.tenant()).id, "session")
    many = listed(*(topic_permission(cache=f"{number}-{'x' * 240}", topic="y" * 250) for number in range(40)))
    with pytest.raises(Refused, match="3: the permissions are too long"):
        await generate(here, session, many)
    large = listed(*(topic_permission(cache=f"{number}-{'x' * 100}", topic="y" * 100) for number in range(20)))
    assert (await generate_disposable(here, session, large)).api_key


async def test_two_tokens_are_one_too_many_whichever_comes_first(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    request = frame(wire._ListCachesRequest().SerializeToString())
    for one, other in ((ada.key, bob.key), (ada.key, ada.key)):
        call = await here.send(CONTROL, "ListCaches", request, one, (b"authorization", other.encode()))
        assert call.status == 16


@pytest.mark.parametrize("credential", ["", "Bearer x", "null", "e30=", "eyJhcGlfa2V5IjogMX0=", "a.b.c", "\x7f" * 9])
async def test_what_is_no_token_mints_and_controls_nothing(here: Installation, credential: str) -> None:
    for call in (generate(here, credential, TOPICS), here.list_caches(credential)):
        with pytest.raises(Refused, match="16: "):
            await call
