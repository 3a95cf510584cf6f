"""What a service of the tests has logged."""

import json
from typing import Any

from tests.e2e.service import Service
from tests.e2e.tenant import ISSUED


def lines(service: Service, after: int) -> list[dict[str, Any]]:
    """Return what it has said on standard error after so many characters; each line must be an object."""
    return [json.loads(line) for line in service.errors[after:].splitlines()]


def accesses(service: Service) -> list[dict[str, Any]]:
    """Return what Envoy has written to the access log so far; it does so once in a second."""
    return [json.loads(line) for line in _access_log(service).splitlines()]


def assert_no_secret_in_logs(service: Service) -> None:
    """Look through the logs of a whole run for every credential, e-mail and password that was issued in it."""
    logged = service.errors + _access_log(service)
    found = {secret for secret in ISSUED if secret in logged}
    assert not found, f"{len(found)} secrets of {len(ISSUED)} are in the log, such as {min(found)[:12]}…"


def _access_log(service: Service) -> str:
    path = service.data / "run" / "access.log"
    return path.read_text(errors="replace") if path.exists() else ""
