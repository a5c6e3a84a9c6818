"""What the site has beside the pages of this folder, for mkdocs: the pages at the root of the repository, the files
that pages link to, the console's icon, the interfaces as Swagger UI draws them, and a field that filters long tables.

Links stay those of the repository, so that they also work where the repository is read.
"""

from __future__ import annotations

import json
import posixpath
import re
import zlib
from html import escape
from pathlib import Path

import mermaidx
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import fauxtune_console
from fauxtune_docs.swagger.application import SURFACES, Paged, areas, document_without_servers, swagger_files

ROOT = Path(__file__).resolve().parents[1]
#: Pages at the root of the repository. Its README is for who has the repository.
_AT_ROOT = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
#: Pages whose tables are longer than a reader wants to scroll.
_FILTERED = {"coverage.md", "diagnosis.md", "faults.md", "glossary.md", "removal.md", "settings.md", "where.md"}
_LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")
_MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What pages say that a program writes. It matters to those who have the repository: the site says it last.
_GENERATED = "This page is generated (`make openapi` writes it): do not edit it."
_LANGUAGES = {".json": "json", ".py": "python", ".yaml": "yaml"}
_FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Fauxtune's interfaces</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="stylesheet" href="../assets/interfaces.css">
</head>
<body>
<p><a href="../interfaces.html">All interfaces</a></p>
<h1>{title}</h1>
<div id="document"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="{name}.js"></script>
<script src="../assets/interfaces.js"></script>
</body>
</html>
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is not in this folder."""
    for name in _AT_ROOT:
        files.append(File.generated(config, name, content=_relinked(_text(name), source=name, place=name)))
    for path in sorted({path for file in files.documentation_pages() for path in _linked_outside(file)}):
        fence = f"# {path}\n\n````{_LANGUAGES.get(Path(path).suffix, 'text')}\n{_text(path)}\n````\n"
        files.append(File.generated(config, f"files/{path}.md", content=fence))
    icon = Path(fauxtune_console.__file__).parent / "static" / "icon.svg"
    for file in (File.generated(config, "images/icon.svg", abs_src_path=str(icon)), *_interfaces(config)):
        files.append(file)
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Bring links to what stands outside of this folder to its copy, and the Markdown of the repository to mkdocs'."""
    if not page.file.generated_by:
        markdown = _relinked(markdown, source=f"docs/{page.file.src_uri}", place=page.file.src_uri)
    if page.file.src_uri == "interfaces.md":
        lines = (f"* [{title}](interfaces/{each.name}.html) {each.about}" for each, title in _interfaces_with_titles())
        markdown = "\n".join([markdown, *lines])
    if _GENERATED in markdown:
        markdown = f"{markdown.replace(_GENERATED, '', 1)}\n\n*{_GENERATED}*\n"
    markdown = _MERMAID.sub(lambda match: f'<div class="picture" tabindex="0">{_picture(match[1])}</div>', markdown)
    markdown = markdown.replace("<details>", '<details markdown="1">')  # else what is in it stays as it is
    return re.sub(r"^(```\w+) .*$", r"\1", markdown, flags=re.M)  # words after the language, which tests read


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Put the field that filters above the tables of long pages, and give what is wide the room of the contents."""
    if page.file.src_uri in _FILTERED or '<div class="picture"' in html:
        page.meta.setdefault("hide", ["toc"])  # their tables and pictures are wide
    if page.file.src_uri not in _FILTERED:
        return html
    field = (
        '<input type="search" class="filter" placeholder="Filter the rows of this page" aria-label="Filter the rows">'
    )
    return html.replace("</h1>", f"</h1>\n{field}", 1)


def _picture(text: str) -> str:
    """Draw a picture of Mermaid, as SVG with an id of its own: its style names the id."""
    return str(mermaidx.render(text).svg()).replace("my-svg", f"picture-{zlib.crc32(text.encode()):08x}")


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _linked_outside(file: File) -> set[str]:
    """The files outside of this folder that a page of it links to."""
    if file.generated_by:
        return set()
    folder = posixpath.dirname(f"docs/{file.src_uri}")
    paths = {posixpath.normpath(posixpath.join(folder, match[2])) for match in _LINK.finditer(file.content_string)}
    others = paths - {*_AT_ROOT, "README.md"}
    return {path for path in others if not path.startswith(("docs/", "../")) and (ROOT / path).is_file()}


def _relinked(markdown: str, *, source: str, place: str) -> str:
    """Return a page of the repository with links for its place in the site."""

    def relinked(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        if not (ROOT / target).is_file():
            return match[0]
        if target == "README.md":
            there = "index.md"
        elif target.startswith("docs/") or target in _AT_ROOT:
            there = target.removeprefix("docs/")
        else:
            there = f"files/{target}.md"
        return f"{match[1]}{posixpath.relpath(there, posixpath.dirname(place) or '.')}{match[3]}"

    return _LINK.sub(relinked, markdown)


def _interfaces(config: MkDocsConfig) -> list[File]:
    """The documents of all interfaces, and a page of Swagger UI for each."""
    made = [File.generated(config, f"interfaces/{path.name}", abs_src_path=str(path)) for path in swagger_files()]
    for page, title in _interfaces_with_titles():
        drawn = _FRAME.format(title=escape(title), name=page.name)
        document = f"const DOCUMENT = {json.dumps(document_without_servers(page.name), sort_keys=True)};\n"
        made.append(File.generated(config, f"interfaces/{page.name}.html", content=drawn))
        made.append(File.generated(config, f"interfaces/{page.name}.js", content=document))
    return made


def _interfaces_with_titles() -> list[tuple[Paged, str]]:
    graph = [(page, f"Microsoft Graph: {page.title}") for page in areas()]
    return [*((page, page.title) for page in SURFACES), *graph]
