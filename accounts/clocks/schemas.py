"""What goes over the REST API about test clocks."""

from typing import Annotated

from pydantic import Field

from accounts.rest.schemas import Input, Output


class ClockTurn(Input):
    now: Annotated[int, Field(strict=True, gt=0, lt=2**34, description="Epoch seconds.", examples=[1835481600])]


class ClockInfo(Output):
    now: int = Field(description="Where the clock stands, in epoch seconds; usage is counted there.")
    invoices: list[str] = Field(description="The invoices of the months that were passed.")
