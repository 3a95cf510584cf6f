"""Spans of OpenTelemetry, sent in batches by OTLP over HTTP from a thread of their own."""

import asyncio
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan

from api.sampling import Sampling
from api.tracing import Facts, Headers, Kind, Span

_KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}


class OtlpSpans:
    """Makes spans of what is sampled, and hands them to a batch that never blocks the event loop.

    The library decides on nothing: asking it about each publish would cost more than the publish.
    """

    def __init__(self, tier: str, sampling: Sampling) -> None:
        self._sampling = sampling
        resource = Resource.create({"service.name": f"tidings-{tier}", "service.version": version("tidings")})
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("tidings")

    def sampled(self, headers: Headers) -> str | None:
        return self._sampling.parent(headers)

    def begin(self, name: str, parent: str, facts: Facts, kind: Kind = "internal") -> Span:
        context = _context(parent) if parent else Context()
        return _Span(self._tracer.start_span(name, context, _KINDS[kind], dict(facts)))

    async def close(self) -> None:
        await asyncio.to_thread(self._provider.shutdown)


class _Span:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"

    def tell(self, facts: Facts) -> None:
        self._span.set_attributes(dict(facts))

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def end(self, failure: str = "") -> None:
        if not self._span.is_recording():
            return
        if failure:
            self._span.set_status(Status(StatusCode.ERROR, failure))
        self._span.end()


def _context(traceparent: str) -> Context:
    _, trace_id, span_id, _ = traceparent.split("-")
    above = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(1))
    return set_span_in_context(NonRecordingSpan(above), Context())
