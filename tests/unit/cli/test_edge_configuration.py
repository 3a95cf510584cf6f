"""What the generated configuration of Envoy must hold, whatever its shape: every bound and rule of the edge."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.edge.configuration import configuration
from cli.edge.filters import DECODABLE_PATH
from cli.edge.settings import Bounds, Certificate, EdgeSettings, Times

SETTINGS = EdgeSettings(
    host="127.0.0.1",
    port=8080,
    run_dir=Path("/data/run/1"),
    access_log=Path("/data/run/access.log"),
    app="some.where:app",
)
SECURE = EdgeSettings(
    host="0.0.0.0",
    port=443,
    run_dir=Path("/run"),
    access_log=Path("/run/access.log"),
    certificate=Certificate(chain=Path("/c.pem"), key=Path("/k.pem")),
)


def listener(settings: EdgeSettings = SETTINGS) -> dict[str, Any]:
    (only,) = configuration(settings)["static_resources"]["listeners"]
    return only


def http(settings: EdgeSettings = SETTINGS) -> dict[str, Any]:
    (chain,) = listener(settings)["filter_chains"]
    (manager,) = chain["filters"]
    return manager["typed_config"]


def filters(settings: EdgeSettings = SETTINGS) -> list[dict[str, Any]]:
    return [each["typed_config"] for each in http(settings)["http_filters"]]


def kinds(settings: EdgeSettings = SETTINGS) -> list[str]:
    return [each["@type"].rpartition(".")[2] for each in filters(settings)]


def test_it_is_json() -> None:
    assert json.loads(json.dumps(configuration(SETTINGS))) == configuration(SETTINGS)


def test_a_process_has_one_listener_and_none_for_http3() -> None:
    for settings in (SETTINGS, SECURE):
        assert len(configuration(settings)["static_resources"]["listeners"]) == 1
        assert "UDP" not in json.dumps(configuration(settings))
        assert "http3" not in json.dumps(configuration(settings)).lower()


def test_generations_can_share_the_address() -> None:
    assert listener()["enable_reuse_port"] is True
    assert listener()["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 8080}


def test_windows_and_streams_are_bounded() -> None:
    options = http()["http2_protocol_options"]
    assert options["initial_stream_window_size"] == 65_536
    assert options["initial_connection_window_size"] == 1_048_576
    assert options["max_concurrent_streams"] == 2_048
    assert listener()["per_connection_buffer_limit_bytes"] == 32_768
    roomy = replace(SETTINGS, bounds=Bounds(connection_buffer_bytes=1_048_576))
    assert listener(roomy)["per_connection_buffer_limit_bytes"] == 1_048_576


def test_a_bad_message_costs_its_stream_alone() -> None:
    assert http()["http2_protocol_options"]["override_stream_error_on_invalid_http_message"] is True


def test_dead_links_are_noticed() -> None:
    assert http()["http2_protocol_options"]["connection_keepalive"] == {"interval": "20s", "timeout": "5s"}


def test_times_are_bounded_but_a_stream_may_live_for_ever() -> None:
    manager = http()
    assert manager["stream_idle_timeout"] == "45s"
    assert manager["request_timeout"] == "15s"
    assert manager["request_headers_timeout"] == "5s"
    assert manager["drain_timeout"] == "5s"
    assert listener()["listener_filters_timeout"] == "15s"
    assert "max_stream_duration" not in json.dumps(configuration(SETTINGS))
    assert "max_connection_duration" not in json.dumps(configuration(SETTINGS))


def test_a_connection_kept_by_pings_alone_outlives_ten_minutes() -> None:
    assert float(http()["common_http_protocol_options"]["idle_timeout"].rstrip("s")) > 600


def test_the_callers_word_for_its_address_is_not_taken() -> None:
    assert http()["use_remote_address"] is True
    assert http()["xff_num_trusted_hops"] == 0


def test_paths_and_headers_that_could_be_read_in_two_ways_are_not() -> None:
    manager = http()
    assert manager["normalize_path"] is True
    assert manager["merge_slashes"] is True
    assert manager["path_with_escaped_slashes_action"] == "REJECT_REQUEST"
    assert manager["common_http_protocol_options"]["headers_with_underscores_action"] == "REJECT_REQUEST"


def test_filters_stand_in_their_order() -> None:
    assert kinds() == [
        "Cors",
        "GrpcWeb",
        "ExtensionWithMatcher",
        "RBAC",
        "HealthCheck",
        "Buffer",
        "DynamicModuleFilter",
    ]


def test_the_application_has_a_lifespan_and_one_loop() -> None:
    application = filters()[-1]
    assert application["terminal_filter"] is True
    config = json.loads(application["filter_config"]["value"])
    assert config["app"] == "some.where:app"
    assert config["interface"] == "asgi"
    assert config["lifespan"] is True
    assert config["worker_threads"] == 1


def test_only_known_methods_pass() -> None:
    (permission,) = filters()[3]["rules"]["policies"]["methods"]["permissions"]
    rules = permission["not_rule"]["or_rules"]["rules"]
    assert {rule["header"]["string_match"]["exact"] for rule in rules} == {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"
    }  # fmt: skip


def test_the_path_of_nearly_every_request_is_compared_before_the_pattern_is_tried() -> None:
    (permission,) = filters()[3]["rules"]["policies"]["paths"]["permissions"]
    first, second = (rule["url_path"]["path"] for rule in permission["not_rule"]["or_rules"]["rules"])
    assert first == {"exact": "/cache_client.pubsub.Pubsub/Publish"}
    assert second == {"safe_regex": {"regex": DECODABLE_PATH}}


@given(st.binary(max_size=12), st.integers(0, 2**12 - 1))
def test_only_paths_pass_that_are_utf8_once_decoded(raw: bytes, escape: int) -> None:
    """Random bytes, each escaped or not, against Python's own decoder."""
    pieces = [
        chr(byte) if 0x21 <= byte < 0x7F and byte != ord("%") and not escape >> place & 1 else f"%{byte:02X}"
        for place, byte in enumerate(raw)
    ]
    path = "/" + "".join(pieces)
    assert bool(re.match(DECODABLE_PATH, path)) == _decodes(path)


