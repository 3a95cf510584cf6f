"""What the account service sees of the rest of the fleet, beside the directory that it writes to."""

from dataclasses import dataclass, field

from backplane.audience import Audience, MemoryAudience
from backplane.interface import Quotas, Registry
from backplane.memory import MemoryRegistry
from backplane.memory_quotas import MemoryQuotas


@dataclass(frozen=True, slots=True)
class Fleet:
    """The parts of the backplane that operators look at. By default there is nobody else.

    Attributes:
        quotas: What routers tell of the use of limits.
        registry: The storage nodes, and all processes that announce themselves.
        audience: Asks routers how many subscribers a topic has.
    """

    quotas: Quotas = field(default_factory=MemoryQuotas)
    registry: Registry = field(default_factory=MemoryRegistry)
    audience: Audience = field(default_factory=MemoryAudience)
