"""Tokens in forms, which pages without JavaScript send: another site's page does not know them.

A token is made from the secret in a cookie of the browser: the log-in's or, before there is one, a cookie of its own.
It holds as long as that cookie, and a new log-in makes those of the old one useless.
"""

import hashlib
import hmac

from fastapi import Request, Response

from accounts.identifiers import new_secret
from accounts.rest.cookies import Cookie
from accounts.rest.guards import check_origin
from api.errors import PermissionDenied

FIELD = "form_token"
"""The name of the hidden field."""


class FormTokens:
    """Makes and checks the tokens of forms."""

    def __init__(self, cookie: Cookie) -> None:
        self._cookie = cookie

    def token(self, request: Request, response: Response) -> str:
        """Return the token for the forms of a page; a browser that has no cookie yet is given one by `response`."""
        secret = self._secret(request)
        if not secret:
            secret = new_secret()
            self._cookie.set_form(response, secret)
        return _token(secret)

    def check(self, request: Request, token: str) -> None:
        """Go on where a form was sent by one of our own pages.

        Args:
            request: The request that carries the form.
            token: What the form has in the field `FIELD`.

        Raises:
            PermissionDenied: it was not, or the page is from before the log-in.
        """
        check_origin(request)
        secret = self._secret(request)
        if not secret or not hmac.compare_digest(_token(secret).encode(), token.encode()):
            raise PermissionDenied("the form is out of date; load the page again, and send it once more")

    def _secret(self, request: Request) -> str:
        return self._cookie.secret(request) or request.cookies.get(self._cookie.form_name, "")


def _token(secret: str) -> str:
    return hmac.digest(secret.encode(), b"tidings form", hashlib.sha256).hex()
