"""Dead letters as they are kept: encrypted, since they hold what people said to each other."""

import json

from accounts.encryption import CannotDecrypt, MasterKeys
from accounts.webhook_deliveries.events import Event


class Letters:
    """Seals and opens events."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._master_keys = master_keys

    def seal(self, event: Event, id: str) -> str:
        """Return an event as it may be kept; `id` is that of its row."""
        return self._master_keys.encrypt(json.dumps(event, separators=(",", ":")).encode(), id)

    def open(self, sealed: str | None, id: str) -> Event | None:
        """Return an event that was sealed; None where its master key is gone, or nothing was kept."""
        if sealed is None:
            return None
        try:
            event: Event = json.loads(self._master_keys.decrypt(sealed, id))
        except CannotDecrypt:
            return None
        return event
