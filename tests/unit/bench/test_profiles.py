"""What a profile says of the samples and the threads that it was given."""

import os

import pytest

from bench.cpu import halves, pin
from bench.perf import parts
from bench.physical import Costs
from bench.profiles import page, top


def test_functions_are_ordered_by_the_samples_that_were_taken_in_them():
    folded = "main (a.py:1);work (b.py:10) 5\nmain (a.py:1);work (b.py:12) 3\n\nmain (a.py:2) 2"
    assert top(folded) == [("work (b.py)", 0.8), ("main (a.py)", 0.2)]


def test_a_process_without_python_has_no_functions():
    assert top("") == []


def test_a_page_names_the_busiest_thread_first_and_leaves_out_what_did_not_move():
    text = page(
        "publish-tidings", {"idle (1/2)": 0.01, "wrk:worker_0 (1/3)": 0.97}, [], [], {"rx": 5.0, "overflow": 0.0}
    )
    assert text.index("worker_0 (1/3) | 0.97") < text.index("idle (1/2)")
    assert "`rx` | 5" in text
    assert "overflow" not in text


def test_the_work_of_a_server_is_told_by_part_with_the_largest_first():
    report = """# Overhead;Command;Shared Object
    40.00%;envoy           ;libpython3.11.so.1.0
    30.50%;wrk:worker_1    ;envoy
     9.50%;wrk:worker_1    ;libc.so.6
     8.00%;envoy           ;libc.so.6
     7.00%;envoy           ;[kernel.kallsyms]
     5.00%;wrk:worker_0    ;_pyvoy.abi3.so

"""
    told = dict(parts(report))
    assert list(told) == ["Python", "Envoy", "the kernel", "pyvoy"]
    assert told == pytest.approx({"Python": 0.48, "Envoy": 0.4, "the kernel": 0.07, "pyvoy": 0.05})


def test_the_work_of_a_peer_is_its_own():
    assert parts("90%;redis-server;redis-server\n10%;redis-server;[kernel.kallsyms]") == [
        ("redis-server", 0.9),
        ("the kernel", 0.1),
    ]


def test_servers_and_generators_have_no_core_in_common():
    assert halves({3, 0, 1}) == ([0], [1, 3])
    with pytest.raises(ValueError, match="one core"):
        halves({0})


def test_a_process_is_kept_to_its_cores():
    before = os.sched_getaffinity(0)
    try:
        pin(os.getpid(), [min(before)])
        assert os.sched_getaffinity(0) == {min(before)}
    finally:
        pin(os.getpid(), list(before))


def test_the_machine_copies_and_calls_at_some_speed():
    limits = Costs.measure().limits({"megabytes": 1.0, "publishes": 1.0, "other": 1.0})
    assert set(limits) == {"megabytes", "publishes"}
    assert min(limits.values()) > 0
