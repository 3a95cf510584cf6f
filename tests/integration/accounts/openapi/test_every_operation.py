"""Schemathesis over the whole OpenAPI document: no fault, and no answer that the document does not tell of.

Each kind of caller sends what an operation takes and what it does not, with the ids of things that are there and with
others. No operation is left out: where one has ended the caller's log-in or account, there is another one for the next.
"""

import asyncio
import os
from collections.abc import Generator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from accounts.component import Accounts, AccountsSettings
from accounts.fleet import Fleet
from accounts.rest.rate_limits import RestLimits
from backplane.memory import MemoryDirectory, MemoryRegistry
from tests.integration.accounts.installation import CHEAP, Installation
from tests.integration.accounts.openapi import callers
from tests.integration.accounts.openapi.callers import BASE_URL, Caller, Make, Service

# Its types are known in part only, and strict checking wants the whole.
schemathesis: Any = import_module("schemathesis")
checks: Any = import_module("schemathesis.specs.openapi.checks")

Operation = Any

TIMES = int(os.environ.get("TIDINGS_SCHEMATHESIS", "1"))
"""How many times as many examples as in CI."""

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Generator[Service]:
    limits = RestLimits(per_caller=10**9, per_address=10**9)
    known = AccountsSettings(tmp_path, "tidings.test", database_url=database_url, hasher=CHEAP, rest_limits=limits)
    directory, fleet = MemoryDirectory(), Fleet(registry=MemoryRegistry(lease_seconds=3600.0))
    with asyncio.Runner() as runner:
        accounts = Accounts(known, directory, fleet=fleet)
        runner.run(accounts.start())
        yield Service(Installation(accounts, directory, fleet=fleet), runner)
        runner.run(accounts.close())


def operations(service: Service) -> list[Operation]:
    """Return all operations, those that take something away last."""
    document = service.here.accounts.app.openapi()
    config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})  # callers have theirs
    found = [each.ok() for each in schemathesis.openapi.from_dict(document, config=config).get_all_operations()]
    assert len(found) == sum(map(len, document["paths"].values()))
    return sorted(found, key=lambda each: each.method.upper() == "DELETE")


def can_be_wrong(operation: Operation) -> bool:
    """Return whether it takes more than any texts in its path. Of others nothing wrong is found, in 400 tries."""
    raw = operation.definition.raw
    given_names = ({**each, "schema": {**each["schema"], "title": ""}} for each in raw.get("parameters", []))
    text = {"in": "path", "required": True, "schema": {"type": "string", "title": ""}}
    return "requestBody" in raw or not all(each == {**text, "name": each["name"]} for each in given_names)


BOTH = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
VALID = (GenerationMode.POSITIVE,)


@pytest.mark.parametrize(
    ("make", "modes", "examples"),
    [(callers.owner, BOTH, 3), (callers.viewer, VALID, 1), (callers.operator, BOTH, 3), (callers.nobody, VALID, 1)],
    ids=["owner", "viewer", "operator", "nobody"],
)
def test_no_operation_answers_what_it_does_not_document(
    service: Service, database_url: str, make: Make, modes: Sequence[GenerationMode], examples: int
) -> None:
    if database_url.startswith("sqlite"):
        modes = VALID  # what is wrong reaches a database rarely; Postgres takes less of it
    caller, found = service.run(make(service)), list[str]()
    for operation in operations(service):
        if make is callers.operator and "operators" not in (operation.tags or ()):
            continue  # an operator's token is none of an account; the isolation matrix has that
        caller = caller if service.holds(caller) else service.run(make(service))
        for mode in modes if can_be_wrong(operation) else VALID:
            try:
                _go_through(service, caller, operation, mode, examples * TIMES)
            except FailureGroup as failures:
                found.append(str(failures.exceptions))
    assert not found, "\n\n".join(found)


def _go_through(service: Service, caller: Caller, operation: Operation, mode: GenerationMode, examples: int) -> None:
    """Send what hypothesis finds, with the ids of things that are there where the path has only such names."""
    names = {each.name for each in operation.path_parameters}
    known = {name: caller.ids[name] for name in names if name in caller.ids}
    given_ids = known if mode is GenerationMode.POSITIVE and len(known) == len(names) else None

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=TIMES == 1,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(operation.as_strategy(generation_mode=mode, path_parameters=given_ids or None))
    def send(case: Any) -> None:
        request = callers.prepared(case.as_transport_kwargs(base_url=BASE_URL, headers=dict(caller.headers)))
        case.validate_response(service.send(request), checks=CHECKS)

    send()
