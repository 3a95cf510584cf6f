"""Who may mint which tokens, what a request for one may say, and what comes back."""

import base64
import json
import time

import jwt
import pytest
from momento_wire_types import permissionmessages_pb2 as permissions

from accounts.audit import SYSTEM
from api.tokens import pack_credential
from tests.integration.accounts.installation import Installation
from tests.integration.accounts.minting import (
    HOUR,
    SUPER_USER,
    TOPICS,
    generate,
    generate_disposable,
    listed,
    refresh,
    status,
    super_user_key,
    token,
)
from tests.unit.credentials import topic_permission

OK, INVALID, DENIED, UNAUTHENTICATED = 0, 3, 7, 16

WHO_MAY_MINT = {
    "session": (OK, OK, OK),
    "v1 super user": (DENIED, OK, OK),
    "v2 owner": (DENIED, OK, OK),
    "v2 operator": (DENIED, OK, OK),
    "v2 viewer": (DENIED, DENIED, DENIED),
    "v1 explicit": (DENIED, DENIED, DENIED),
    "disposable": (DENIED, DENIED, DENIED),
    "refresh": (UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED),
    "none": (UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED),
    "garbage": (UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED),
}
"""By the caller's token: a super user's key, a key with explicit permissions, a disposable token."""


async def callers(here: Installation) -> dict[str, str]:
    ada = await here.tenant()
    explicit = TOPICS.SerializeToString()
    roles = {
        role: (await here.accounts.keys.generate(ada.id, SYSTEM, role, "", None))[0] for role in ("operator", "viewer")
    }
    return {
        "session": token(here, ada.id, "session"),
        "v1 super user": super_user_key(here, ada.id),
        "v2 owner": ada.key,
        "v2 operator": roles["operator"],
        "v2 viewer": roles["viewer"],
        "v1 explicit": token(here, ada.id, "api_token", explicit),
        "disposable": token(here, ada.id, "disposable", explicit),
        "refresh": token(here, ada.id, "refresh", refreshes="token"),
        "none": "",
        "garbage": "not.a.token",
    }


async def test_who_may_mint_what(here: Installation) -> None:
    found = {
        who: (
            await status(generate(here, caller, SUPER_USER)),
            await status(generate(here, caller, TOPICS)),
            await status(generate_disposable(here, caller, TOPICS)),
        )
        for who, caller in (await callers(here)).items()
    }
    assert found == WHO_MAY_MINT


async def test_a_token_may_be_shown_packed_with_its_endpoint(here: Installation) -> None:
    packed = pack_credential("tidings.test", (await here.tenant()).key)
    assert (await generate(here, packed, TOPICS)).api_key
    await here.create_cache(packed, "chat")


async def test_what_a_request_for_a_token_may_not_say(here: Installation) -> None:
    session = token(here, (await here.tenant()).id, "session")
    cache = permissions.PermissionsType()
    cache.cache_permissions.role = permissions.CacheReadWrite
    cache.cache_permissions.all_caches.SetInParent()
    read_only = topic_permission(permissions.TopicReadOnly)
    named = topic_permission(cache="chat", topic="lobby")
    refused = {
        "no list": permissions.Permissions(),
        "an empty list": listed(),
        "all topics twice": listed(topic_permission(), read_only),
        "a topic twice": listed(named, topic_permission(permissions.TopicReadOnly, cache="chat", topic="lobby")),
        "all caches twice": listed(cache, cache),
    }
    assert {what: await status(generate(here, session, granted)) for what, granted in refused.items()} == dict.fromkeys(
        refused, INVALID
    )
    assert {
        what: await status(generate_disposable(here, session, granted)) for what, granted in refused.items()
    } == dict.fromkeys(refused, INVALID)
    assert await status(generate_disposable(here, session, SUPER_USER)) == INVALID
    assert await status(generate(here, session, listed(topic_permission(), named, cache))) == OK
    many = [topic_permission(topic=f"topic-{n}") for n in range(21)]
    assert await status(generate_disposable(here, session, listed(*many))) == INVALID
    assert await status(generate_disposable(here, session, listed(*many[:20]))) == OK
    assert await status(generate(here, session, listed(*many))) == OK


async def test_how_long_a_token_may_hold(here: Installation) -> None:
    session = token(here, (await here.tenant()).id, "session")
    lasting = {0: INVALID, 1: OK, 86_400: OK, 2**31 - 1: OK, 2**31: INVALID, 4_294_967_196: INVALID}
    assert {seconds: await status(generate(here, session, TOPICS, seconds)) for seconds in lasting} == lasting
    short = {0: INVALID, 1: OK, 25 * HOUR: OK, 25 * HOUR + 1: INVALID}
    assert {seconds: await status(generate_disposable(here, session, TOPICS, seconds)) for seconds in short} == short


