"""How lists are paged, the same everywhere: `limit` and `next_token` in the query, `next_token` in the answer."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import Field

from accounts.paging import DEFAULT, MOST, PageRequest
from accounts.rest.schemas import Output

LONGEST_TOKEN = 4096


def _paging(
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many at most.")] = DEFAULT,
    next_token: Annotated[
        str | None, Query(max_length=LONGEST_TOKEN, description="Where to go on: what the page before ended with.")
    ] = None,
) -> PageRequest:
    return PageRequest(limit, next_token or None)


Paging = Annotated[PageRequest, Depends(_paging)]
"""The page that a request asks for."""


class Listing(Output):
    """Base of the answers that list things: beside them stands where the list goes on."""

    next_token: str | None = Field(description="Ask for the next page with it; null at the end.", examples=[None])
