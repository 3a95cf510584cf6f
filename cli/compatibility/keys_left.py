"""Revokes the keys that checks have made; all of them end within a day but one, which is for ever.

The contract has no call for that. Tidings has one over REST, and where another deployment has none they stay.
"""

from collections.abc import Iterator

import httpx

_PATH = "/v1/api-keys"
_SECONDS = 10.0


def revoke_keys(url: str, key: str, description: str) -> None:
    """Revoke the keys that have this description."""
    with httpx.Client(base_url=url, headers={"authorization": key}, timeout=_SECONDS, trust_env=False) as client:
        try:
            for key_id in list(_ids(client, description)):
                client.delete(f"{_PATH}/{key_id}")
        except (httpx.HTTPError, ValueError, KeyError):
            return


def _ids(client: httpx.Client, description: str) -> Iterator[str]:
    next_token = ""
    while next_token is not None:
        page = client.get(_PATH, params={"next_token": next_token} if next_token else None).raise_for_status().json()
        yield from (key["key_id"] for key in page["api_keys"] if key["description"] == description)
        next_token = page["next_token"]
