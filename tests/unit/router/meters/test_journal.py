"""What one boot has counted stays on disk until it is applied, whenever its process is killed."""

import errno
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from api.usage import DELIVERY, PUBLISH, Batch, Line, decode, digest
from router.meters.flights import Flights, pack
from router.meters.flights import under_way as under_way_in
from router.meters.folder import Folder
from router.meters.journal import RESEND_SECONDS, Journal
from router.meters.meters import Meters
from tests.unit.clock import Clock

MOST = 1 << 20


class Boot:
    """A process of router-1 that counts, and may be killed."""

    def __init__(self, parent: Path, name: str = "router-1") -> None:
        self.parent = parent
        self.clock = Clock(60_000.0)
        self.journal = Journal(Folder.make(parent, name))
        self.meters = Meters(self.journal.folder.open_window, self.clock)
        self.meter = self.meters.meter("acme", "cache", PUBLISH, "")

    def counts(self, *windows: int) -> None:
        """Count so many messages in each of some windows; the last of them stays open."""
        for messages in windows:
            self.meters.turn()
            self.meter.add(messages, 0, messages)

    def seals(self, count: int | None = None) -> None:
        for window in self.meters.ended[:count]:
            self.journal.seal(window)
        del self.meters.ended[:count]

    def killed(self) -> None:
        self.journal.folder.release()  # as the kernel does

    def adopted(self) -> Journal:
        (folder,) = Folder.adopt(self.parent)
        journal = Journal(folder)
        journal.inherit()
        return journal


def due(journal: Journal, now: float = 0.0) -> list[Batch]:
    return [decode(batch.payload) for batch in journal.due(now, MOST)]


def messages(batches: Sequence[Batch]) -> list[int]:
    return [sum(line.messages for line in batch.lines) for batch in batches]


def check_chain(journal: Journal) -> None:
    """Check that each batch holds the digest of the one before it."""
    payloads = [batch.payload for batch in journal.due(0.0, MOST)]
    for before, after in itertools.pairwise(payloads):
        assert decode(after).previous == digest(before)


@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    return Boot(tmp_path)


def test_batches_have_running_numbers_and_hold_each_other(boot: Boot) -> None:
    boot.counts(3, 5, 7)
    boot.seals()
    batches = due(boot.journal)
    assert [batch.number for batch in batches] == [1, 2]
    assert messages(batches) == [3, 5]
    check_chain(boot.journal)
    assert {(batch.router, batch.boot) for batch in batches} == {("router-1", boot.journal.folder.boot)}


