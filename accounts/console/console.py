"""The pages, put together from the services that they show."""

from dataclasses import dataclass

from accounts.app import Application
from accounts.audit.log import AuditLog
from accounts.caches.busiest import BusiestTopics
from accounts.caches.service import Caches
from accounts.caller import Callers
from accounts.console import (
    audit,
    front,
    gaps,
    inspector,
    operator_jobs,
    operator_reconciliation,
    operator_system,
    people,
    playground,
    policy,
    reference,
    reports,
    start,
    usage,
)
from accounts.console.account import AccountPages
from accounts.console.assets import Assets
from accounts.console.bill_lines import BillLinePages
from accounts.console.billing import BillingPages
from accounts.console.budgets import BudgetPages
from accounts.console.caches import CachePages
from accounts.console.key_rotation import KeyRotationPages
from accounts.console.keys import KeyPages
from accounts.console.limits import LimitPages
from accounts.console.operator_accounts import OperatorAccountPages
from accounts.console.operator_terms import OperatorTerms
from accounts.console.overview import OverviewPages
from accounts.console.page_tokens import PageTokens
from accounts.console.pages import Pages
from accounts.console.roles import RolePages
from accounts.console.second_factor import SecondFactorPages
from accounts.console.security import SecurityPage
from accounts.console.team import TeamPages
from accounts.console.team_invitations import InvitationPages
from accounts.console.tokens import TokenPages
from accounts.console.webhooks import WebhookPages
from accounts.finance import Finance
from accounts.gaps.service import Gaps
from accounts.jobs.service import Jobs
from accounts.keys.service import Keys
from accounts.limits.service import AccountLimits
from accounts.operation import Operation
from accounts.people import People
from accounts.posting import Posting
from accounts.rest.guards import Guards
from accounts.roles.service import Roles
from accounts.tokens.service import Tokens
from accounts.usage.reports import Reports


@dataclass(frozen=True, slots=True)
class Services:
    """What the pages show and change."""

    people: People
    keys: Keys
    caches: Caches
    busiest: BusiestTopics
    page_tokens: PageTokens
    callers: Callers
    roles: Roles
    tokens: Tokens
    audit_log: AuditLog
    reports: Reports
    gaps: Gaps
    finance: Finance
    limits: AccountLimits
    operation: Operation
    jobs: Jobs
    posting: Posting


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pages are.

    Attributes:
        endpoint: The host name that is given to SDKs with a token.
        topics_url: Where routers serve the topics' HTTP API; empty where it is at the pages' own origin.
        tls: The pages are reached over TLS.
        offers_durable: Caches can be durable here.
    """

    endpoint: str
    topics_url: str
    tls: bool
    offers_durable: bool


def install(app: Application, services: Services, guards: Guards, place: Place) -> None:
    """Add the pages to an application."""
    assets = Assets()
    pages = Pages(assets, policy.headers(place.topics_url, tls=place.tls), place.topics_url, place.endpoint)
    app.state.pages = pages
    tokens, security = services.page_tokens, SecurityPage(pages, services.people)
    team = TeamPages(pages, services.people)
    operating = OperatorAccountPages(pages, services.operation, services.limits, services.finance, guards)
    for router in (
        assets.routes(),
        reports.routes(),
        people.routes(pages, services.people.entrance, sends_mails=services.people.sends_mails),
        OverviewPages(pages, services.caches, services.keys, services.reports, services.finance).routes(),
        start.routes(pages, services.caches, services.keys, tokens),
        CachePages(
            pages,
            services.caches,
            services.busiest,
            services.reports,
            services.gaps,
            offers_durable=place.offers_durable,
        ).routes(),
        WebhookPages(pages, services.posting, services.caches).routes(),
        KeyPages(pages, services.keys, services.roles).routes(),
        KeyRotationPages(pages, services.keys).routes(),
        RolePages(pages, services.roles).routes(),
        TokenPages(pages, services.tokens, services.callers, services.roles, place.endpoint).routes(),
        usage.routes(pages, services.reports),
        BillingPages(pages, services.finance).routes(),
        BillLinePages(pages, services.finance).routes(),
        BudgetPages(pages, services.finance.budgets, services.caches).routes(),
        AccountPages(pages, services.people, services.reports, services.operation.accounts).routes(),
        team.routes(),
        InvitationPages(pages, services.people, team).routes(),
        LimitPages(pages, services.limits).routes(),
        operating.routes(),
        OperatorTerms(operating, services.operation, services.limits, services.finance).routes(),
        operator_system.routes(pages, services.operation.observed),
        operator_jobs.routes(pages, services.jobs, services.finance),
        operator_reconciliation.routes(pages, services.operation.reconciliation),
        security.routes(),
        SecondFactorPages(pages, services.people, security).routes(),
        audit.routes(pages, services.audit_log),
        inspector.routes(pages, services.caches),
        gaps.routes(pages, services.gaps, services.caches),
        playground.routes(pages, services.caches, services.roles, tokens),
        reference.routes(pages, app),
        front.routes(pages, guards),  # the last: it takes what no other has
    ):
        app.add(router)
