"""`tidings doctor --compat`: every row passes here, and the one that another deployment gets wrong fails."""

import json
import subprocess
import sys
from typing import Any

import grpc
import pytest

from cli.compatibility import caches, topics
from cli.compatibility.deployment import Addresses, Deployment
from cli.compatibility.run import CHECKS, run
from tests.e2e.compatibility.stand_in import Wrongly
from tests.e2e.service import ROOT, Service
from tests.e2e.tenant import Tenant
from tests.patience import patient
from tests.ports import free_port


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", "doctor", "--compat", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=patient(200), check=False)


def test_every_row_passes_here_and_nothing_is_left(service: Service) -> None:
    with Tenant(service) as tenant:
        key = tenant.key
        done = doctor("--endpoint", service.url, "--api-key", key, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        assert len(rows) == len(CHECKS)
        assert {row["outcome"] for row in rows if row["point"] not in UNTRIED} == {"ok"}
        assert all(row["text"] for row in rows if row["point"] in UNTRIED)
        assert tenant.http.get("/v1/caches").json()["caches"] == []
        assert len(tenant.http.get("/v1/api-keys").json()["api_keys"]) == 1


UNTRIED = {check.point for check in CHECKS if check.run is None}


def test_a_wrong_status_fails_its_rows_and_no_other(service: Service) -> None:
    wrong = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)
    with Tenant(service) as tenant, Wrongly(service.port, *wrong) as stand_in:
        deployment = Deployment(f"http://127.0.0.1:{stand_in.port}", tenant.key)
        tried = {caches.CHECKS: {"cache exists", "a list is"}, topics.CHECKS: {"numbers begin", "a deleted cache"}}
        checks = [each for all_ in tried for each in all_ if any(word in each.promise for word in tried[all_])]
        checks += [each for each in caches.CHECKS if "NOT_FOUND" in each.promise]
        try:
            rows = {row.promise: row for row in run(deployment, checks)}
        finally:
            deployment.close()
    outcomes = {promise: row.outcome for promise, row in rows.items()}
    assert outcomes == {
        "ALREADY_EXISTS: the cache exists": "ok",
        "a list is whole and says the limits": "ok",
        "numbers begin at 1 and grow by one, the same for all, without a discontinuity": "ok",
        "a deleted cache ends its subscriptions with NOT_FOUND": "failed",
        "NOT_FOUND: no such cache": "failed",
    }
    assert "NOT_FOUND is right, INVALID_ARGUMENT" in rows["NOT_FOUND: no such cache"].text


def test_where_nobody_answers_it_says_so(service: Service) -> None:
    done = doctor("--endpoint", f"http://127.0.0.1:{free_port()}", "--api-key", "x")
    assert done.returncode == 1
    assert "no cache can be made" in done.stderr
    refused = doctor("--endpoint", service.url, "--api-key", "no key")
    assert (refused.returncode, "UNAUTHENTICATED" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("endpoint", "cache", "http"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://tidings.example", "tidings.example:443", "https://tidings.example:443"),
        ("cell-1.example.com", "cache.cell-1.example.com:443", "https://api.cache.cell-1.example.com:443"),
    ],
)
def test_an_endpoint_is_a_url_or_a_name_that_sdks_put_others_before(endpoint: str, cache: str, http: str) -> None:
    addresses = Addresses.of(endpoint)
    assert (addresses.cache, addresses.http) == (cache, http)
