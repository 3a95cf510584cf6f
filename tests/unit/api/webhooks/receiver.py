"""A server that somebody else runs: it keeps what it gets, and answers what it is told to."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.http_stand_in import Request, answering, response


@dataclass
class Receiver:
    """What came, and what is answered: a status for each request in turn, the last one ever after."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    requests: list[Request] = field(default_factory=list[Request])
    silent: bool = False
    headers: str = ""

    def answer(self, request: Request) -> bytes | None:
        self.requests.append(request)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return None if self.silent else response(status, headers=self.headers)


@asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    receiver = Receiver()
    async with answering(receiver.answer) as origin:
        receiver.url = f"{origin}/hook?x=1"
        yield receiver
