"""What Envoy's configuration says where Python reads native gRPC connections itself."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from api.grpc_asgi import Receive, Scope, Send
from cli.edge.configuration import configuration
from cli.edge.grpc import PASSED_ON_BYTES
from cli.edge.sent import STATISTICS
from cli.edge.settings import Bounds, Certificate, EdgeSettings, Times
from cli.forwarded import Forwarded, forwarded
from cli.main import main
from cli.settings import GrpcSettings, HostedSettings

SETTINGS = EdgeSettings(
    host="127.0.0.1",
    port=8080,
    run_dir=Path("/data/run/1"),
    access_log=Path("/data/run/access.log"),
    grpc_by_python=True,
)
SECURE = replace(SETTINGS, certificate=Certificate(chain=Path("/c.pem"), key=Path("/k.pem")))


def listener(settings: EdgeSettings = SETTINGS) -> dict[str, Any]:
    (only,) = configuration(settings)["static_resources"]["listeners"]
    return only


def chains(settings: EdgeSettings = SETTINGS) -> dict[str, dict[str, Any]]:
    return {chain["name"]: chain for chain in listener(settings)["filter_chains"]}


def passed_on(settings: EdgeSettings = SETTINGS) -> dict[str, Any]:
    (proxy,) = chains(settings)["grpc"]["filters"]
    return proxy["typed_config"]


def cluster(settings: EdgeSettings = SETTINGS) -> dict[str, Any]:
    (only,) = configuration(settings)["static_resources"]["clusters"]
    return only


def told(settings: EdgeSettings = SETTINGS) -> HostedSettings:
    control = settings.run_dir / "control.sock"
    app = HostedSettings(host="127.0.0.1", port=8080, control_socket=control, generation=1)
    return app.model_copy(update={"grpc": GrpcSettings.of(settings)})


def test_without_it_there_is_one_chain_and_nothing_behind_it() -> None:
    resources = configuration(replace(SETTINGS, grpc_by_python=False))["static_resources"]
    (only,) = resources["listeners"]
    assert len(only["filter_chains"]) == 1
    assert "filter_chain_matcher" not in only
    assert resources["clusters"] == []


@pytest.mark.parametrize("settings", [SETTINGS, SECURE], ids=["plaintext", "TLS"])
def test_only_who_speaks_http2_and_nothing_else_goes_to_python(settings: EdgeSettings) -> None:
    matcher = listener(settings)["filter_chain_matcher"]
    exact = matcher["matcher_tree"]["exact_match_map"]["map"]
    assert set(exact) == {"'h2c'", "'h2'", "'grpc-exp','h2'"}
    assert {action["action"]["typed_config"]["value"] for action in exact.values()} == {"grpc"}
    assert matcher["on_no_match"]["action"]["typed_config"]["value"] == "http"
    assert set(chains(settings)) == {"http", "grpc"}


def test_what_http_is_read_on_stays_as_it_is() -> None:
    (before,) = listener(replace(SECURE, grpc_by_python=False))["filter_chains"]
    assert chains(SECURE)["http"] == {**before, "name": "http"}


def test_both_chains_have_the_same_tls_and_python_hears_of_who_has_shaken_hands() -> None:
    http, grpc = chains(SECURE)["http"], chains(SECURE)["grpc"]
    assert grpc["transport_socket"] == http["transport_socket"]
    assert grpc["transport_socket_connect_timeout"] == http["transport_socket_connect_timeout"] == "15s"
    assert passed_on(SECURE)["upstream_connect_mode"] == "ON_DOWNSTREAM_TLS_HANDSHAKE"
    assert "transport_socket" not in chains()["grpc"]
    assert "upstream_connect_mode" not in passed_on()


def test_python_listens_where_envoy_passes_on_and_is_told_who_the_client_is() -> None:
    app = told()
    (endpoint,) = cluster()["load_assignment"]["endpoints"][0]["lb_endpoints"]
    assert SETTINGS.run_dir / endpoint["endpoint"]["address"]["pipe"]["path"] == app.grpc_socket
    assert cluster()["transport_socket"]["typed_config"]["config"] == {"version": "V2"}
    assert passed_on()["cluster"] == cluster()["name"]
    assert told(replace(SETTINGS, grpc_by_python=False)).grpc_socket is None


def test_python_is_told_the_times_the_trust_and_the_log_of_the_edge(tmp_path: Path) -> None:
    times = Times(stream_idle=1.5, keepalive_interval=0.5, keepalive_timeout=0.25)
    settings = replace(SETTINGS, times=times, trusted_proxies=2, access_log_all=True, grpc_port=8082)
    app = told(settings)
    read = HostedSettings.from_environment(app.write(tmp_path / "settings.json"))
    assert read.grpc == GrpcSettings(
        host=SETTINGS.host,
        port=8082,
        stalled_seconds=1.5,
        ping_seconds=0.5,
        ping_answer_seconds=0.25,
        trusted_proxies=2,
        access_log=settings.access_log,
        access_log_all=True,
    )


@pytest.mark.parametrize(
    ("proxies", "written", "client"),
    [
        (1, [b"10.0.0.1"], ("10.0.0.1", 0)),
        (1, [b"192.0.2.66, 10.0.0.1"], ("10.0.0.1", 0)),
        (2, [b"192.0.2.66", b"10.0.0.1, 10.0.0.2"], ("10.0.0.1", 0)),
        (2, [b"10.0.0.1"], ("127.0.0.1", 1)),
        (1, [], ("127.0.0.1", 1)),
    ],
)
async def test_the_address_is_the_one_that_the_outermost_trusted_proxy_saw(
    proxies: int, written: list[bytes], client: tuple[str, int]
) -> None:
    scope = {"client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", each) for each in written]}
    seen: list[tuple[str, int] | None] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["client"])

    await Forwarded(app, proxies)(scope, nothing, nowhere)
    assert seen == [client]
    assert scope["client"] == ("127.0.0.1", 1)

    def answerer(_: Scope, client: tuple[str, int] | None) -> None:
        seen.append(client)

    forwarded(answerer, proxies)(scope, ("127.0.0.1", 1))
    assert seen == [client] * 2


async def nothing() -> dict[str, Any]:
    return {}


async def nowhere(_: object) -> None: ...


def test_nothing_bounds_connections_before_the_bound_of_all() -> None:
    settings = replace(SETTINGS, bounds=Bounds(connections=70_000))
    (threshold,) = cluster(settings)["circuit_breakers"]["thresholds"]
    assert threshold["max_connections"] > 70_000
    assert threshold["max_pending_requests"] > 70_000


def test_times_are_those_of_other_connections() -> None:
    settings = replace(SETTINGS, times=Times(connection_idle=7.0))
    assert passed_on(settings)["idle_timeout"] == "7s"


@pytest.mark.parametrize(("kept", "taken"), [(32_768, PASSED_ON_BYTES), (1_048_576, 1_048_576)])
def test_more_is_taken_of_what_python_has_written_than_is_kept_for_other_connections(kept: int, taken: int) -> None:
    settings = replace(SETTINGS, bounds=Bounds(connection_buffer_bytes=kept))
    assert cluster(settings)["per_connection_buffer_limit_bytes"] == taken


def test_what_is_passed_on_is_in_the_statistics_of_what_was_sent() -> None:
    assert passed_on()["stat_prefix"] in STATISTICS
    assert "ingress_http" in STATISTICS


def test_it_is_json() -> None:
    assert json.loads(json.dumps(configuration(SECURE))) == configuration(SECURE)


def test_another_reader_is_refused() -> None:
    result = CliRunner().invoke(main, ["up"], env={"TIDINGS_GRPC_BY": "carrier pigeon"})
    assert result.exit_code == 2
    assert "edge" in result.output
    assert "python" in result.output
