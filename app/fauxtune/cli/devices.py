"""`fauxtune device`: the managed devices of a tenant, and what an administrator does with them."""

from __future__ import annotations

import typer

from fauxtune.cli.administration import Administration
from fauxtune.cli.service import with_service
from fauxtune.cli.tables import Table, moment, person
from fauxtune.core.administration.requests import AdminRequest

app = typer.Typer(help="List devices, look at them, and act on them.", no_args_is_help=True)

_PROPERTIES = "id,deviceName,operatingSystem,osVersion,userPrincipalName,complianceState,lastSyncDateTime"


@app.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the managed devices.

    \b
    fauxtune device list
    fauxtune device list --output json
    """
    with service.session() as session:
        path = f"/deviceManagement/managedDevices?$select={_PROPERTIES}"
        rows = session.elements(AdminRequest("GET", path))
        table = Table(
            ("name", "user", "system", "last check-in", "id"),
            [
                (
                    row["deviceName"],
                    person(row["userPrincipalName"]),
                    f"{row['operatingSystem']} {row['osVersion'] or ''}",
                    moment(row["lastSyncDateTime"]),
                    session.short(row["id"]),
                )
                for row in rows
            ],
            shrinks="system",
            empty="The tenant has no devices.",
        )
        session.show(rows, table)
