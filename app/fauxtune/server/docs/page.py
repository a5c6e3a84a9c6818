"""The page of a document: the chooser, a way to a token, and the place where Swagger UI draws."""

from __future__ import annotations

from html import escape

from fauxtune.server.docs.documents import PAGES, WHOLE_GRAPH, Paged
from fauxtune.server.docs.entry import PATH
from fauxtune.surfaces.console.entry import PATH as CONSOLE

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Fauxtune's interfaces</title>
<link rel="icon" href="{path}/favicon-32x32.png">
<link rel="stylesheet" href="{path}/swagger-ui.css">
<link rel="stylesheet" href="{path}/docs.css">
<script src="{path}/swagger-ui-bundle.js" defer></script>
<script src="{path}/docs.js" defer></script>
</head>
<body>
<header>
<p><a href="{console}">Fauxtune's console</a></p>
<nav aria-label="Interfaces">
<ul>{surfaces}</ul>
<p id="areas">Microsoft Graph</p>
<ul aria-labelledby="areas">{areas}</ul>
</nav>
<p>{download}</p>
{sign_in}<noscript><p>Without scripts this page cannot show the document; the link above downloads it.</p></noscript>
</header>
<div id="document" data-document="{path}/{name}.json"></div>
</body>
</html>
"""
_SIGN_IN = """<form id="token">
<label for="tenant">Requests to Graph need a token. Tenant:</label>
<select id="tenant" required></select>
<button>Get a token</button>
<output for="tenant">A token of the tenant's first application, with all permissions of that application.</output>
</form>
"""


def page(document: Paged) -> str:
    """Return the page of a document, HTML."""
    whole = WHOLE_GRAPH if document.is_graph else document.name
    return _PAGE.format(
        path=PATH,
        console=CONSOLE,
        name=document.name,
        title=escape(document.title),
        surfaces=_links(document, are_graph=False),
        areas=_links(document, are_graph=True),
        download=f'<a href="{PATH}/{whole}.json" download>Download {whole}.json</a> (OpenAPI 3.1)',
        sign_in=_SIGN_IN if document.is_graph else "",
    )


def _links(current: Paged, *, are_graph: bool) -> str:
    return "".join(
        f'<li><a href="{PATH}/{each.name}"{" aria-current=page" * (each is current)}>{escape(each.title)}</a></li>'
        for each in PAGES
        if each.is_graph is are_graph
    )
