"""Who changes a thing may say which state of it they have seen; if another one changed it since, nothing happens."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Response

from accounts.rest.schemas import Output
from api.errors import PreconditionFailed

T = TypeVar("T", bound=Output)


def etag(thing: Output) -> str:
    """Return the tag of a thing's present state, as the headers `ETag` and `If-Match` have it."""
    return f'"{hashlib.sha256(thing.model_dump_json(exclude=set(thing.incidental)).encode()).hexdigest()[:32]}"'


class Tag:
    """Puts a thing's tag on the answer to a request."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def __call__(self, thing: T) -> T:
        """Return the thing, whose tag is on the answer now."""
        self._response.headers["etag"] = etag(thing)
        return thing


Tagging = Annotated[Tag, Depends(Tag)]
"""What tags the answer to a request."""


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The states that a request accepts; None for any."""

    tags: frozenset[str] | None

    def require(self, thing: Output) -> None:
        """Go on where the thing is in such a state.

        Raises:
            PreconditionFailed: it has changed.
        """
        if self.tags is not None and etag(thing) not in self.tags:
            raise PreconditionFailed("this was changed since you read it; read it again, and decide anew")


def if_match(
    given: Annotated[
        str | None, Header(alias="If-Match", max_length=4096, description="The `ETag` of the state that you have seen.")
    ] = None,
) -> IfMatch:
    """Return what a request's header asks for."""
    tags = frozenset(tag.strip() for tag in (given or "*").split(","))
    return IfMatch(None if "*" in tags else tags)


Matching = Annotated[IfMatch, Depends(if_match)]
"""What the header `If-Match` of a request asks for."""
