"""Where scheduled exports go: a folder, or a bucket of whatever speaks S3."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol

from api.errors import Unavailable, Unimplemented

S3 = "s3://"
ATTEMPTS = 3


class Destination(Protocol):
    """Keeps files by name; one that is put again takes the place of the one before, whole or not at all."""

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Keep a file.

        Raises:
            Unavailable: it cannot be kept now.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def destination(to: str, s3_endpoint: str) -> Destination | None:
    """Return what a setting says: the path of a folder, `s3://BUCKET/PREFIX`, or nothing.

    Raises:
        Unimplemented: it is a bucket, and the library for that is not installed.
    """
    if not to:
        return None
    return Bucket(to, s3_endpoint) if to.startswith(S3) else Folder(Path(to))


class Folder:
    """A folder on this machine, or one that is mounted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f"<Folder {self._path}>"

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        path = self._path / name
        try:
            with _whole(path) as file:
                await _write(file, pieces)
        except OSError as reason:
            raise Unavailable(f"{path} cannot be written: {reason.strerror}") from reason

    def close(self) -> None:
        """Nothing is held."""


@contextmanager
def _whole(path: Path) -> Generator[IO[bytes]]:
    """Open a file that takes the place of the one of this name when all of it is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        Path(unfinished).chmod(0o640)
        Path(unfinished).replace(path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


class Bucket:
    """A bucket. Who may write there is found as boto3 finds it: AWS_ACCESS_KEY_ID and the like, or the machine's role.

    A large file goes up in parts, and is there when all of them are.
    """

    def __init__(self, url: str, endpoint: str) -> None:
        try:
            boto3: Any = import_module("boto3")
            config: Any = import_module("botocore.config")
        except ImportError as reason:
            raise Unimplemented("exports to S3 need a library; install it with: pip install 'tidings[s3]'") from reason
        self._bucket, _, prefix = url.removeprefix(S3).partition("/")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._errors: Any = import_module("botocore.exceptions")
        self._transfer_errors: Any = import_module("boto3.exceptions")
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
            config=config.Config(
                retries={"max_attempts": ATTEMPTS, "mode": "standard"},
                s3={"addressing_style": "path"} if endpoint else {},
                request_checksum_calculation="when_required",  # S3-compatible stores know no trailing checksums
                response_checksum_validation="when_required",
            ),
        )

    def __repr__(self) -> str:
        return f"<Bucket {self._bucket}/{self._prefix}>"

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        with tempfile.TemporaryFile() as file:
            await _write(file, pieces)
            file.seek(0)
            await asyncio.to_thread(self._upload, file, self._prefix + name)

    def _upload(self, file: Any, key: str) -> None:  # noqa: ANN401 - a file, for a library without types
        try:
            self._client.upload_fileobj(file, self._bucket, key)
        except (self._errors.BotoCoreError, self._errors.ClientError, self._transfer_errors.Boto3Error) as reason:
            raise Unavailable(f"the bucket '{self._bucket}' did not take '{key}': {reason}"[:255]) from reason

    def close(self) -> None:
        self._client.close()


async def _write(file: Any, pieces: AsyncIterator[bytes]) -> None:  # noqa: ANN401 - whichever file
    async for piece in pieces:
        await asyncio.to_thread(file.write, piece)
