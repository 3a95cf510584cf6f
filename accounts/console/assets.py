"""Styles, modules and pictures. Their address holds the hash of all of them, so browsers may keep each for ever."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Response

from accounts.rest.late_route import LateRoute
from api.errors import NotFound

FOLDER = Path(__file__).parent / "static"
PREFIX = "/console/assets"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
# A picture that somebody opens by itself is a document, and may do no more than be looked at.
_PICTURE = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    type: str


class Assets:
    """All files of the folder, read once. Modules name each other by relative paths, which keep the hash."""

    def __init__(self, folder: Path = FOLDER) -> None:
        paths = sorted(path for path in folder.iterdir() if path.suffix in _TYPES)
        self._files = {path.name: _Asset(path.read_bytes(), _TYPES[path.suffix]) for path in paths}
        digest = hashlib.sha256()
        for name, asset in self._files.items():
            digest.update(name.encode() + b"\0" + asset.body)
        self._version = digest.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Return the address of a file.

        Raises:
            KeyError: there is no such file, so that a page which names one cannot be made.
        """
        if name not in self._files:
            raise KeyError(name)
        return f"{PREFIX}/{self._version}/{name}"

    def routes(self) -> APIRouter:
        """Return the endpoint that serves them."""
        router = APIRouter(prefix=PREFIX, include_in_schema=False, route_class=LateRoute)

        @router.get("/{version}/{name}")
        async def asset(version: str, name: str) -> Response:
            found = self._files.get(name) if version == self._version else None
            if found is None:
                raise NotFound("there is no such file; load the page anew")
            extra = _PICTURE if name.endswith(".svg") else {}
            return Response(found.body, media_type=found.type, headers={**_FOR_EVER, **extra})

        return router
