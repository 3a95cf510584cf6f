"""The cookies of a browser. Over TLS their names bind them to this host and to TLS."""

from dataclasses import dataclass

from fastapi import Request, Response

from accounts.sessions.service import VALID_SECONDS


@dataclass(frozen=True, slots=True)
class Cookie:
    """The cookie that holds a log-in, and the one that forms are bound to before there is one."""

    tls: bool

    @property
    def name(self) -> str:
        """The name of the one that holds a log-in."""
        return self._named("tidings")

    @property
    def form_name(self) -> str:
        """The name of the one that forms are bound to before somebody has logged in."""
        return self._named("tidings-form")

    @property
    def _aside(self) -> str:
        return self._named("tidings-aside")

    def set(self, response: Response, secret: str) -> None:
        """Give a log-in to the browser."""
        self._set(response, self.name, secret)

    def set_form(self, response: Response, secret: str) -> None:
        """Give the browser what its forms are bound to."""
        self._set(response, self.form_name, secret)

    def clear(self, response: Response) -> None:
        """Take a log-in back."""
        response.delete_cookie(self.name, path="/", secure=self.tls, httponly=True, samesite="lax")

    def set_aside(self, response: Response, secret: str) -> None:
        """Keep an operator's own log-in, while the browser shows another account."""
        self._set(response, self._aside, secret)

    def take_back(self, request: Request, response: Response) -> None:
        """Give the browser back the log-in that was set aside; none where there is none."""
        if secret := request.cookies.get(self._aside, ""):
            self.set(response, secret)
        else:
            self.clear(response)
        response.delete_cookie(self._aside, path="/", secure=self.tls, httponly=True, samesite="lax")

    def secret(self, request: Request) -> str:
        """Return the secret of the log-in that a request shows; empty for none."""
        return request.cookies.get(self.name, "")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.tls else name

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            name, value, max_age=VALID_SECONDS, path="/", secure=self.tls, httponly=True, samesite="lax"
        )
