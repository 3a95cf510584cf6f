"""What requests of a webhook are signed with, encrypted in the database."""

from collections.abc import Sequence

from accounts.encryption import MasterKeys
from accounts.webhooks.models import Webhook
from api.webhooks import new_secret

OVERLAP_SECONDS = 86_400
"""How long the secret before signs too, where nobody says otherwise."""


class Secrets:
    """Makes, reads and replaces secrets."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._master_keys = master_keys

    def begin(self, row: Webhook) -> None:
        """Give a webhook its first secret."""
        row.secret = self._sealed(row, new_secret())

    def replace(self, row: Webhook, until: int) -> str:
        """Give a webhook another secret, and return it; the present one signs too until an epoch second."""
        secret = new_secret()
        row.old_secret, row.old_secret_until = row.secret, until
        row.secret = self._sealed(row, secret)
        return secret

    def of(self, row: Webhook) -> str:
        """Return the secret of a webhook.

        Raises:
            CannotDecrypt: its master key is not here.
        """
        return self._opened(row, row.secret)

    def signing(self, row: Webhook) -> Sequence[tuple[str, float]]:
        """Return all that sign, the newest first, each with the epoch second until which it does.

        Raises:
            CannotDecrypt: see `of`.
        """
        now = (self.of(row), float("inf"))
        return [now] if row.old_secret is None else [now, (self._opened(row, row.old_secret), row.old_secret_until)]

    def _sealed(self, row: Webhook, secret: str) -> str:
        return self._master_keys.encrypt(secret.encode(), row.id)

    def _opened(self, row: Webhook, sealed: str) -> str:
        return self._master_keys.decrypt(sealed, row.id).decode()
