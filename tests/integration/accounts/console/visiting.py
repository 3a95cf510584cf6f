"""Somebody who has signed up on the pages."""

import httpx

from tests.integration.accounts.installation import PASSWORD, Installation

PERSON = {"email": "ada@example.com", "password": PASSWORD, "account_name": "Analytical Engines"}


async def logged_in(here: Installation, name: str = "ada") -> tuple[httpx.AsyncClient, str]:
    """Sign up, and return a browser that is logged in, and the account."""
    client, person = here.rest(), {**PERSON, "email": f"{name}@example.com"}
    assert (await client.post("/signup", data=person)).status_code == 303
    return client, await here.accounts.users.account_of(person["email"])
