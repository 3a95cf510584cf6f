"""The programs of all pages, run against the running service as a reader would run them.

Where a block of output is next to a program, the program prints that. Which blocks are run is in `tools/snippets.py`.
"""

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.docs.shell import Shell
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant
from tools import snippets
from tools.snippets import Snippet
from tools.tree import ROOT

PAGES = {page.relative_to(ROOT).as_posix(): snippets.of(page) for page in snippets.pages()}
RUN = [page for page, found in PAGES.items() if any(snippet.is_run for snippet in found)]
AT_LEAST = 30
REQUEST_ID = re.compile(r"(?<=\"request_id\":)\s*\"[0-9a-f]{32}\"")
SEQUENCE_PAGE = re.compile(r"\b\d{13}\b")


def comparable(output: str, language: str) -> object:
    """Return an output without what differs in each run: a request's id, and the time of a topic's birth."""
    same = REQUEST_ID.sub('""', SEQUENCE_PAGE.sub("0", output))
    return json.loads(same) if language == "json" else same


def steps(page: str) -> list[tuple[Snippet, Snippet | None]]:
    """Return the programs of a page that are run, each with the output that the page shows."""
    found = PAGES[page]
    after = [*(each if each.is_next and each.language in {"json", "text"} else None for each in found[1:]), None]
    return [(one, output) for one, output in zip(found, after, strict=True) if one.is_run]


def test_there_are_as_many_as_there_were() -> None:
    assert sum(len(steps(page)) for page in RUN) >= AT_LEAST


@pytest.mark.parametrize("page", RUN)
def test_the_programs_of_the_page_do_what_it_says(service: Service, page: str, tmp_path: Path) -> None:
    with Tenant(service) as tenant:
        makes_its_own = any("account create" in snippet.text for snippet in PAGES[page])
        email = f"{uuid4()}@example.com" if makes_its_own else tenant.email
        variables = {"TIDINGS_URL": service.url, "TIDINGS_ENDPOINT": service.url, "TIDINGS_API_KEY": tenant.key}
        shell = Shell(tmp_path, service.data, variables)
        for program, output in steps(page):
            text = program.text.replace("8080", str(service.port)).replace("ada@example.com", email)
            printed = shell.run(program.language, text)
            if output:
                assert comparable(printed, output.language) == comparable(output.text, output.language), text
