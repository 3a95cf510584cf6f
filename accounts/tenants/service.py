"""What can be done with accounts."""

from accounts.database import Transaction
from accounts.limits.force import in_force
from accounts.tenants import repository
from api.account import Limits
from api.errors import NotFound


async def limits_of(session: Transaction, account_id: str) -> Limits:
    """Return the limits of an account. Until the transaction ends, nobody else counts against them.

    Raises:
        NotFound: there is no such account.
    """
    account = await repository.get_alone(session, account_id)
    if account is None:
        raise NotFound("the account does not exist")
    return await in_force(session, account)
