"""Who makes a gRPC call, by the token in its metadata."""

from accounts.caller import Caller, Callers
from accounts.rpc.service import Context
from api.errors import Unauthenticated


class CallerOf:
    """Finds out who makes a call."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def __call__(self, ctx: Context) -> Caller:
        """Return who makes it.

        Raises:
            Unauthenticated: nobody that is known, or the call carries two tokens.
        """
        tokens = ctx.request_headers.getall("authorization")
        if len(tokens) > 1:
            raise Unauthenticated("the request carries more than one token")
        address = (ctx.client_address or "").rpartition(":")[0]
        return await self._callers.caller(tokens[0] if tokens else "", address)
