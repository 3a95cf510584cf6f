"""A generator as a process of its own, with a pipe to the process that directs it."""

import multiprocessing
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final, Generic, Self, TypeVar

_SPAWN: Final = multiprocessing.get_context("spawn")
_END_SECONDS: Final = 5.0

T = TypeVar("T")
Spec = TypeVar("Spec")


@dataclass(frozen=True)
class Failed:
    """What a worker says when it cannot go on."""

    reason: str


class WorkerFailed(Exception):
    """A generator failed, or did not answer in time: the scenario has no result."""


class Pipe:
    """One end of the pipe between a worker and its director."""

    def __init__(self, end: "Connection[object, object]") -> None:
        self._end = end

    def fileno(self) -> int:
        """The descriptor that becomes readable when something has come."""
        return self._end.fileno()

    def send(self, message: object) -> None:
        """Say something."""
        self._end.send(message)

    def receive(self, kind: type[T], seconds: float) -> T:
        """Wait for a message of this type.

        Raises:
            WorkerFailed: something else came, or nothing.
        """
        if not self._end.poll(seconds):
            raise WorkerFailed(f"no {kind.__name__} came within {seconds} seconds")
        message = self._end.recv()
        if isinstance(message, Failed):
            raise WorkerFailed(message.reason)
        if not isinstance(message, kind):
            raise WorkerFailed(f"expected {kind.__name__}, got {message!r}")
        return message

    def waiting(self) -> bool:
        """Whether a message has come."""
        return self._end.poll(0)


class Worker(AbstractContextManager["Worker[Spec]"], Generic[Spec]):
    """A process that runs `job(spec, pipe)`.

    Args:
        job: A module-level function.
        spec: What it is to do; plain data.
    """

    def __init__(self, job: Callable[[Spec, Pipe], None], spec: Spec) -> None:
        ours, theirs = _SPAWN.Pipe()
        self.pipe = Pipe(ours)
        self._process = _SPAWN.Process(target=_run, args=(job, spec, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.join(_END_SECONDS if exception[0] is None else 0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _run(job: Callable[[Spec, Pipe], None], spec: Spec, end: "Connection[object, object]") -> None:
    pipe = Pipe(end)
    try:
        job(spec, pipe)
    except Exception:  # noqa: BLE001 -- whatever it is, the director must hear of it
        pipe.send(Failed(traceback.format_exc()))
