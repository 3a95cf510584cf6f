"""Who may call what is under `/v1/admin`: an operator who has logged in, or a script with an operator's token."""

from typing import Annotated

from fastapi import Depends, Request

from accounts.operators.service import TOKEN_PREFIX, InstallationOperator, Operators
from accounts.rest.guards import Guards, address_of, bearer_of
from api.errors import PermissionDenied


async def operator_of(request: Request) -> InstallationOperator:
    """Return who calls.

    Raises:
        Unauthenticated: nobody that is known.
        PermissionDenied: somebody else; keys and tokens of accounts open nothing here, whosever they are.
    """
    guards: Guards = request.app.state.guards
    operators: Operators = request.app.state.operators
    credential = bearer_of(request)
    if credential.startswith(TOKEN_PREFIX):
        return await operators.by_token(credential, address_of(request))
    if credential:
        await guards.member(request)
        raise PermissionDenied("this is for operators of the installation alone: log in, or send an operator's token")
    person = await guards.person(request)
    return await operators.by_user(person.user_id, address_of(request))


ByOperator = Annotated[InstallationOperator, Depends(operator_of)]
"""Whoever operates the installation."""
