"""What Stripe does with meter events, as far as it is relied on: each identifier counts once."""

import json
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from tests.http_stand_in import Request, answering, response

PATH = "POST /v1/billing/meter_events HTTP/1.1"
KEY = "sk_test_stand_in"


@dataclass
class StripeStandIn:
    """Checks each request, and adds up what it takes.

    Attributes:
        answers: A status for each request in turn, and whether the event is taken; then all are taken.
        sums: Units by customer and event name.
        wrong: What was not as Stripe wants it.
    """

    url: str = ""
    answers: list[tuple[int, bool]] = field(default_factory=list[tuple[int, bool]])
    sums: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    seen: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    requests: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def answer(self, request: Request) -> bytes:
        status, body = self._answer(request.line, request.headers, dict(parse_qsl(request.body.decode())))
        return response(status, json.dumps(body).encode())

    def _answer(self, line: str, headers: dict[str, str], form: dict[str, str]) -> tuple[int, dict[str, object]]:
        self.requests += 1
        self._check(line, headers, form)
        status, taken = self.answers.pop(0) if self.answers else (200, True)
        if taken and status != 400:
            identifier = form["identifier"]
            if identifier in self.seen:
                if self.seen[identifier] != form:
                    self.wrong.append(f"{identifier} came again with other content")
                text = f"An event already exists with identifier {identifier}."
                return 400, {"error": {"type": "invalid_request_error", "message": text}}
            self.seen[identifier] = form
            key = (form["payload[stripe_customer_id]"], form["event_name"])
            self.sums[key] += int(form["payload[value]"])
        if status == 200:
            return 200, {"object": "billing.meter_event", "identifier": form["identifier"]}
        kind = "invalid_request_error" if status == 400 else "api_error"
        return status, {"error": {"type": kind, "message": "No such customer: 'cus_none'"}}

    def _check(self, line: str, headers: dict[str, str], form: dict[str, str]) -> None:
        expected = {"event_name", "payload[stripe_customer_id]", "payload[value]", "identifier", "timestamp"}
        if line != PATH or headers.get("authorization") != f"Bearer {KEY}" or set(form) != expected:
            self.wrong.append(f"{line} {headers} {form}")
        elif len(form["identifier"]) > 100 or int(form["payload[value]"]) <= 0:
            self.wrong.append(f"{form}")


@asynccontextmanager
async def stripe_stand_in() -> AsyncGenerator[StripeStandIn]:
    stand_in = StripeStandIn()
    async with answering(stand_in.answer) as stand_in.url:
        yield stand_in
