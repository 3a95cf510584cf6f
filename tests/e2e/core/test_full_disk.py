"""The disk of a whole service is full: what needs it is refused, the rest goes on, and all of it once there is room."""

from collections.abc import Iterator

import grpc
import httpx
import pytest

from tests.e2e.logs import assert_no_secret_in_logs, lines
from tests.e2e.service import Service, until
from tests.e2e.small_disk import filled, on_a_disk_of, seen_by
from tests.e2e.tenant import PASSWORD, Served, Tenant
from tests.e2e.wire import Refusal, refusal
from tests.patience import patient

PUBLISHES = 100
MOST_WITHOUT_ROOM = 500
"""Changes of the database for which its files might have room; it has 4 MiB of them before it writes over the first."""

ROOM_SECONDS = 10.0
"""Within these everything is done again once there is room."""


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("confined")
    service = Service(data=data)
    service.under = on_a_disk_of("24m", data)
    with service as running:
        running.data = seen_by(running.pid, data)
        yield running
        assert_no_secret_in_logs(running)


def log_in(tenant: Tenant) -> httpx.Response:
    return httpx.post(
        f"{tenant.service.url}/v1/login", json={"email": tenant.email, "password": PASSWORD}, timeout=patient(20)
    )


def database(service: Served) -> str:
    """Return what is said of the database by the service, which is ready for messages all the same."""
    return httpx.get(f"{service.url}/readyz").raise_for_status().json()["dependencies"]["database"]


def published(tenant: Tenant) -> int:
    """Return how many publishes are billed."""
    rows = tenant.http.get("/v1/usage", params={"granularity": "month"}).raise_for_status().json()["usage"]
    return sum(row["operations"] for row in rows if row["meter"] == "publish")


def make_caches_until_one_is_refused(tenant: Tenant, made: list[str]) -> Refusal:
    """Return the refusal; add the names of those that were made, for which files that are there had room."""
    while len(made) < MOST_WITHOUT_ROOM:
        try:
            tenant.owner.create_cache(f"without-room-{len(made)}")
        except grpc.RpcError as error:
            return refusal(error)
        made.append(f"without-room-{len(made)}")
    raise AssertionError("nothing was refused")


def stays_read_only(tenant: Tenant, made: list[str]) -> bool:
    """Have a change refused, and return whether the database is said to be read-only when it was read after that."""
    assert make_caches_until_one_is_refused(tenant, made).code is grpc.StatusCode.UNAVAILABLE
    assert tenant.http.get("/v1/caches").is_success
    return database(tenant.service) == "read-only"


def test_what_is_answered_with_success_is_kept_although_the_disk_is_full(confined: Service) -> None:
    """Messages go through, for they need no disk; what changes the database is refused, not half done."""
    before = len(confined.errors)
    with Tenant(confined) as tenant:
        cache, key = tenant.new_cache(), tenant.key
        stream = tenant.client(key).subscribe(cache, "ticks")
        with filled(confined.data):
            for number in range(PUBLISHES):
                tenant.owner.publish(cache, "ticks", str(number))
            assert stream.texts(PUBLISHES) == [str(number) for number in range(PUBLISHES)]
            made: list[str] = []  # what the service writes meanwhile may find room, where a cache did not
            assert any(stays_read_only(tenant, made) for _ in range(5)), "also when it was read just now"
        until(lambda: log_in(tenant).is_success, seconds=ROOM_SECONDS, what="a log-in once there is room")
        assert database(confined) == "reachable"
        assert {cache, *made} == {found["name"] for found in tenant.http.get("/v1/caches").json()["caches"]}
        tenant.new_cache()
        until(lambda: published(tenant) >= PUBLISHES, seconds=ROOM_SECONDS, what="usage of when there was no room")
        assert published(tenant) == PUBLISHES
        _assert_logs_go_on(confined, tenant, before)


def _assert_logs_go_on(service: Service, tenant: Tenant, before: int) -> None:
    said = [line["message"] for line in lines(service, before)]
    assert "the database cannot be changed" in said
    assert "the database can be reached again" in said[said.index("the database cannot be changed") :]
    tenant.http.get("/v1/after-all")
    log = service.data / "run" / "access.log"
    until(lambda: '"/v1/after-all"' in log.read_text(), what="a line of the access log")