async def test_a_token_id_is_short(here: Installation) -> None:
    session = token(here, (await here.tenant()).id, "session")
    assert await status(generate_disposable(here, session, TOPICS, token_id="x" * 64)) == OK
    assert await status(generate_disposable(here, session, TOPICS, token_id="x" * 65)) == INVALID
    assert await status(generate(here, session, TOPICS, token_id="x" * 65)) == INVALID


async def test_what_comes_back_is_raw_and_no_sdk_takes_it_for_another_kind(here: Installation) -> None:
    ada = await here.tenant()
    before = int(time.time())
    minted = await generate_disposable(here, ada.key, TOPICS, 60, "ada's phone")
    assert minted.endpoint == "tidings.test"
    assert before + 60 <= minted.valid_until <= int(time.time()) + 60
    claims = jwt.decode(minted.api_key, options={"verify_signature": False})
    assert "t" not in claims
    assert claims["pub"] == "ada's phone"
    with pytest.raises(ValueError, match=r"."):
        json.loads(base64.b64decode(minted.api_key))
    assert jwt.decode(ada.key, options={"verify_signature": False})["t"] == "g"


async def test_zero_says_that_a_key_never_expires(here: Installation) -> None:
    minted = await generate(here, (await here.tenant()).key, TOPICS, None)
    assert minted.valid_until == 0
    assert "exp" not in jwt.decode(minted.api_key, options={"verify_signature": False})


async def test_a_super_users_key_controls_and_an_explicit_one_does_not(here: Installation) -> None:
    session = token(here, (await here.tenant()).id, "session")
    await here.create_cache((await generate(here, session, SUPER_USER)).api_key, "chat")
    assert await status(here.create_cache((await generate(here, session, TOPICS)).api_key, "other")) == DENIED


async def test_a_refreshed_key_is_another_with_the_same_rights_and_time(here: Installation) -> None:
    first = await generate(here, token(here, (await here.tenant()).id, "session"), SUPER_USER, HOUR)
    second = await refresh(here, first.api_key, first.refresh_token)
    assert second.api_key != first.api_key
    assert second.endpoint == first.endpoint
    assert first.valid_until <= second.valid_until <= int(time.time()) + HOUR
    await here.create_cache(second.api_key, "chat")
    third = await refresh(here, second.api_key, second.refresh_token)
    assert third.api_key
    assert await status(refresh(here, second.api_key, first.refresh_token)) == INVALID


async def test_a_key_that_never_expires_is_refreshed_to_one_that_never_does(here: Installation) -> None:
    first = await generate(here, token(here, (await here.tenant()).id, "session"), TOPICS, None)
    assert (await refresh(here, first.api_key, first.refresh_token)).valid_until == 0


async def test_what_cannot_be_refreshed(here: Installation) -> None:
    ada = await here.tenant()
    session = token(here, ada.id, "session")
    mine = await generate(here, session, TOPICS)
    other = await generate(here, session, TOPICS)
    expired = token(here, ada.id, "api_token", TOPICS.SerializeToString(), expires_in=-1)
    assert {
        "nothing": await status(refresh(here, "", "")),
        "without its refresh token": await status(refresh(here, mine.api_key, "")),
        "with the key itself": await status(refresh(here, mine.api_key, mine.api_key)),
        "with another's refresh token": await status(refresh(here, mine.api_key, other.refresh_token)),
        "a v2 key": await status(refresh(here, ada.key, mine.refresh_token)),
        "a disposable token": await status(
            refresh(here, (await generate_disposable(here, session, TOPICS)).api_key, mine.refresh_token)
        ),
        "an expired key": await status(refresh(here, expired, mine.refresh_token)),
        "garbage": await status(refresh(here, "not.a.token", mine.refresh_token)),
    } == {
        "nothing": INVALID,
        "without its refresh token": INVALID,
        "with the key itself": INVALID,
        "with another's refresh token": INVALID,
        "a v2 key": INVALID,
        "a disposable token": INVALID,
        "an expired key": INVALID,
        "garbage": UNAUTHENTICATED,
    }


async def test_a_refresh_token_opens_nothing_else(here: Installation) -> None:
    minted = await generate(here, token(here, (await here.tenant()).id, "session"), SUPER_USER)
    assert await status(here.create_cache(minted.refresh_token, "chat")) == UNAUTHENTICATED


async def test_an_expired_token_is_refused_everywhere(here: Installation) -> None:
    expired = token(here, (await here.tenant()).id, "session", expires_in=-1)
    assert await status(here.create_cache(expired, "chat")) == UNAUTHENTICATED
    assert await status(generate(here, expired, TOPICS)) == UNAUTHENTICATED
    async with here.rest(authorization=expired) as client:
        assert (await client.get("/v1/caches")).status_code == 401
