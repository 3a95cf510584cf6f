"""`tidings up` whose router checks and counts nothing: `--app bench.systems.unchecked:app`, for comparison alone.

A token and a permission are looked at once, for the first publish to a topic, and taken as given from then on; no quota
is charged; and the meters are those of `unmetered`, which do nothing.
"""

from bench.systems.unmetered import compose
from cli.application import Application
from cli.embedded import Embedded
from router.bearer import Bearer, Bearers, Writable
from router.router import Router
from router.tenant import Tenant

_checked_bearer, _checked_writable = Bearers.bearer, Router.writable
_bearers: dict[str, Bearer] = {}
_topics: dict[tuple[str, str], Writable] = {}


async def _bearer(self: Bearers, credential: str, address: str = "") -> Bearer:
    known = _bearers.get(credential)
    if known is None:
        known = _bearers[credential] = await _checked_bearer(self, credential, address)
    return known


async def _writable(self: Router, bearer: Bearer, cache: str, topic: str, address: str = "") -> Writable:
    known = _topics.get((cache, topic))
    if known is None:
        known = _topics[cache, topic] = await _checked_writable(self, bearer, cache, topic, address)
    return known


def _free(self: Tenant, cache_id: str, value_bytes: int) -> None:
    del self, cache_id, value_bytes


def _compose() -> Embedded:
    Bearers.bearer, Router.writable, Tenant.charge_publish = _bearer, _writable, _free
    return compose()


app = Application(_compose)
