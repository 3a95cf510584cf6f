"""A log against the plainest model of it: each reader has everything, in order, or was told exactly what it has not."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from api.items import item_frame
from router.log import MAX_EPOCHS, Log
from tests.unit.asgi import parsed

MAX_BYTES = 400

Position = tuple[int, int]
"""A page and a number."""


@dataclass
class Reader:
    """What a subscriber believes, by nothing but the messages that it got.

    A discontinuity names the item that follows or, where none is retained, the newest there was; so after one a
    subscriber may stand at either of two places. One that follows another may tell of more than is new.
    """

    cursor: int
    stands: set[Position]

    def take(self, data: bytes) -> list[Position]:
        """Return the items in `data`; each follows the one before, or a discontinuity that says so."""
        items: list[Position] = []
        for message in parsed(data):
            if message.HasField("discontinuity"):
                told = message.discontinuity
                page, new = told.new_sequence_page, told.new_topic_sequence
                stood_at_an_item = len(self.stands) == 1
                assert not stood_at_an_item or told.last_topic_sequence == min(self.stands)[1]
                assert (page, new) > min(self.stands)
                self.stands = {(page, new - 1), (page, new)}
            else:
                page, number = message.item.sequence_page, message.item.topic_sequence_number
                assert (page, number - 1) in self.stands
                self.stands = {(page, number)}
                items.append((page, number))
        return items


class LogMachine(RuleBasedStateMachine):
    """Appends, skips, changes pages, aligns, trims and reads, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.log = Log(MAX_BYTES)
        self.log.align(1, 0)
        self.at: Position = (1, 0)
        self.changes = 0
        self.items: list[Position] = []
        self.readers = [Reader(0, {self.at})]
        self.got: list[list[Position]] = [[]]

    def append(self, page: int, number: int) -> None:
        self.log.append(page, number, item_frame(number, page, b"\x0a\x01x", b""))
        self.at = (page, number)
        self.items.append(self.at)

    @rule(count=st.integers(1, 12))
    def items_come(self, count: int) -> None:
        page, number = self.at
        for offset in range(1, count + 1):
            self.append(page, number + offset)

    @rule()
    def an_item_comes_again(self) -> None:
        page, number = self.at
        if number:
            self.log.append(page, number, item_frame(number, page, b"\x0a\x01x", b""))

    @rule(skipped=st.integers(1, 5))
    def items_are_lost(self, skipped: int) -> None:
        if self.changes < MAX_EPOCHS - 2:
            self.changes += 1
            self.append(self.at[0], self.at[1] + skipped + 1)

    @rule()
    def the_page_changes(self) -> None:
        if self.changes < MAX_EPOCHS - 2:
            self.changes += 1
            self.append(self.at[0] + 1, 1)

    @rule(further=st.integers(0, 3), pages=st.integers(0, 1))
    def the_node_is_asked(self, further: int, pages: int) -> None:
        if self.changes < MAX_EPOCHS - 2:
            self.changes += 1
            self.at = (self.at[0] + pages, further if pages else self.at[1] + further)
            self.log.align(*self.at)

    @rule()
    def a_reader_joins(self) -> None:
        self.readers.append(Reader(self.log.cursor(self.at[0], self.at[1] + 1), {self.at}))
        self.got.append([])

    @rule(data=st.data(), max_bytes=st.sampled_from([1, 40, 100]))
    def a_reader_takes_a_write(self, data: st.DataObject, max_bytes: int) -> None:
        which = data.draw(st.integers(0, len(self.readers) - 1))
        reader = self.readers[which]
        chunk = self.log.after(reader.cursor, max_bytes)
        if chunk is None:
            assert reader.cursor == self.log.end
        else:
            assert chunk.cursor > reader.cursor
            self.got[which] += reader.take(chunk.data)
            reader.cursor = chunk.cursor

    @rule()
    def all_read_on(self) -> None:
        for which, reader in enumerate(self.readers):
            while chunk := self.log.after(reader.cursor, 100):
                self.got[which] += reader.take(chunk.data)
                reader.cursor = chunk.cursor
            assert self.at in reader.stands

    @rule()
    def what_all_have_is_let_go(self) -> None:
        self.log.trim(min(reader.cursor for reader in self.readers))

    @invariant()
    def it_holds_no_more_than_its_bound(self) -> None:
        assert self.log.held_bytes <= MAX_BYTES or self.log.end - self.log.start == 1

    @invariant()
    def nobody_gets_an_item_twice_or_out_of_order(self) -> None:
        for got in self.got:
            assert got == sorted(set(got))
            assert set(got) <= set(self.items)


LogMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=40)
TestLog = LogMachine.TestCase
