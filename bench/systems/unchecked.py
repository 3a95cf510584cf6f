"""`tidings up` whose router checks and counts nothing: `--app bench.systems.unchecked:app`, for comparison alone.

A token and a permission are looked at once, for the first publish to a topic, and taken as given from then on; no quota
is charged; and the meters are those of `unmetered`, which do nothing.
"""

from bench.systems.unmetered import compose
from cli.application import Application
from cli.embedded import Embedded
from router.bearer import Bearer, Bearers, Writable
from router.tenant import Tenant

_checked_bearer, _checked_writable = Bearers.bearer, Bearer.writable
_bearers: dict[str, Bearer] = {}
_topics: dict[tuple[str, str], Writable] = {}


async def _bearer(self: Bearers, credential: str, address: str = "") -> Bearer:
    known = _bearers.get(credential)
    if known is None:
        known = _bearers[credential] = await _checked_bearer(self, credential, address)
    return known


def _known(self: Bearers, credential: str, address: str = "") -> Bearer | None:
    del self, address
    return _bearers.get(credential)


def _writable(self: Bearer, cache_name: str, topic_name: str, address: str = "") -> Writable:
    known = _topics.get((cache_name, topic_name))
    if known is None:
        known = _topics[cache_name, topic_name] = _checked_writable(self, cache_name, topic_name, address)
    return known


def _free(self: Tenant, cache_id: str, value_bytes: int) -> None:
    del self, cache_id, value_bytes


def _compose() -> Embedded:
    Bearers.bearer, Bearers.known, Bearer.writable, Tenant.charge_publish = _bearer, _known, _writable, _free
    return compose()


app = Application(_compose)
