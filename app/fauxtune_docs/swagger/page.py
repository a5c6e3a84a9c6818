"""The pages of `/docs`: the list of all documents, and around each one the choice of another, and a way to a token."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from fauxtune_console.addresses import PATH as CONSOLE
from fauxtune_docs.swagger import PATH
from fauxtune_docs.swagger.documents import SURFACES, WHOLE_GRAPH, Paged, areas

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} – Fauxtune's interfaces</title>
<link rel="icon" href="{path}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{path}/colours.css">
{head}<link rel="stylesheet" href="{path}/docs.css">
</head>
<body>
<header class="bar">
<a class="brand" href="{console}"><img src="{path}/icon.svg" alt="" width="22" height="22"> Fauxtune</a>
<nav aria-label="Interfaces"><form action="{path}"><label for="which">Interface</label>
<select id="which" name="document">{options}</select> <button type="submit">Open</button></form></nav>
<span class="warning">Emulator</span>
</header>
{main}
</body>
</html>
"""
_SWAGGER = """<link rel="stylesheet" href="{path}/swagger-ui.css">
<script src="{path}/swagger-ui-bundle.js" defer></script>
<script src="{path}/docs.js" defer></script>
"""
_DOCUMENT = """<main>
<h1>{title}</h1>
<p class="about">
<a href="{path}/{whole}.json" download>Download {whole}.json</a> (OpenAPI 3.1)</p>
{sign_in}<noscript><p>Without scripts this page cannot show the document; the link above downloads it.</p></noscript>
<p id="parts" hidden><label for="part">Part</label> <select id="part"></select></p>
<div id="document" data-document="{path}/{name}.json"><p class="loading">The document is being read…</p></div>
</main>"""
_SIGN_IN = """<form id="token">
<label for="tenant">Requests to Graph need a token. Tenant:</label>
<select id="tenant" required></select>
<button type="submit">Get a token</button>
<output for="tenant">A token of the tenant's first application, with all permissions of that application.</output>
</form>
"""
_GRAPH = Paged(WHOLE_GRAPH, "Microsoft Graph", "Users, groups, devices, profiles and their states, by area")


def index() -> str:
    """Return the list of all surfaces, HTML."""
    return _listed("Interfaces", (*SURFACES[:1], _GRAPH, *SURFACES[1:]), chosen="")


def graph_index() -> str:
    """Return the list of the areas of Graph, HTML."""
    link = f'<a href="{PATH}/{WHOLE_GRAPH}.json" download>Download {WHOLE_GRAPH}.json</a> (OpenAPI 3.1, all areas)'
    return _listed("Microsoft Graph", areas(), chosen=WHOLE_GRAPH, below=f"<p>{link}</p>")


def page(document: Paged) -> str:
    """Return the page of a document, HTML."""
    main = _DOCUMENT.format(
        path=PATH,
        name=document.name,
        title=escape(f"Microsoft Graph: {document.title}" if document.is_graph else document.title),
        whole=WHOLE_GRAPH if document.is_graph else document.name,
        sign_in=_SIGN_IN if document.is_graph else "",
    )
    return _framed(document.title, main, chosen=document.name, head=_SWAGGER.format(path=PATH))


def _listed(title: str, pages: Iterable[Paged], *, chosen: str, below: str = "") -> str:
    lines = "".join(
        f'<li><a href="{PATH}/{each.name}"><strong>{escape(each.title)}</strong></a> {escape(each.about)}</li>'
        for each in pages
    )
    return _framed(title, f'<main><h1>{title}</h1><ul class="choices">{lines}</ul>{below}</main>', chosen=chosen)


def _framed(title: str, main: str, *, chosen: str, head: str = "") -> str:
    return _PAGE.format(path=PATH, console=CONSOLE, title=escape(title), head=head, options=_options(chosen), main=main)


def _options(chosen: str) -> str:
    """Return the choice of all documents. Those of Graph are in it only on the pages of Graph, which load them."""
    every = _option(Paged("", "All interfaces"), chosen)
    surfaces = "".join(_option(each, chosen) for each in (*SURFACES, _GRAPH))
    if not chosen.startswith(WHOLE_GRAPH):
        return every + surfaces
    of_graph = "".join(_option(each, chosen) for each in areas())
    return f'{every}{surfaces}<optgroup label="Microsoft Graph">{of_graph}</optgroup>'


def _option(each: Paged, chosen: str) -> str:
    selected = " selected" if each.name == chosen else ""
    return f'<option value="{each.name}"{selected}>{escape(each.title)}</option>'
