"""`fauxtune app`: apps that need no content."""

from __future__ import annotations

import click

from fauxtune.core.administration import policies
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import fail
from fauxtune_cli.profile.managed import managed_group, new_name, properties_of, set_option, show_created
from fauxtune_cli.service import with_service

app = managed_group(
    "app",
    says="Create apps that need no content, assign them, and see where they are installed.",
    example="Notes",
    examples="""fauxtune app create --name Notes --kind ios-store --of com.example.notes
fauxtune app assign Notes --group Sales --intent available
fauxtune app show Notes""",
)


@app.command("create")
@new_name
@click.option("--kind", required=True, help="ios-store, android-store, winget or web")
@click.option("--of", required=True, metavar="ID", help="bundle id, package, package identifier, or address")
@click.option("--publisher", default="Contoso", help="who makes it")
@set_option
@with_service(Administration)
def create_app(
    *, name: str, service: Administration, kind: str, of: str, publisher: str, settings: tuple[str, ...]
) -> None:
    """Create an app. Apps with content (Win32, LOB) are uploaded: docs/packaging-tools.md.

    \b
    fauxtune app create --name Notes --kind ios-store --of com.example.notes
    fauxtune app create --name Wiki --kind web --of https://wiki.example
    """
    with service.session() as session:
        if kind not in policies.APP_KINDS:
            known = "; ".join(f"{word}: {app_kind.words}" for word, app_kind in policies.APP_KINDS.items())
            fail(f"There is no kind '{kind}' here. There are {known}.")
        values = properties_of(settings, example="isFeatured=true")
        request = policies.create_app(name, kind=kind, value=of, publisher=publisher, settings=values)
        show_created(session, session.send(request), noun="app")
