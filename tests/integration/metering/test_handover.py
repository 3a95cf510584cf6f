"""What routers count is billed once: whoever dies in between, and whatever the backplane loses or repeats."""

import asyncio
import time
from pathlib import Path

import pytest

from api.names import Topic
from api.seals import Seals
from api.usage import PUBLISH
from backplane.interface import UsageBatch
from router.meters.handover import BUSY_WINDOWS, STEADY_WINDOWS, Metering
from tests.integration.accounts.counted import Boot, published
from tests.integration.metering.parts import DEADLINE_SECONDS, Installation
from tests.patience import patient


async def test_what_is_counted_is_billed_within_seconds(here: Installation) -> None:
    await here.publishes(here.router(), 0.2)
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while await here.billed() < here.published:
            await asyncio.sleep(0.05)


async def test_a_router_that_ends_hands_over_what_it_counted_last(here: Installation) -> None:
    router = here.router()
    await here.publishes(router, 0.1)
    await router.close()
    here.routers.remove(router)
    await here.settled()
    assert list(here.folder.iterdir()) == []


async def test_another_process_bills_what_a_killed_one_has_counted(here: Installation) -> None:
    for seconds in (0.05, 0.25, 0.15):
        router = here.router()
        await here.publishes(router, seconds)
        await here.killed(router)
    here.router()
    await here.settled()
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while len(list(here.folder.iterdir())) > 1:  # only the living one has a folder
            await asyncio.sleep(0.05)


async def test_two_processes_of_one_router_share_a_folder(here: Installation) -> None:
    older, newer = here.router(), here.router()
    await asyncio.gather(here.publishes(older, 0.3), here.publishes(newer, 0.3))
    await here.killed(older)
    await here.publishes(newer, 0.3)
    await here.settled()


@pytest.mark.parametrize("call", ["append", "read", "mark", "acknowledge"])
async def test_answers_that_are_lost_change_nothing(here: Installation, call: str) -> None:
    router = here.router()
    here.consume()
    here.carrier.fails[call] = 2
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while here.carrier.fails[call]:  # a machine that stands still may need one call for all that was published
            await here.publishes(router, 0.1)
    await here.settled()


async def test_a_backplane_that_comes_back_empty_is_told_again(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for consumer in here.consumers:
        await consumer.close()
    router = here.router()
    await here.publishes(router, 0.4)
    assert here.carrier._waiting
    here.carrier.emptied()
    await here.publishes(router, 0.3)
    here.carrier.emptied()
    here.consume()
    await here.publishes(router, 0.3)
    await here.settled()


async def test_a_batch_that_comes_five_times_in_any_order_counts_once(here: Installation) -> None:
    for consumer in here.consumers:
        await consumer.close()
    router = here.router()
    await here.publishes(router, 0.5)
    batches = list(here.carrier._waiting.values())
    await here.carrier.append([*batches[::-1], *batches * 3])
    here.consume()
    here.consume()
    await here.settled()
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while here.carrier._waiting:
            await asyncio.sleep(0.05)
    assert sum(consumer.repeated for consumer in here.consumers) >= 4 * len(batches)


async def test_what_cannot_be_read_holds_up_nobody_and_stays_with_its_router(
    here: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    router, odd = here.router(), b"of another version"
    await here.carrier.append(
        [UsageBatch("router-9/boot/1", odd, here.seals.seal(odd)), UsageBatch("x", b"", here.seals.seal(b""))]
    )
    await here.publishes(router, 0.3)
    await here.settled()
    assert "batch router-9/boot/1 cannot be applied, and stays with its router" in caplog.text
    assert await here.carrier.applied(["router-9/boot"]) == {}


async def test_batches_wait_on_disk_while_nobody_takes_them(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for consumer in here.consumers:
        await consumer.close()
    router = here.router()
    await here.publishes(router, 0.4)
    await here.killed(router)
    here.carrier.emptied()
    later = here.router()
    await here.publishes(later, 0.2)
    here.consume()
    await here.settled()


async def test_a_full_disk_stops_nothing_and_loses_nothing(
    here: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    router = here.router()
    await here.publishes(router, 0.3)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("router.meters.folder.os.posix_fallocate", full)
        await here.publishes(router, 0.5)
        assert "usage cannot be kept on disk" in caplog.text
    await here.settled()


async def test_a_folder_that_cannot_be_written_is_told_at_once(here: Installation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Metering(tmp_path / "file", "router-1", here.carrier)


async def test_a_busy_window_stays_open_for_longer(here: Installation) -> None:
    router = here.router()
    for number in range(600):
        router.meters.meter("acme", "cache", PUBLISH, f"token:{number}").add(1, 1, 1)
    here.published = 600
    assert router._windows(router.meters.window) == BUSY_WINDOWS
    await here.settled()


async def test_what_follows_other_traffic_may_wait_where_no_spend_cap_does(here: Installation) -> None:
    router = here.router()
    window_of = lambda: router._windows(router.meters.window)  # noqa: E731

    def publish() -> None:
        router.meters.meter("acme", "cache", PUBLISH, "key:k").add(1, 1, 1)
        here.published += 1

    publish()
    assert window_of() == 1  # it comes after a pause
    router._window_began -= 1.0
    router._turn()
    publish()
    assert window_of() == STEADY_WINDOWS
    router._has_caps = {"acme"}.__contains__
    assert window_of() == 1
    router._has_caps = {"another"}.__contains__
    router._traffic_at -= 1.0
    assert window_of() == 1
    await here.settled()


async def test_usage_that_somebody_else_wrote_is_kept_aside_and_billed_to_nobody(
    here: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    await here.publishes(here.router(), 0.2)
    await here.settled()
    line = published("acme", "cache", "key:k", *[1_000_000] * 1000)
    forged = Boot("router-1", "invented").seal(int(time.time()) // 60, [line])
    stolen = Seals([b"x" * 32], "usage").seal(forged)
    for seal in (b"", b"nonsense", stolen):
        await here.carrier.append([UsageBatch("router-1/invented/1", forged, seal)])
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while here.carrier._waiting:
            await asyncio.sleep(0.02)
    assert await here.billed() == here.published
    assert await here.carrier.applied(["router-1/invented"]) == {}
    assert here.admission.refused == 3
    kept = list((here.folder.parent / "refused-usage").iterdir())
    assert [file.read_bytes() for file in kept] == [forged]  # once, however often it came
    assert [record.levelname for record in caplog.records if "has no seal" in record.message] == ["ERROR"]


async def test_a_router_with_another_key_loses_nothing_until_it_has_the_right_one(here: Installation) -> None:
    right, here.seals = here.seals, Seals([b"x" * 32], "usage")
    mistaken = here.router()
    await here.publishes(mistaken, 0.2)
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while not here.admission.refused:
            await asyncio.sleep(0.02)
    await here.killed(mistaken)
    here.seals = right
    here.router()
    await here.settled()


async def test_a_window_is_longer_while_streams_stay_open_and_nothing_else_happens(here: Installation) -> None:
    router = here.router()
    topic = Topic("acme", "cache", "topic")
    assert router._windows(router.meters.window) == 3
    router.seats.taken(topic, "")
    assert router._windows(router.meters.window) == 1
    router.seats.begin()
    assert router._windows(router.meters.window) == 3
    router.meters.meter("acme", "cache", PUBLISH, "").add(1, 1, 1)
    assert router._windows(router.meters.window) == 1
    router.seats.left(topic, "")
