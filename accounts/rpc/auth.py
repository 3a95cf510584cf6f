"""The gRPC services `auth.Auth` and `token.Token`: minting. The caller's token is in the message, not in metadata."""

from collections.abc import Mapping
from typing import Any

from momento_wire_types import auth_pb2, token_pb2

from accounts.rpc.service import Context, Method
from accounts.tokens.service import Tokens
from api.errors import InvalidArgument

AUTH = "auth.Auth"
TOKEN = "token.Token"  # noqa: S105 - a service's name


class Minting:
    """Answers with raw tokens and the endpoint beside them; SDKs do the packing."""

    def __init__(self, tokens: Tokens, endpoint: str) -> None:
        self._tokens = tokens
        self._endpoint = endpoint

    def auth_methods(self) -> Mapping[str, Method]:
        """Return the methods of `auth.Auth`."""
        return {
            "GenerateApiToken": Method(
                auth_pb2._GenerateApiTokenRequest, auth_pb2._GenerateApiTokenResponse, self._generate
            ),
            "RefreshApiToken": Method(
                auth_pb2._RefreshApiTokenRequest, auth_pb2._RefreshApiTokenResponse, self._refresh
            ),
        }

    def token_methods(self) -> Mapping[str, Method]:
        """Return the methods of `token.Token`."""
        return {
            "GenerateDisposableToken": Method(
                token_pb2._GenerateDisposableTokenRequest,
                token_pb2._GenerateDisposableTokenResponse,
                self._generate_disposable,
            )
        }

    async def _generate(
        self, request: auth_pb2._GenerateApiTokenRequest, _: Context
    ) -> auth_pb2._GenerateApiTokenResponse:
        match request.WhichOneof("expiry"):
            case "never":
                seconds = None
            case "expires":
                seconds = request.expires.valid_for_seconds
            case _:
                seconds = 0
        permissions: Any = request.permissions  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - see Tokens
        minted = await self._tokens.generate(
            request.auth_token, permissions, seconds, request.token_id, request.description
        )
        return auth_pb2._GenerateApiTokenResponse(
            api_key=minted.api_key,
            refresh_token=minted.refresh_token,
            endpoint=self._endpoint,
            valid_until=minted.valid_until,
        )

    async def _refresh(
        self, request: auth_pb2._RefreshApiTokenRequest, _: Context
    ) -> auth_pb2._RefreshApiTokenResponse:
        if not request.api_key:
            raise InvalidArgument("the request holds no API key to refresh")
        minted = await self._tokens.refresh(request.api_key, request.refresh_token)
        return auth_pb2._RefreshApiTokenResponse(
            api_key=minted.api_key,
            refresh_token=minted.refresh_token,
            endpoint=self._endpoint,
            valid_until=minted.valid_until,
        )

    async def _generate_disposable(
        self, request: token_pb2._GenerateDisposableTokenRequest, _: Context
    ) -> token_pb2._GenerateDisposableTokenResponse:
        seconds = request.expires.valid_for_seconds
        permissions: Any = request.permissions  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - see Tokens
        minted = await self._tokens.generate_disposable(request.auth_token, permissions, seconds, request.token_id)
        return token_pb2._GenerateDisposableTokenResponse(
            api_key=minted.api_key, endpoint=self._endpoint, valid_until=minted.valid_until
        )
