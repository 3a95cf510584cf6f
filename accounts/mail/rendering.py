"""What mails say: for each a text, whose first line is the subject, and the same as HTML."""

from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


class Content(NamedTuple):
    """What a mail says."""

    subject: str
    text: str
    html: str


class Templates:
    """The templates in `accounts/mail/templates`."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("accounts.mail"),
            undefined=StrictUndefined,
            autoescape=select_autoescape(),
            keep_trailing_newline=True,
        )

    def render(self, name: str, values: dict[str, Any]) -> Content:
        """Return the content of mail `name` with these values."""
        subject, _, text = self._environment.get_template(f"{name}.txt").render(values).partition("\n")
        html = self._environment.get_template(f"{name}.html").render(values | {"subject": subject})
        return Content(subject.strip(), text.lstrip("\n"), html)
