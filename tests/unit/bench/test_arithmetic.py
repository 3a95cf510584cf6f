"""The sums behind the figures."""

import pytest

from bench.arithmetic import percentile, ratio, split
from bench.cpu import Busy
from bench.load.stamp import StampReader, stamped
from bench.load.window import Measured, Meter, Window
from bench.measurement import Limit, limit


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_value_that_occurred(share: float, value: int):
    assert percentile(range(1, 101), share) == value


def test_nothing_has_no_percentile():
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_split_adds_up():
    assert split(7, 3) == [3, 2, 2]
    assert split(2, 3) == [1, 1, 0]


def test_a_ratio_to_nothing_says_nothing():
    assert ratio(3, 2) == 1.5
    assert ratio(3, 0) is None


def test_a_meter_takes_the_difference_over_its_window():
    counts = iter((100, 700))
    meter = Meter(Window(10.0, 12.0), lambda: next(counts))
    for now in (9.9, 10.5, 11.0, 12.5, 13.0):
        meter.tick(now)
    assert (meter.measured.seconds, meter.measured.count, meter.measured.rate) == (2.0, 600, 300.0)


def test_a_window_that_did_not_end_gives_no_figure():
    meter = Meter(Window(10.0, 12.0), lambda: 0)
    meter.tick(11.0)
    with pytest.raises(RuntimeError):
        _ = meter.measured


def test_stamps_are_found_across_chunks():
    sent = stamped(100)
    stamp = int(sent[1:21])
    text = b"noise" + sent + b"between" + sent
    for cut in range(len(text)):
        reader = StampReader()
        assert reader.find(memoryview(text[:cut])) + reader.find(memoryview(text[cut:])) == [stamp, stamp]


def test_the_bottleneck_is_named():
    idle, saturated = Measured(2.0, 0, 0.4), Measured(2.0, 0, 1.9)
    assert limit([idle, saturated], 0.99, others=0.5) is Limit.GENERATOR
    assert limit([idle, idle], 0.97, others=0.5) is Limit.OTHERS
    assert limit([idle, idle], 0.97, others=0.1) is Limit.MACHINE
    assert limit([idle, idle], 0.8, others=0.1) is Limit.SERVER


def test_cores_of_all_groups_add_up_to_the_machine():
    shares = Busy(server=3.0, machine=8.0, idle=1.0).shares(4.0, publisher=0.25, readers=0.5)
    assert shares == {"server": 0.75, "publisher": 0.25, "readers": 0.5, "others": 0.25, "idle": 0.25}
