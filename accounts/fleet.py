"""What the account service sees of the rest of the fleet, beside the directory that it writes to."""

from dataclasses import dataclass, field

from accounts.webhook_deliveries.topics import LateTopics
from backplane.audience import Audience, MemoryAudience
from backplane.busiest import Busiest, MemoryBusiest
from backplane.interface import DurableTopics, KeyUses, Quotas, Registry
from backplane.memory import MemoryKeyUses, MemoryRegistry
from backplane.memory_quotas import MemoryQuotas
from backplane.system import MemorySystemTopics, SystemTopics
from backplane.witnesses import MemoryWitnesses, Witnesses


@dataclass(frozen=True, slots=True)
class Fleet:
    """More parts of the backplane. By default there is nobody else.

    Attributes:
        quotas: What routers tell of the use of limits.
        registry: The storage nodes, and all processes that announce themselves.
        audience: Asks routers how many subscribers a topic has.
        busiest: Asks routers for the busiest topics of a cache.
        key_uses: What routers tell of the use of API keys.
        system: Tells subscribers of `$sys/` topics on routers.
        topics: The durable topics; None where there are none.
        items: Where webhooks read topics.
        witnesses: What storage nodes and edges have counted.
    """

    quotas: Quotas = field(default_factory=MemoryQuotas)
    registry: Registry = field(default_factory=MemoryRegistry)
    audience: Audience = field(default_factory=MemoryAudience)
    busiest: Busiest = field(default_factory=MemoryBusiest)
    key_uses: KeyUses = field(default_factory=MemoryKeyUses)
    topics: DurableTopics | None = None
    system: SystemTopics = field(default_factory=MemorySystemTopics)
    items: LateTopics = field(default_factory=LateTopics)
    witnesses: Witnesses = field(default_factory=MemoryWitnesses)