def _decodes(path: str) -> bool:
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_body_is_bounded_above_the_message_limit() -> None:
    assert filters()[5]["max_request_bytes"] == 5 * 1024 * 1024


def test_cors_is_for_every_origin_and_without_credentials() -> None:
    (host,) = http()["route_config"]["virtual_hosts"]
    policy = host["typed_per_filter_config"]["envoy.filters.http.cors"]
    assert policy["allow_origin_string_match"] == [{"safe_regex": {"regex": ".*"}}]
    assert "allow_credentials" not in policy
    assert set(policy["allow_methods"].split(", ")) == {"POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS"}
    assert {"authorization", "x-grpc-web", "grpc-timeout", "request-id"} <= set(policy["allow_headers"].split(", "))
    assert {"grpc-status", "grpc-message", "err"} <= set(policy["expose_headers"].split(", "))
    assert host["routes"] == [{"match": {"prefix": "/"}, "non_forwarding_action": {}}]


@pytest.mark.parametrize(("status", "grpc"), [(500, "13"), (413, "8"), (429, "8"), (408, "4"), (503, "14")])
def test_envoys_own_answers_have_a_grpc_status(status: int, grpc: str) -> None:
    mappers = [each for each in http()["local_reply_config"]["mappers"] if _of(each["filter"]) == status]
    assert len(mappers) == 2
    for mapper in mappers:
        added = {each["header"]["key"]: each["header"]["value"] for each in mapper["headers_to_add"]}
        assert added["grpc-status"] == grpc
        assert added.get("err") == {413: "request_size_limit_exceeded", 429: "operations_rate_limit_exceeded"}.get(
            status
        )


