"""An invoice as a page for a browser, which prints well. It asks for nothing but its style sheet."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from accounts.invoices.document import Document

_HERE = Path(__file__).parent
_PAGES = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
"""The Content-Security-Policy under which the page is complete."""


def page(document: Document) -> str:
    """Return the page."""
    return _PAGES.get_template("invoice.html").render(page=document)


def style() -> str:
    """Return its style sheet."""
    return (_HERE / "invoice.css").read_text(encoding="utf-8")