@pytest.mark.parametrize("failing", ["truncate", "open", "fsync"])
def test_a_window_that_could_not_be_sealed_is_sealed_later(
    boot: Boot, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """As when the process has as many files open as it may: the next try is as good as the first."""
    boot.counts(3, 5, 7)

    def fails(*_: object, **__: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fails)
        with pytest.raises(OSError, match="Too many"):
            boot.seals(1)
    boot.seals()
    assert messages(due(boot.journal)) == [3, 5]
    check_chain(boot.journal)


def test_what_was_sent_is_sent_again_after_a_while_or_when_it_may_be_lost(boot: Boot) -> None:
    boot.counts(3, 5, 7)
    boot.seals()
    boot.journal.sent(boot.journal.due(0.0, MOST), 0.0)
    assert due(boot.journal, RESEND_SECONDS - 1) == []
    assert messages(due(boot.journal, RESEND_SECONDS)) == [3, 5]
    boot.journal.sent(boot.journal.due(RESEND_SECONDS, MOST), RESEND_SECONDS)
    boot.journal.send_again()
    assert messages(due(boot.journal, RESEND_SECONDS)) == [3, 5]


def test_what_is_applied_is_deleted_and_the_newest_with_the_next(boot: Boot) -> None:
    boot.counts(3, 5, 7)
    boot.seals()
    boot.journal.applied(2)
    assert due(boot.journal) == []
    assert boot.journal.folder.numbers() == [2, 3]
    boot.counts(9)
    boot.seals()
    assert messages(due(boot.journal)) == [7]
    assert boot.journal.folder.numbers() == [3, 4]


def test_one_send_carries_a_bounded_number_of_bytes_and_at_least_one_batch(boot: Boot) -> None:
    boot.counts(1, 1, 1, 1)
    boot.seals()
    size = len(boot.journal.due(0.0, MOST)[0].payload)
    assert len(boot.journal.due(0.0, 1)) == 1
    assert len(boot.journal.due(0.0, 2 * size + 50)) == 2


@pytest.mark.parametrize("sealed", [0, 1, 2])
def test_another_process_takes_over_all_that_a_killed_one_has_counted(boot: Boot, sealed: int) -> None:
    boot.counts(3, 5, 7)
    boot.seals(sealed)
    boot.killed()
    journal = boot.adopted()
    batches = due(journal)
    assert messages(batches) == [3, 5, 7, 0]
    assert [batch.last for batch in batches] == [False, False, False, True]
    check_chain(journal)


def test_a_batch_has_the_same_bytes_whoever_makes_it_and_however_often(boot: Boot) -> None:
    boot.counts(3, 5)
    boot.seals()
    sent = boot.journal.due(0.0, MOST)
    boot.killed()
    first = boot.adopted()
    first.folder.release()
    second = boot.adopted()
    assert second.due(0.0, MOST)[:1] == sent
    assert second.due(0.0, MOST) == first.due(0.0, MOST)


def test_the_chain_goes_on_over_batches_that_are_applied_and_gone(boot: Boot) -> None:
    boot.counts(3, 5)
    boot.seals()
    (first,) = boot.journal.due(0.0, MOST)
    boot.journal.applied(1)
    boot.killed()
    batches = {batch.number: batch for batch in due(boot.adopted())}
    assert messages([batches[2]]) == [5]
    assert batches[2].previous == digest(first.payload)


def test_a_boot_that_counted_nothing_leaves_nothing(boot: Boot) -> None:
    boot.meter.ready()
    boot.killed()
    journal = boot.adopted()
    assert journal.is_done


def test_a_boot_that_ends_says_so(boot: Boot) -> None:
    boot.counts(3, 5)
    boot.meters.turn()
    boot.seals()
    boot.journal.end()
    batches = due(boot.journal)
    assert [(batch.number, batch.last) for batch in batches] == [(1, False), (2, False), (3, True)]
    assert not boot.journal.is_done
    boot.journal.applied(3)
    assert boot.journal.is_done


def test_what_was_being_written_when_the_process_was_killed_counts_once(boot: Boot) -> None:
    flights = Flights(boot.journal.folder.open_flights)
    deliveries = [boot.meters.meter("acme", "cache", DELIVERY, f"token:{name}") for name in ("ada", "bob", "eve")]
    ada, bob, eve = map(flights.board, deliveries)
    ada.begin(pack(2, 2000, 4))
    ada.landed(2, 2000, 4)
    ada.begin(pack(3, 3000, 6))
    bob.begin(pack(1, 1, 1))
    bob.lost()
    eve.begin(pack(5, 5, 5))
    flights.leave(eve)
    boot.killed()
    journal = boot.adopted()
    journal.folder.release()
    for again in (journal, boot.adopted()):
        counted, under_way, last = due(again)
        assert counted.lines == [Line("acme", "cache", DELIVERY, "token:ada", 2, 2000, 4)]
        assert under_way.lines == [Line("acme", "cache", DELIVERY, "token:ada", 3, 3000, 6)]
        assert last.last


def test_a_write_of_more_than_a_word_holds_counts_as_much_as_it_holds() -> None:
    memory = bytearray(1024)
    flight = Flights(lambda _: memory).board(Meters.in_memory().meter("a", "c", DELIVERY, ""))
    flight.begin(pack(10**6, 10**9, 10**9))
    ((_, numbers),) = under_way_in(memory)
    assert numbers == (2**16 - 1, 2**24 - 1, 2**24 - 1)


def test_who_finds_no_slot_is_counted_when_a_write_is_done() -> None:
    def no_room(_: int) -> bytearray:
        raise OSError(28, "No space left on device")

    meters = Meters.in_memory()
    flight = Flights(no_room).board(meters.meter("a", "c", DELIVERY, ""))
    flight.begin(pack(1, 1, 1))
    flight.landed(1, 1, 1)
    assert meters.window.row(("a", "c", DELIVERY, "")).first == 1


def test_a_living_process_is_left_alone(boot: Boot) -> None:
    boot.counts(3)
    assert list(Folder.adopt(boot.parent)) == []
    other = Boot(boot.parent)
    other.counts(1)
    other.killed()
    assert [folder.boot for folder in Folder.adopt(boot.parent)] == [other.journal.folder.boot]


def test_a_window_that_a_crash_of_the_host_has_emptied_is_left_out(
    boot: Boot, caplog: pytest.LogCaptureFixture
) -> None:
    boot.counts(3, 5)
    boot.seals()
    path = boot.journal.folder.path / "window-000000000002"
    path.write_bytes(bytes(path.stat().st_size))
    boot.killed()
    assert messages(due(boot.adopted())) == [3, 0]
    assert "window 2 of boot" in caplog.text


def test_a_full_disk_is_noticed_before_anything_is_counted(boot: Boot, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, offset: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    boot.counts(3)
    with pytest.raises(OSError, match="No space left"):
        boot.meters.turn()
    boot.meter.add(1, 0, 1)
    monkeypatch.undo()
    boot.counts(5)
    boot.seals()
    assert messages(due(boot.journal)) == [4]


def test_a_smaller_window_does_where_there_is_little_room(boot: Boot, monkeypatch: pytest.MonkeyPatch) -> None:
    allocate = os.posix_fallocate

    def scarce(descriptor: int, offset: int, length: int) -> None:
        if length > 100_000:
            raise OSError(28, "No space left on device")
        allocate(descriptor, offset, length)

    monkeypatch.setattr(os, "posix_fallocate", scarce)
    boot.counts(3, 5)
    assert len(boot.meters.window.memory) == 65_536
