"""A publish through two routers and a node on machines of their own is one trace, in a collector's own words."""

import pytest

from api.sampling import Sampling
from api.tracing import Spans
from cli.tracing.otlp import OtlpSpans
from tests.integration.core.fleet import running
from tests.otlp_collector import Collector
from tests.unit.credentials import token

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ABOVE = "00f067aa0ba902b7"
PAYLOAD = "nobody else may read this"


def traceparent(flags: str) -> tuple[bytes, bytes]:
    return (b"traceparent", f"00-{TRACE}-{ABOVE}-{flags}".encode())


async def test_a_publish_is_one_trace_from_router_to_node_to_each_router_that_delivers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[OtlpSpans] = []

    def spans(tier: str) -> Spans:
        made.append(OtlpSpans(tier, Sampling(0)))
        return made[-1]

    with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        async with running(routers=2, nodes=1, spans=spans) as fleet:
            here, there = fleet.gateways
            readers = [await here.subscribe(), await there.subscribe(), await there.subscribe()]
            assert (await here.publish(PAYLOAD, "topic", "", traceparent("01"))).status == 0
            assert (await here.publish("not sampled", "topic", "", traceparent("00"))).status == 0
            assert (await here.publish("by chance, which is 0")).status == 0
            for reader in readers:
                await reader.until(lambda reader=reader: len(reader.numbers) == 3)
        for each in made:
            await each.close()
    found = collector.spans
    assert {span.trace_id for span in found} == {TRACE}
    (publish,) = (span for span in found if span.name == "publish")
    (store,) = (span for span in found if span.name == "store")
    delivered = [span for span in found if span.name == "deliver"]
    assert (publish.service, publish.parent_id) == ("tidings-router", ABOVE)
    assert (store.service, store.parent_id) == ("tidings-storage", publish.id)
    assert [(span.service, span.parent_id) for span in delivered] == [("tidings-router", store.id)] * 2
    assert sorted(span.facts["tidings.subscribers"] for span in delivered) == [1, 2]
    assert publish.facts == {
        "http.request.method": "POST",
        "tidings.account": "acme",
        "tidings.cache": "acme-cache",
        "tidings.bytes": len(PAYLOAD),
    }
    everything = b"".join(collector.bodies)
    assert PAYLOAD.encode() not in everything
    assert token().encode()[:20] not in everything
