"""How a test says that a call is refused."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import pytest

from tests.e2e.wire import Refusal, refusal


@dataclass
class Refused:
    """Holds the refusal once the block is left."""

    told: Refusal | None = None

    @property
    def message(self) -> str:
        assert self.told
        return self.told.message

    @property
    def err(self) -> str | None:
        assert self.told
        return self.told.err


@contextmanager
def refused(code: str) -> Generator[Refused]:
    """Insist that the call within fails with this status."""
    held = Refused()
    with pytest.raises(grpc.RpcError) as caught:
        yield held
    held.told = refusal(caught.value)
    assert held.told.code.name == code, held.told
