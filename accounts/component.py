"""The account service, put together: what it needs is made here, and handed on by constructors."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

from pwdlib import PasswordHash

from accounts import app as application
from accounts.administration import own_account
from accounts.audit import endpoints as audit_routes
from accounts.audit.log import AuditLog
from accounts.batches.admission import Admission
from accounts.batches.retention import Retention
from accounts.billing.settings import BillingSettings
from accounts.bookkeeping import balances as balance_routes
from accounts.bookkeeping import endpoints as bookkeeping_routes
from accounts.caches import busiest_endpoints as busiest_routes
from accounts.caches import endpoints as cache_routes
from accounts.caches.busiest import BusiestTopics
from accounts.caches.service import Caches
from accounts.caller import LOCAL_ACCOUNT
from accounts.console import console
from accounts.console.page_tokens import PageTokens
from accounts.credentials import Backplane, Credentials
from accounts.database import Database, Pool, sqlite_url
from accounts.encryption import MasterKeySource
from accounts.finance import Base, Finance
from accounts.fleet import Fleet
from accounts.idempotency.service import IdempotentRequests
from accounts.jobs.service import Jobs
from accounts.ledger import Ledger
from accounts.limits import endpoints as limit_routes
from accounts.limits.service import AccountLimits
from accounts.limits.watch import Watch
from accounts.mail.service import Mails
from accounts.mail.settings import MailSettings
from accounts.operation import Operation
from accounts.people import People
from accounts.posting import Posting
from accounts.presigning.service import SigningKeys
from accounts.rest.cookies import Cookie
from accounts.rest.guards import Guards
from accounts.rest.rate_limits import RestLimits
from accounts.rpc.callers import CallerOf
from accounts.rpc.control import SERVICE as CONTROL
from accounts.rpc.control import Control
from accounts.rpc.service import Service
from accounts.self_observation.service import SelfObservation
from accounts.signing import endpoints as signing_routes
from accounts.signing.retiring import SigningKeyLives
from accounts.signing.service import TokenSigningKeys
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tenants.plans import OPEN
from accounts.usage.service import Usage
from accounts.users.passwords import Passwords
from api.account import MOST_HISTORY, History
from api.seals import Seals
from api.tasks import end
from backplane.interface import Directory
from backplane.interface import Usage as Carried


@dataclass(frozen=True, slots=True)
class AccountsSettings:
    """How the account service runs.

    Attributes:
        data_dir: Holds the database where it is SQLite, and the master key where none is given.
        endpoint: The host name given to SDKs with a token.
        local: There is a ready-made account for callers without a token.
        tls: The service is reached over TLS, so that cookies are bound to it.
        pool: Connections to a database server.
        database_url: SQLAlchemy's; empty for SQLite in the data folder.
        topics_url: Where routers serve the topics' HTTP API to browsers; empty where it is at the service's own origin.
        offers_durable: Storage nodes have a store for durable topics.
        history: What storage nodes keep of each topic at most.
        hasher: Of passwords; what pwdlib recommends where nothing else is given.
        master_key: What encrypts secrets in the database; without one, a key that is made in the data folder.
        mail: How mails go out.
        rest_limits: How many requests the REST API takes.
        billing: How usage is billed.
        retention: How long usage is kept.
        usage_seals: By which usage is known to be of a router; without them all that comes is believed.
        keys_dir: Signing keys of a version that kept them in files are taken over from it; else from `keys` in the data
            folder.
        signing_key_days: After how many days another key signs tokens; 0 for never.
    """

    data_dir: Path
    endpoint: str
    local: bool = False
    tls: bool = False
    database_url: str = ""
    pool: Pool = field(default_factory=Pool)
    keys_dir: Path | None = None
    signing_key_days: int = 90
    offers_durable: bool = False
    history: History = MOST_HISTORY
    hasher: PasswordHash | None = None
    topics_url: str = ""
    master_key: MasterKeySource = field(default_factory=MasterKeySource)
    mail: MailSettings = field(default_factory=MailSettings)
    rest_limits: RestLimits = field(default_factory=RestLimits)
    billing: BillingSettings = field(default_factory=BillingSettings)
    retention: Retention = field(default_factory=Retention)
    usage_seals: Seals | None = None


class Accounts:
    """The account service. `app` may be called from `start` to `close`."""

    def __init__(
        self,
        settings: AccountsSettings,
        directory: Directory,
        usage: Carried | None = None,
        fleet: Fleet | None = None,
    ) -> None:
        """Put the service together.

        Args:
            settings: How it runs.
            directory: Where routers read of accounts.
            usage: What was used comes by it; without it, that is counted by others.
            fleet: The rest of what there is; without it, there is nobody else.
        """
        fleet = fleet or Fleet()
        self._settings, self._directory = settings, directory
        self.database = Database(settings.database_url or sqlite_url(settings.data_dir), settings.pool)
        self.master_keys = settings.master_key.read(settings.data_dir)
        self.signing_keys = TokenSigningKeys(
            self.database, self.master_keys, directory, settings.keys_dir or settings.data_dir / "keys"
        )
        self.signing_key_lives = SigningKeyLives(self.database, self.signing_keys, settings.signing_key_days)
        self.keystore = self.signing_keys.keystore
        self.snapshots = Snapshots(self.database, directory, self.keystore.public_keys)
        self.jobs = Jobs(self.database)
        self._passwords = Passwords(settings.hasher)
        self.mails = Mails(self.database, self.master_keys, settings.data_dir / "mail", settings.mail)
        self.credentials = Credentials(
            self.database,
            self.snapshots,
            self.signing_keys,
            Backplane(directory, fleet.key_uses),
            endpoint=settings.endpoint,
            local=settings.local,
        )
        self.keys, self.roles = self.credentials.keys, self.credentials.roles
        cookie = Cookie(tls=settings.tls)
        self.people = People(self.database, self.snapshots, self.master_keys, self.mails, self._passwords, cookie)
        self.users = self.people.users
        self.usage = Usage()
        billing = replace(settings.billing, test_clocks=settings.billing.test_clocks or settings.local)
        base = Base(self.database, self.usage, self.snapshots, self.mails, self.master_keys, fleet.audience)
        self.finance = Finance(base, billing)
        self.ledger = Ledger(self.database, self.usage, self.finance, usage, settings.retention, _admission(settings))
        self.caches = Caches(
            self.database, self.snapshots, offers_durable=settings.offers_durable, history=settings.history
        )
        self.busiest = BusiestTopics(self.caches, fleet.busiest)
        self.limits = AccountLimits(self.database, self.snapshots, self.usage, fleet.quotas)
        self.operation = Operation(
            self.database, self.snapshots, directory, self.usage, fleet, self.people.bindings, self.finance
        )
        self.posting = Posting(self.database, self.master_keys, fleet.items, allow_private=billing.private_webhooks)
        self._watch = Watch(self.database, fleet.quotas, self.mails)
        self._observation = SelfObservation(fleet.system, self.ledger, self.limits, AuditLog(self.database))
        self._add_jobs()
        self._following: asyncio.Task[None] | None = None
        self.app = self._application(cookie)

    def _add_jobs(self) -> None:
        for part in (
            self.people,
            self.credentials,
            self.ledger,
            self.finance,
            self.operation,
            self._watch,
            self._observation,
            self.signing_key_lives,
        ):
            self.jobs.add(*part.jobs())

    def _application(self, cookie: Cookie) -> application.Application:
        """Return what serves requests: REST, the gRPC services and the console."""
        settings, callers = self._settings, self.credentials.callers
        audit_log = AuditLog(self.database)
        guards = Guards(self.people.sessions, callers, cookie)
        caller_of = CallerOf(callers)
        control = Control(caller_of, self._directory, self.caches, SigningKeys(self.database))
        app = application.create_app(
            [
                *self.people.routers(self.keystore),
                own_account.routes(self.people.tenants, self.users, self.operation.accounts),
                *self.credentials.routers(),
                busiest_routes.routes(self.busiest),
                cache_routes.routes(self.caches),
                *self.posting.routers(),
                *self.ledger.routers(),
                audit_routes.routes(audit_log, self.ledger.reports),
                audit_routes.operator_routes(audit_log),
                *self.finance.routers(),
                limit_routes.routes(self.limits),
                *self.operation.routers(self.jobs, self.limits, self.finance.pricing),
                bookkeeping_routes.routes(self.finance),
                balance_routes.routes(self.finance),
                signing_routes.routes(self.signing_keys, self.signing_key_lives),
                signing_routes.public_routes(self.keystore),
            ],
            [
                Service(CONTROL, control.methods()),
                self.posting.service(caller_of),
                *self.credentials.services(),
            ],
            guards,
            IdempotentRequests(self.database),
            settings.rest_limits,
        )
        services = console.Services(
            self.people,
            self.keys,
            self.caches,
            self.busiest,
            PageTokens(self.database, self.people.bindings, self.keystore),
            callers,
            self.roles,
            self.credentials.tokens,
            audit_log,
            self.ledger.reports,
            self.ledger.gaps,
            self.finance,
            self.limits,
            self.operation,
            self.jobs,
            self.posting,
        )
        console.install(app, services, guards, _place(settings))
        app.state.operators = self.operation.operators
        app.state.impersonations = self.operation.impersonations
        return app

    async def start(self) -> None:
        """Bring the database up to date, and tell the routers of every account and key."""
        await self.open()
        await self.signing_keys.ensure()
        if self._settings.local:
            async with self.database.transaction() as session:
                await tenants.add_once(session, LOCAL_ACCOUNT, "Local", OPEN)
        await self.signing_keys.refresh()
        await self.snapshots.overtake()
        await self.snapshots.publish_changed()
        await self.snapshots.fill()
        self._following = asyncio.create_task(self.snapshots.follow(self.signing_keys.refresh_changed))
        await self.jobs.start()
        await self.mails.start()
        await self.finance.start()
        await self.posting.couriers.start()
        self.ledger.start()

    async def open(self) -> None:
        """Prepare for single calls, such as those of the command line, without serving."""
        self._settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self.database.start()
        await self.finance.pricing.ship()
        if self._settings.database_url:
            await self.signing_keys.open()  # a command may be on another machine than what they are encrypted with
        else:
            await self.signing_keys.ensure()

    async def close(self) -> None:
        """Stop, and let go of the database."""
        if self._following is not None:
            await end(self._following)
        await self.posting.couriers.close()
        await self.credentials.close()
        await self.finance.close()
        await self.mails.close()
        await self.ledger.close()
        await self.jobs.close()
        await self.operation.close()
        self._passwords.close()
        await self.database.close()


def _admission(settings: AccountsSettings) -> Admission:
    return Admission(settings.usage_seals, settings.data_dir / "refused-usage")


def _place(settings: AccountsSettings) -> console.Place:
    offers_durable = settings.offers_durable
    return console.Place(settings.endpoint, settings.topics_url, tls=settings.tls, offers_durable=offers_durable)
