"""A stream whose token was signed with a key that is retired: all tiers in one process."""

from sqlalchemy import text

from accounts.audit import SYSTEM
from router.pubsub import PUBLISH, SUBSCRIBE
from tests.integration.core.test_embedded import Service, request, service
from tests.integration.core.test_log_out import authorize
from tests.unit.asgi import Connection, publish_request, subscribe_request

__all__ = ["service"]  # the fixture


async def test_its_stream_ends_and_those_of_the_next_key_and_of_no_key_go_on(service: Service) -> None:
    accounts = service.app._accounts
    old = accounts.keystore.signing_kid()
    first = service.session_token()
    await accounts.signing_keys.rotate(SYSTEM)
    async with accounts.database.transaction() as session:
        await session.execute(text("UPDATE token_signing_key SET signs_from = signs_from - 600"))
    await accounts.signing_keys.refresh()
    streams: dict[str, Connection] = {}
    for name, token in (("old", first), ("new", service.session_token()), ("none", "")):
        stream = streams[name] = request(SUBSCRIBE, subscribe_request())
        authorize(stream, token)
        service.serve(stream)
        await stream.until(lambda stream=stream: bool(stream.kinds))
    await accounts.signing_key_lives.retire(old, SYSTEM, force=True)
    await streams["old"].until(lambda: streams["old"].status is not None)
    assert streams["old"].kinds == ["heartbeat"], "it ended no sooner than by the next heartbeat"
    assert streams["old"].status == 16
    assert streams["old"].message == "the token was signed with a key that was retired"
    publish = request(PUBLISH, publish_request("cache", "topic", "hello"))
    authorize(publish, first)
    assert (await publish.through(service.app)).status == 16
    assert (await service.publish("goes on")).status == 0
    for name in ("new", "none"):
        await streams[name].until(lambda name=name: streams[name].texts == ["goes on"])
        assert streams[name].status is None
