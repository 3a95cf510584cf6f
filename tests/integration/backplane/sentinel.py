"""A Sentinel from the wheel, which watches a server under the name `main`."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import guarded
from tests.e2e.service import until
from tests.redis_server import EXECUTABLE, RedisServer


@contextmanager
def sentinel(watched: RedisServer, password: str = "", options: Sequence[str] = ()) -> Generator[RedisServer]:
    """Run one, with more lines of its configuration, and return what asks it; it alone decides when to replace."""
    with TemporaryDirectory(prefix="sentinel-") as name:
        folder = Path(name)
        asked = RedisServer(folder / "unused", password)  # never started: it is only a way to ask what is at the port
        lines = [f"port {asked.port}", "bind 127.0.0.1", f"sentinel monitor main 127.0.0.1 {watched.port} 1", *options]
        if password:
            lines.append(f"requirepass {password}")
        (folder / "sentinel.conf").write_text("\n".join(lines) + "\n")
        command = [EXECUTABLE, str(folder / "sentinel.conf"), "--sentinel"]
        with (
            (folder / "log").open("wb") as log,
            guarded.popen(command, folder=folder, stdout=log, stderr=log) as process,
        ):
            try:
                until(lambda: _answers(asked), what="a Sentinel")
                yield asked
            finally:
                process.kill()


def _answers(server: RedisServer) -> bool:
    try:
        return "PONG" in server.command("PING")
    except OSError:
        return False
