"""Routers and storage nodes that show each other certificates, and those who cannot."""

import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import grpc
import pytest

from api import link_pb2 as wire
from api import link_pb2_grpc
from api.blocks import Publish
from api.link_security import NAME, LinkSecurity
from api.outbox import Outbox
from router.links.connections import LinkBroken, connected
from tests.e2e import certificates
from tests.e2e.certificates import Files
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member, Tier, run
from tests.e2e.service import until
from tests.e2e.tenant import Tenant


def told(files: Files) -> dict[str, str]:
    return {
        "TIDINGS_LINK_CA_FILE": str(files.authority),
        "TIDINGS_LINK_CERT": str(files.chain),
        "TIDINGS_LINK_KEY": str(files.key),
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return certificates.issue(tmp_path_factory.mktemp("link"), NAME)


@pytest.fixture(scope="module")
def closed(files: Files) -> Generator[Fleet]:
    with Fleet(routers=1, nodes=2, of_tier={"router": told(files), "storage": told(files)}) as fleet:
        fleet.wait_for_nodes(2)
        yield fleet


@pytest.fixture(scope="module")
def tenant(closed: Fleet) -> Tenant:
    return closed.sign_up()


def refused(channel: grpc.Channel) -> grpc.StatusCode:
    """Publish as a router would, and return how that ended."""
    topic = wire.Topic(account="a", cache="c", name="t")
    publish = wire.Publish(topic=topic, value=b"\n\x01x")
    batch = wire.RouterBatch(requests=[wire.Request(id=1, publish=publish)])
    stub: Any = link_pb2_grpc.StorageStub(channel)
    with pytest.raises(grpc.RpcError) as error:
        list(stub.Connect(iter([batch]), timeout=5))
    status: Any = error.value
    return status.code()


def test_values_go_through_and_topics_move_among_those_who_know_each_other(closed: Fleet, tenant: Tenant) -> None:
    cache = tenant.new_cache()
    client = closed.client(tenant, closed.routers[0])
    topics = [f"topic-{number}" for number in range(20)]
    streams = {topic: client.subscribe(cache, topic) for topic in topics}
    for topic in topics:
        client.publish(cache, topic, "before")
    joined = closed.add("storage")
    closed.wait_for_nodes(3)
    for topic in topics:
        client.publish(cache, topic, "after")
    for topic, stream in streams.items():
        assert stream.texts(2) == ["before", "after"], topic
        stream.cancel()
    assert joined.stop() == 0
    closed.nodes.remove(joined)
    closed.wait_for_nodes(2)


def test_a_stranger_gets_no_word(closed: Fleet, tmp_path: Path) -> None:
    node = closed.nodes[0]
    with grpc.insecure_channel(node.address) as channel:
        assert refused(channel) is grpc.StatusCode.UNAVAILABLE
    other = certificates.issue(tmp_path, NAME)
    option = [("grpc.ssl_target_name_override", NAME)]
    for credentials in (
        grpc.ssl_channel_credentials(Path(closed.nodes[0].variables["TIDINGS_LINK_CA_FILE"]).read_bytes()),
        grpc.ssl_channel_credentials(
            Path(closed.nodes[0].variables["TIDINGS_LINK_CA_FILE"]).read_bytes(),
            other.key.read_bytes(),
            other.chain.read_bytes(),
        ),
    ):
        with grpc.secure_channel(node.address, credentials, option) as channel:
            assert refused(channel) is grpc.StatusCode.UNAVAILABLE


async def word_of(node: Member, security: LinkSecurity | None) -> None:
    """Link to a node as a router would; fail with what it says, and as broken when it says nothing."""
    heard: list[wire.NodeBatch] = []
    outbox = Outbox[wire.Request | Publish](1000)
    outbox.put(wire.Request(), 0)
    async with connected(node.address, security, frames=True) as connection:
        await connection.serve(outbox, lambda _: [wire.RouterBatch(link="stranger")], heard.append)
    assert heard == []
    raise LinkBroken("the node ended it")


async def test_a_strangers_link_gets_no_word(closed: Fleet, files: Files, tmp_path: Path) -> None:
    other = certificates.issue(tmp_path, NAME)
    for unknown in (None, LinkSecurity.read(files.authority, other.chain, other.key)):
        with pytest.raises(LinkBroken):
            await word_of(closed.nodes[0], unknown)
    with pytest.raises(LinkBroken, match="certificate verify failed"):
        await word_of(closed.nodes[0], LinkSecurity.read(other.authority, files.chain, files.key))


def test_a_router_without_a_certificate_reaches_no_node(closed: Fleet, tenant: Tenant) -> None:
    nothing = dict.fromkeys(told(certificates.Files(Path(), Path(), Path())), "")
    stranger = closed.start_member("router", "stranger", **nothing)
    try:
        until(lambda: stranger.is_ready, seconds=30, what="the router")
        cache = tenant.new_cache()
        with pytest.raises(grpc.RpcError) as error:
            closed.client(tenant, stranger).publish(cache, "topic", "value")
        status: Any = error.value
        assert status.code() is grpc.StatusCode.UNAVAILABLE
    finally:
        stranger.close()
        closed.routers.remove(stranger)


@pytest.mark.parametrize("tier", ["router", "storage"])
def test_what_is_missing_or_wrong_is_named(closed: Fleet, tier: Tier, files: Files, tmp_path: Path) -> None:
    of_tier = next(member for member in closed.members if member.tier == tier)
    half = {**of_tier.variables, "TIDINGS_LINK_KEY": ""}
    ended = run(tier, half)
    assert (ended.returncode, "set all three, or none" in ended.stderr) == (7, True)
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    ended = run(tier, {**of_tier.variables, "TIDINGS_LINK_CERT": str(broken)})
    assert (ended.returncode, str(broken) in ended.stderr) == (6, True)


def test_the_commands_of_the_page_make_files_that_fit(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
    commands = next(block for block in page.split("```") if "openssl req -x509" in block)
    subprocess.run(["bash", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)
    made = Files(tmp_path / "ca.pem", tmp_path / "link.pem", tmp_path / "link-key.pem")
    with Fleet(routers=1, nodes=1, of_tier={"router": told(made), "storage": told(made)}) as fleet:
        reach = fleet.sign_up()
        cache = reach.new_cache()
        client = fleet.client(reach, fleet.routers[0])
        stream = client.subscribe(cache, "topic")
        client.publish(cache, "topic", "value")
        assert stream.texts(1) == ["value"]
        stream.cancel()
