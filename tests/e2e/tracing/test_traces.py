"""What a running service tells a collector of traces, and that without one it does not even load what would."""

import secrets
import subprocess
import sys

import pytest

from tests.e2e.service import ROOT, Service
from tests.e2e.tenant import Tenant
from tests.otlp_collector import Collector

ABOVE = "00f067aa0ba902b7"


def new_trace() -> str:
    return secrets.token_hex(16)


def sampled(trace: str) -> dict[str, str]:
    return {"traceparent": f"00-{trace}-{ABOVE}-01"}


def test_a_rest_call_has_its_statements_below_it_and_a_publish_its_delivery() -> None:
    with Collector() as collector:
        env = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_TRACES_SAMPLER_ARG": "0",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        with Service(env=env) as service, Tenant(service) as tenant:
            cache, key = tenant.new_cache(), tenant.key
            rest, rpc, publish, post = new_trace(), new_trace(), new_trace(), new_trace()
            tenant.client(key, **sampled(rpc)).flush_cache(cache)
            request_id = tenant.http.get(f"/v1/caches/{cache}", headers=sampled(rest)).headers["x-request-id"]
            reader = tenant.owner.subscribe(cache, "t")
            tenant.client(key, **sampled(publish)).publish(cache, "t", "the payload of a publish")
            reader.item()
            over_http = {"authorization": key, "content-type": "text/plain", **sampled(post)}
            tenant.http.post(f"/topics/{cache}/t", content="x", headers=over_http).raise_for_status()
            collector.until(lambda: len(collector.of(publish)) == len(collector.of(post)) == 3)
            collector.until(
                lambda: {rest, rpc} <= {span.trace_id for span in collector.spans if span.parent_id == ABOVE}
            )
            secrets_of_it = (key, tenant.email, "the payload of a publish")
        (server,) = (span for span in collector.of(rest) if span.parent_id == ABOVE)
        statements = [span for span in collector.of(rest) if span.parent_id == server.id]
        assert (server.service, server.name) == ("tidings-embedded", "GET /v1/caches/{name}")
        assert server.facts["tidings.request_id"] == request_id
        assert server.facts["tidings.cache"] == cache
        assert str(server.facts["tidings.account"]).startswith("acc_")
        assert {span.name for span in statements} == {"BEGIN", "SELECT"}
        assert any("FROM cache" in str(span.facts["db.query.text"]) for span in statements)
        (called,) = (span for span in collector.of(rpc) if span.parent_id == ABOVE)
        assert called.name == "control_client.ScsControl/FlushCache"
        by_name = {span.name: span for span in collector.of(publish)}
        assert by_name["deliver"].parent_id == by_name["store"].id
        assert by_name["store"].parent_id == by_name["publish"].id
        assert by_name["publish"].parent_id == ABOVE
        assert {span.trace_id for span in collector.spans} == {rest, rpc, publish, post}
        sent = b"".join(collector.bodies)
        assert not [secret for secret in secrets_of_it if secret.encode() in sent]


@pytest.mark.parametrize("module", ["cli.entry", "cli.tiers.router_tier", "cli.tiers.storage_tier"])
def test_without_a_collector_nothing_of_opentelemetrys_library_is_loaded(module: str) -> None:
    program = (
        f"import sys, {module}; from cli.tracing.start import spans_of; assert spans_of('x') is None; "
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk.trace', 'opentelemetry.exporter', "
        "'structlog'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
