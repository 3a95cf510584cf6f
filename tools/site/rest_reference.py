"""The reference of the REST API as pages: one for each tag of the OpenAPI document that this code makes.

The service shows the same at `/docs`, with its own address in the examples; both read the document through `sections`.
"""

import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from accounts.component import Accounts, AccountsSettings
from accounts.console.reference import Answer, Operation, Parameter, Section, sections
from backplane.memory import MemoryDirectory

ORIGIN = "https://topics.example.com"
_ABOUT = "[The REST API](../rest.md) tells what holds for all operations."


@lru_cache(maxsize=1)
def parts() -> tuple[Section, ...]:
    """Return the document's operations by tag; nothing is started for it."""
    with tempfile.TemporaryDirectory() as folder:
        accounts = Accounts(AccountsSettings(Path(folder), "topics.example.com"), MemoryDirectory())
        return tuple(sections(accounts.app.openapi()))


def title(section: Section) -> str:
    return section.name[:1].upper() + section.name[1:]


def pages() -> dict[str, str]:
    """Return each page of the reference by its path on the site."""
    return {f"reference/{section.id}.md": "\n\n".join(_page(section)) for section in parts()}


def _page(section: Section) -> Iterator[str]:
    yield f"# {title(section)}"
    yield f"{section.description} {_ABOUT}"
    for operation in section.operations:
        yield from _operation(operation)


def _operation(operation: Operation) -> Iterator[str]:
    yield f"## {operation.summary} {{ #{operation.id} }}"
    yield f"`{operation.method} {operation.path}`"
    yield operation.description
    yield f"Who calls: {operation.callers}." if operation.callers else "Anybody may call."
    if operation.parameters:
        yield "\n".join(["| parameter | in | | |", "|---|---|---|---|", *map(_parameter, operation.parameters)])
    yield _block("sh", operation.curl.replace("{origin}", ORIGIN))
    if operation.body:
        yield "Body:\n\n" + _block("json", operation.body)
    yield "\n".join(["| answer | |", "|---|---|", *map(_answer, operation.answers)])
    for answer in operation.answers:
        if answer.status.startswith("2") and answer.example:
            yield f"{answer.status}:\n\n" + _block("json", answer.example)


def _parameter(parameter: Parameter) -> str:
    needed = "required, " if parameter.is_required else ""
    return f"| `{parameter.name}` | {parameter.place} | {needed}{parameter.kind} | {_cell(parameter.description)} |"


def _answer(answer: Answer) -> str:
    return f"| {answer.status} | {_cell(answer.description)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"
