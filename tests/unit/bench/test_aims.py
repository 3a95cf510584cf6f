"""What a report says of the aims."""

from bench.measurement import Measurement
from bench.report.aims import rows
from bench.report.summary import summaries
from bench.scenarios.fanout import TO_10, TO_100, TO_1000, TO_10000
from bench.scenarios.latency import TO_10 as LATENCY
from bench.systems.interface import FLEET, FLEET_GRPC_PORT, GRPC_PORT

SCENARIOS = (TO_10, TO_100, TO_1000, TO_10000, LATENCY)


def reached(*measurements: Measurement) -> dict[str, list[str]]:
    """Return what is said of each aim: its bound, and what each system reached."""
    _, *found = rows(summaries(SCENARIOS, measurements))
    return {title: said for title, *said in found}


def fanout(scenario: str, system: str, deliveries: float, per_cpu: float = 1.0) -> Measurement:
    every = dict.fromkeys((figure.key for figure in TO_10.figures), 0.0)
    return Measurement(scenario, system, {**every, "deliveries": deliveries, "per_server_cpu": per_cpu})


def test_a_rate_is_to_reach_a_share_of_a_peer():
    found = reached(
        fanout("fanout-100", "Tidings", 69.0),
        fanout("fanout-100", GRPC_PORT, 70.0),
        fanout("fanout-100", "Redis", 100.0),
    )
    assert found == {"deliveries 1→100 / Redis": ["at least 0.7", "0.69, missed", "0.70, met"]}


def test_a_latency_is_not_to_exceed_a_multiple_of_a_peer():
    ours, theirs = {"p50": 0.4, "p99": 1.6}, {"p50": 0.2, "p99": 0.5}
    found = reached(Measurement("latency-10", "Tidings", ours), Measurement("latency-10", "Redis", theirs))
    assert found["latency 1→10 at 500 messages a second, p50 / Redis"] == ["at most 2", "2.00, met", "-"]
    assert found["latency 1→10 at 500 messages a second, p99 / Redis"] == ["at most 3", "3.20, missed", "-"]


def test_a_fleet_is_compared_with_the_process_that_is_reached_by_the_same_way():
    found = reached(
        *(fanout("fanout-100", system, 1.0, per_cpu) for system, per_cpu in (("Tidings", 10.0), (FLEET, 7.0))),
        *(
            fanout("fanout-100", system, 1.0, per_cpu)
            for system, per_cpu in ((GRPC_PORT, 20.0), (FLEET_GRPC_PORT, 10.0))
        ),
    )
    assert found == {"fleet for each CPU-second, of one process: 1→100": ["at least 0.7", "0.70, met", "0.50, missed"]}


def test_growth_is_the_least_of_all_sizes_beside_the_smallest():
    sizes = (TO_10, TO_100, TO_1000, TO_10000)
    per_cpu = (10.0, 30.0, 7.0, 40.0)
    some = [fanout(each.name, "Tidings", 1e7, value) for each, value in zip(sizes, per_cpu, strict=True)]
    title = "deliveries for each CPU-second, least of 10 to 10,000 subscribers / of 10"
    assert reached(*some)[title] == ["at least 0.8", "0.70, missed", "-"]
    assert title not in reached(*some[1:])


def test_nothing_is_said_of_what_was_not_measured():
    assert reached() == {}
