"""What `fauxtune serve` prints for people once it is ready. Apart, because programs that read JSON need no rich."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from fauxtune_cli.server.trust import describe_ca

if TYPE_CHECKING:
    from fauxtune.server.serve import Ready


def announce(ready: Ready, *, for_python: str) -> None:
    """Print where the server is and who can sign in. `for_python`: the command that prints the variables of clients."""
    endpoints = ready.endpoints
    rows = Table.grid(padding=(0, 2))
    for name, value in (
        ("Graph", f"{endpoints.https}/v1.0, {endpoints.https}/beta"),
        ("authority", f"{endpoints.https}/{endpoints.tenant_id}" if endpoints.tenant_id else "none: no tenant yet"),
        (
            "tenant",
            f"{endpoints.tenant} ({endpoints.tenant_id})" if endpoints.tenant else "none: POST /_fauxtune/v1/tenants",
        ),
        ("edition", ready.edition),
        ("client id", endpoints.client_id),
        ("client secret", endpoints.client_secret),
        ("people's password", endpoints.user_password),
        ("control", f"{endpoints.https}/_fauxtune/v1"),
        ("interfaces", f"{endpoints.http}/docs"),
        ("CRL, OCSP", f"{endpoints.http}/pki/..."),
        ("CA to trust", endpoints.ca_file),
        ("how to trust", endpoints.trust),
        ("HTTPS proxy", endpoints.proxy),
        ("intercepted", ", ".join(ready.intercepted) or None),
        ("mail programs", ", ".join(url for _, url in endpoints.mail) or None),
        ("data", str(ready.data_dir)),
    ):
        if value is not None:
            rows.add_row(name, value)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Look at it in a browser: [bold]{endpoints.console}[/]\n")
    title = "[bold]FAUXTUNE - AN EMULATOR. Not Intune, not trusted, not for real devices.[/]"
    console.print(Panel(title, border_style="yellow", expand=False))
    console.print(rows)
    if not endpoints.trust.startswith(endpoints.http):
        console.print(f"\nOther machines learn at {endpoints.trust} how to trust this one. Its CA has the SHA-256")
        console.print(f"  {describe_ca(Path(endpoints.ca_file))['fingerprint']}")
    if endpoints.user_password is not None:
        file = Path(endpoints.data_dir) / "endpoints.json"
        console.print(
            "\nOthers can reach this server, so the published secret and password open nothing: "
            f"this one's own stand above, and while it runs in {file}, which only you can read."
        )
    for warning in ready.warnings:
        console.print(f"[yellow]Note:[/] {warning}")
    console.print("\nCtrl-C stops it. In another terminal, in this folder, to point your code at it:")
    console.print(f"  {for_python}")
    console.print("or --for node, powershell or curl.")
