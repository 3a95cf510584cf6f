"""More publishes at a time than there is room for are refused at once, and nobody is kept from what is not theirs."""

from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.service import Service, until

PUBLISH = "/cache_client.pubsub.Pubsub/Publish"
AT_A_TIME = 2048
UNAVAILABLE = 14


def of(caller: str) -> list[tuple[str, str]]:
    return [*GRPC, ("authorization", caller)]


def test_who_has_too_many_publishes_under_way_is_refused_alone(probe: Service) -> None:
    with Connection(probe.port) as first, Connection(probe.port) as second, Connection(probe.port) as honest:
        crowd = (first, second)
        for connection in crowd:
            connection.read(0.5)  # the settings, which say how many streams there may be
            for _ in range(AT_A_TIME // 2):
                connection.open(PUBLISH, headers=of("crowd"), end=False)
        until(lambda: refused(honest, "crowd"), what="a refusal")
        assert honest.call(PUBLISH, headers=of("crowd")).headers["grpc-message"] == "the service is busy or stopping"
        for _ in range(100):
            assert refused(honest, "crowd")
        log = (probe.data / "run" / "access.log").read_text()
        assert log.count('"grpc":"Unavailable"') < 20  # or refusing would cost as much as serving
        others = [refused(honest, f"other-{number}") for number in range(6)]
        assert not all(others)  # one of four groups is full, and one or the other of these may be in it
        assert not honest.answers[honest.open("/probe.Probe/Stream?interval=50", headers=of("crowd"))].over
        for connection in crowd:
            connection.close()
        until(lambda: not refused(honest, "crowd"), what="room again")


def refused(connection: Connection, caller: str) -> bool:
    answer = connection.call(PUBLISH, headers=of(caller))
    return answer.headers.get("grpc-status") == str(UNAVAILABLE)
