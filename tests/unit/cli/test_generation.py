"""One life of a hosted process, before there is a process."""

import asyncio
import errno
from pathlib import Path

import pytest

from cli.edge.settings import EdgeSettings
from cli.refusals import StartFailed
from cli.settings import HostedSettings
from cli.supervisor.generation import Generation, Hosting, Patience


def test_a_start_that_finds_no_room_on_the_disk_has_failed_and_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = EdgeSettings(
        host="127.0.0.1", port=1, run_dir=tmp_path, access_log=tmp_path / "access.log", app="some.where:app"
    )
    app = HostedSettings(host="127.0.0.1", port=1, control_socket=tmp_path / "control.sock", generation=1)
    generation = Generation(Hosting(edge=edge, app=app, concurrency=1, patience=Patience()), 1)

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(StartFailed, match="No space left on device"):
        asyncio.run(generation.start(ready=False))
    assert not generation.alive
