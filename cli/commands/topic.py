"""`tidings topic`: publish and subscribe from a shell, with the contract that SDKs speak."""

import json
import signal
import sys
import time
from collections.abc import Callable
from typing import BinaryIO

import click
from momento_wire_types import cachepubsub_pb2 as wire

from cli.commands.topic_client import Client, Position
from cli.commands.verbs import Verbs
from router.http.messages import as_json

PROGRESS_SECONDS = 1.0

LARGEST = 2**64 - 1
"""The largest sequence number and page that the contract has room for."""


def _connection(command: Callable[..., None]) -> Callable[..., None]:
    endpoint = click.option(
        "--endpoint",
        envvar="TIDINGS_ENDPOINT",
        default="http://127.0.0.1:8080",
        show_default=True,
        help="URL of the service, or a host name before which SDKs put `cache.`; with TLS the roots in"
        " $GRPC_DEFAULT_SSL_ROOTS_FILE_PATH are trusted, if set.",
    )
    key = click.option(
        "--key", envvar="TIDINGS_API_KEY", default="", help="API key. [default: $TIDINGS_API_KEY, or none for --local]"
    )
    return endpoint(key(command))


def _utf_8(ctx: click.Context, param: click.Parameter, name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise click.BadParameter("it is not UTF-8 text", ctx, param) from error
    return name


@click.group(cls=Verbs)
def topic() -> None:
    """Publish and subscribe from a shell.

    Exit codes: 0 done, 1 refused by the service, 2 wrong arguments, 3 nobody answers, 130 interrupted.
    """


@topic.command()
@click.argument("cache", callback=_utf_8)
@click.argument("topic_name", metavar="TOPIC", callback=_utf_8)
@click.argument("value", required=False)
@click.option("--file", type=click.File("rb"), help="Publish what is in this file; - for standard input.")
@click.option("--binary", is_flag=True, help="Publish bytes instead of text.")
@_connection
def publish(
    cache: str, topic_name: str, value: str | None, file: BinaryIO | None, endpoint: str, key: str, *, binary: bool
) -> None:
    """Publish VALUE to a topic."""
    if (value is None) == (file is None):
        raise click.UsageError("give either VALUE or --file")
    data = file.read() if file is not None else (value or "").encode("utf-8", "surrogateescape")
    try:
        content = wire._TopicValue(binary=data) if binary else wire._TopicValue(text=data.decode())
    except UnicodeDecodeError as error:
        raise click.ClickException("the value is not UTF-8 text; publish it with --binary") from error
    client = Client(endpoint, key)
    try:
        client.publish(cache, topic_name, content)
    finally:
        client.close()


class Progress:
    """A line on standard error that says how it goes."""

    def __init__(self, *, shown: bool, now: Callable[[], float] = time.monotonic) -> None:
        self._shown = shown
        self._now = now
        self._begun = self._told = now()
        self._fresh_line = "\r\x1b[K" if shown and sys.stderr.isatty() else ""
        self.items = 0
        self.discontinuities = 0

    def lost(self, reason: str) -> None:
        """Say that the connection was lost and is being made anew."""
        click.echo(f"{self._fresh_line}connection lost ({reason}); resuming", err=True)

    def tell(self, position: Position, *, last: bool = False) -> None:
        """Write the line anew, once a second at most."""
        now = self._now()
        if not self._shown or (not last and now - self._told < PROGRESS_SECONDS):
            return
        self._told = now
        rate = self.items / max(now - self._begun, 0.001)
        line = f"{self.items} items, {rate:.0f}/s, at {position.page}:{position.number}, {self.discontinuities} gaps"
        click.echo(f"{self._fresh_line}{line}", err=True, nl=last or not self._fresh_line)


@topic.command()
@click.argument("cache", callback=_utf_8)
@click.argument("topic_name", metavar="TOPIC", callback=_utf_8)
@click.option("--from", "first", type=click.IntRange(1, LARGEST), help="Begin with this sequence number.")
@click.option("--page", type=click.IntRange(0, LARGEST), default=0, help="The sequence page that --from belongs to.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many items.")
@click.option("--json", "as_objects", is_flag=True, help="Print each item and gap as a JSON object.")
@click.option(
    "--progress/--no-progress", default=None, help="Say how it goes on standard error. [default: on a terminal]"
)
@_connection
def subscribe(  # noqa: PLR0913 - one parameter for each option
    cache: str,
    topic_name: str,
    first: int | None,
    page: int,
    count: int | None,
    endpoint: str,
    key: str,
    *,
    as_objects: bool,
    progress: bool | None,
) -> None:
    """Print what is published to a topic, one item a line, until interrupted."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    client, position = Client(endpoint, key), Position()
    if first is not None:
        position = Position(first - 1, page) if page else Position(first, 0)
    told = Progress(shown=sys.stderr.isatty() if progress is None else progress)
    try:
        for message in client.subscribe(cache, topic_name, position, told.lost):
            _show(message, as_objects=as_objects)
            told.items += message.HasField("item")
            told.discontinuities += message.HasField("discontinuity")
            told.tell(position)
            if told.items == count:
                break
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        told.tell(position, last=True)
        client.close()


def _show(message: wire._SubscriptionItem, *, as_objects: bool) -> None:
    body = as_json(message)
    if body is None:
        return
    if as_objects:
        click.echo(json.dumps(body, ensure_ascii=False).encode())
    elif message.HasField("discontinuity"):
        told = message.discontinuity
        click.echo(f"gap: after {told.last_topic_sequence}, going on with {told.new_topic_sequence}", err=True)
    else:
        value = message.item.value
        click.echo(value.binary if value.WhichOneof("kind") == "binary" else value.text.encode())