def _of(found: dict[str, Any]) -> int:
    first = found["and_filter"]["filters"][0] if "and_filter" in found else found
    return int(first["status_code_filter"]["comparison"]["value"]["default_value"])


def test_connections_and_memory_are_bounded() -> None:
    overload = configuration(SETTINGS)["overload_manager"]
    connections, heap = (monitor["typed_config"] for monitor in overload["resource_monitors"])
    assert connections["max_active_downstream_connections"] == 20_000
    assert heap["max_heap_size_bytes"] == Bounds().heap_bytes
    thresholds = {each["name"]: each["triggers"][0]["threshold"]["value"] for each in overload["actions"]}
    assert thresholds["envoy.overload_actions.stop_accepting_requests"] == 0.9


def test_clients_that_come_and_go_are_borne_more_than_envoy_would() -> None:
    (layer,) = configuration(SETTINGS)["layered_runtime"]["layers"]
    assert 500 < layer["static_layer"]["overload"]["premature_reset_total_stream_count"] <= 10_000


def test_the_administration_is_a_socket_for_this_user() -> None:
    pipe = configuration(SETTINGS)["admin"]["address"]["pipe"]
    assert pipe["mode"] == 0o600


def test_the_access_log_leaves_out_the_query() -> None:
    (log,) = http()["access_log"]
    fields = log["typed_config"]["log_format"]["json_format"]
    assert log["typed_config"]["path"] == "/data/run/access.log"
    assert "%PATH(NQ)%" in fields.values()
    assert not any(":PATH" in value or "AUTHORIZATION" in value.upper() for value in fields.values())


def test_the_access_log_leaves_out_successful_publishes_unless_told_to_keep_all() -> None:
    (notable,) = http()["access_log"]
    assert len(notable["filter"]["or_filter"]["filters"]) == 4
    (everything,) = http(replace(SETTINGS, access_log_all=True))["access_log"]
    assert "filter" not in everything


def test_tls_has_both_protocols_and_no_old_version() -> None:
    (chain,) = listener(SECURE)["filter_chains"]
    tls = chain["transport_socket"]["typed_config"]["common_tls_context"]
    assert tls["alpn_protocols"] == ["h2", "http/1.1"]
    assert tls["tls_params"]["tls_minimum_protocol_version"] == "TLSv1_2"
    assert tls["tls_certificates"] == [
        {"certificate_chain": {"filename": "/c.pem"}, "private_key": {"filename": "/k.pem"}}
    ]
    assert "transport_socket" not in listener()["filter_chains"][0]


def test_what_may_differ_is_taken_from_the_settings() -> None:
    settings = EdgeSettings(
        host="::1",
        port=1,
        run_dir=Path("/r"),
        access_log=Path("/l"),
        bounds=Bounds(request_bytes=7),
        times=Times(stream_idle=1.5, keepalive_interval=0.5),
        trusted_proxies=2,
    )
    assert http(settings)["stream_idle_timeout"] == "1.5s"
    assert http(settings)["http2_protocol_options"]["connection_keepalive"]["interval"] == "0.5s"
    assert http(settings)["xff_num_trusted_hops"] == 2
    assert filters(settings)[5]["max_request_bytes"] == 7


def test_every_request_is_logged_but_publishes_that_went_well_and_most_that_were_too_many() -> None:
    (log,) = http()["access_log"]
    path, failed, flagged, some = log["filter"]["or_filter"]["filters"]
    assert path["header_filter"]["header"]["string_match"] == {"exact": "/cache_client.pubsub.Pubsub/Publish"}
    assert path["header_filter"]["header"]["invert_match"]
    assert failed["grpc_status_filter"] == {"statuses": ["OK", "UNAVAILABLE"], "exclude": True}
    assert flagged == {"response_flag_filter": {}}
    assert some["runtime_filter"]["percent_sampled"] == {"numerator": 1}
