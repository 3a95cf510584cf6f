"""The account service of a fleet, composed: the application that the edge hosts for `tidings accounts`."""

import asyncio
import logging
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from accounts.component import Accounts, AccountsSettings
from accounts.database import Pool
from accounts.fleet import Fleet
from api.account import History
from api.asgi import Guard, send_error, without_body
from api.errors import Unavailable
from api.grpc_asgi import ASGIApp, Receive, Scope, Send
from api.tasks import end
from api.traced import Traced
from api.tracing import Spans
from backplane.redis import RedisBackplane
from cli.application import Application
from cli.hosted import Hosted
from cli.housekeeping import settle
from cli.settings import HostedSettings
from cli.tiers.announcing import announce
from cli.tiers.webhook_router import WebhookRouter
from cli.tracing.start import spans_of
from cli.urls import own_url
from cli.variables.tiers import AccountsVariables
from cli.webhook_topics import RouterTopics

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

RETRY_SECONDS = 0.5

_log = logging.getLogger(__name__)


class AccountsTier:
    """The account service, which tells routers of its accounts through Redis."""

    def __init__(self, settings: HostedSettings, variables: AccountsVariables, spans: Spans | None) -> None:
        self._address = f"{settings.host}:{settings.port}"
        self._id = announced_id(settings.port)
        self._backplane = RedisBackplane(variables.redis_url, variables.redis_prefix, variables.redis_ca_file)
        backplane = self._backplane
        fleet = Fleet(
            backplane.quotas,
            backplane.registry,
            backplane.audience,
            backplane.busiest,
            backplane.key_uses,
            backplane.topics,
            witnesses=backplane.witnesses,
            system=backplane.system,
        )
        settled = accounts_settings(variables)
        self._webhook_router = WebhookRouter(backplane, variables, settled.usage_seals)
        fleet.items.answer(RouterTopics(self._webhook_router))
        self._accounts = Accounts(settled, backplane.directory, backplane.usage, fleet)
        self._spans = spans
        app = cast("ASGIApp", self._accounts.app)  # the framework's own words for the same
        self._app = Guard(app if spans is None else Traced(app, spans))
        if spans is not None:
            self._accounts.database.trace(spans)
        self._not_yet = Guard(_not_yet)
        self.hosted = Hosted(
            "accounts",
            self._request,
            settings,
            end_streams=_no_streams,
            streams=lambda: 0,
            dependencies=self._dependencies,
            collectors=self._collectors,
        )
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def compose(cls) -> "AccountsTier":
        """Put the parts together, from the environment."""
        return cls(HostedSettings.from_environment(), AccountsVariables.read(), spans_of("accounts"))

    def __repr__(self) -> str:
        return f"<AccountsTier {self.hosted!r}>"

    async def start(self) -> None:
        """Begin; the service is ready when the database and Redis could be reached."""
        await self._backplane.start()
        self._backplane.audience.answer(self._webhook_router.audience)
        self._tasks = [
            asyncio.create_task(self._begin()),
            asyncio.create_task(announce(self._backplane.registry, "accounts", self._id, self._address)),
        ]
        await self.hosted.open()

    async def close(self) -> None:
        """Stop, in the opposite order."""
        await self.hosted.close()
        await end(*self._tasks)
        await self._accounts.close()
        await self._webhook_router.close()
        await self._backplane.close()
        if self._spans is not None:
            await self._spans.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.hosted(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._not_yet if self.hosted.state == "starting" else self._app
        await app(scope, receive, without_body(send) if scope["method"] == "HEAD" else send)

    def _dependencies(self) -> dict[str, str]:
        return {"database": self._accounts.database.state, "redis": self._backplane.state}

    def _collectors(self) -> "Iterable[Collector]":
        from accounts.metrics import AccountsMetrics  # noqa: PLC0415  see `Hosted.metrics`

        return [AccountsMetrics(self._accounts)]

    async def _begin(self) -> None:
        """Start the account service as soon as it can be started."""
        told = ""
        while True:
            try:
                await self._accounts.start()
                break
            except Exception as reason:  # noqa: BLE001 - whatever it is, it may be mended without a restart
                if (text := _line(reason)) != told:
                    told = text
                    _log.warning("the account service cannot start yet, and goes on trying: %s", text)
            await asyncio.sleep(RETRY_SECONDS)
        self.hosted.state = "serving"
        settle()


def announced_id(port: int) -> str:
    """Return what this process is called among all account services; in containers they listen on one address."""
    return f"{socket.gethostname()}-{port}"


def accounts_settings(variables: AccountsVariables) -> AccountsSettings:
    """Return what the account service is told."""
    tls = variables.tls_cert is not None
    return AccountsSettings(
        data_dir=variables.data,
        endpoint=variables.endpoint,
        tls=tls or variables.is_public_over_tls,
        database_url=variables.database_url,
        pool=Pool(
            variables.database_pool_size,
            variables.database_max_overflow,
            variables.database_pool_timeout_seconds,
            variables.database_pool_recycle_seconds,
        ),
        keys_dir=variables.keys,
        signing_key_days=variables.signing_key_days,
        master_key=variables.master_key_source,
        mail=variables.mail_settings(own_url(variables.host, variables.port, tls=tls)),
        offers_durable=True,
        topics_url=variables.topics_url,
        retention=variables.retention,
        usage_seals=variables.usage_seals,
        billing=variables.billing,
        history=History(variables.history_items, variables.history_topic_bytes, variables.history_seconds),
    )


def _line(reason: Exception) -> str:
    """Return an exception as one line; a library may tell of a failed connection in several."""
    return f"{type(reason).__name__}: {str(reason).partition(chr(10))[0]}"


async def _no_streams(_seconds: float) -> None:
    """End all streams: the account service has none."""


async def _not_yet(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send_error(send, Unavailable("the account service is starting; try again"))


app = Application(AccountsTier.compose)
