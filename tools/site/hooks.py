"""What MkDocs calls while it builds the site: pages made of code and of files elsewhere, and a list of decisions."""

from pathlib import Path
from typing import TypeAlias, cast

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.site import rest_reference, sources
from tools.tree import ROOT

Nav: TypeAlias = "str | list[Nav] | dict[str, Nav]"
"""What the navigation is made of: a page, several, or several under a name."""

_MARK = "accounts/console/static/mark.svg"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the reference's pages where the navigation has the word for them."""
    pages: Nav = [{rest_reference.title(each): f"reference/{each.id}.md"} for each in rest_reference.parts()]
    config["nav"] = _replaced(cast("Nav", config["nav"]), "reference/", pages)
    return config


def _replaced(nav: Nav, word: str, pages: Nav) -> Nav:
    match nav:
        case list():
            return [_replaced(each, word, pages) for each in nav]
        case dict():
            return {name: _replaced(each, word, pages) for name, each in nav.items()}
        case _:
            return pages if nav == word else nav


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is no file in `docs/`."""
    pages = [Path(file.abs_src_path or "") for file in files.documentation_pages()]
    changelog = ROOT / "CHANGELOG.md"
    for path in [*sources.outside([*pages, changelog]), changelog]:
        where = sources.place(path)
        if where.endswith(".md"):
            files.append(File.generated(config, where, content=sources.relinked(sources.text(path), path, where)))
        else:
            files.append(File.generated(config, where, abs_src_path=str(path)))
    for where, text in rest_reference.pages().items():
        files.append(File.generated(config, where, content=text))
    files.append(File.generated(config, "assets/mark.svg", abs_src_path=str(ROOT / _MARK)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Mend the links of a page in `docs/`, and list the decisions."""
    here = page.file.src_uri
    if page.file.generated_by:
        return markdown
    if here == "decisions/README.md":
        markdown += "\n\n" + _decisions()
    return sources.relinked(markdown, sources.DOCS / here, here)


def _decisions() -> str:
    pages = sorted((sources.DOCS / "decisions").glob("0*.md"))
    titles = [(page.name, page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")) for page in pages]
    return "\n".join(f"* [{title.replace('. ', ' · ', 1)}]({name})" for name, title in titles)
