"""`fauxtune pfx`: the PFXImport cmdlets, with their parameters in kebab case.

`import`, `list`, `remove` and `user-id` call Graph, of this emulator or of the service that --url and --authority name.
The commands for the connector's key are in pfx_keys. Each command signs in by itself; the cmdlets need
Set-IntuneAuthenticationToken first.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fauxtune_cli import pfx_keys
from fauxtune_cli.options import Output, OutputOption, emit, fail, plain_failures
from fauxtune_cli.pfx_import import import_
from fauxtune_cli.service import Graph, with_service
from fauxtune_cli.tables import Table, moment, person, print_table
from fauxtune_client import pfx

app = typer.Typer(
    help="""Import S/MIME certificates (PFX) for users.

The commands do what Intune's PFX import cmdlets do. The connector has an RSA key. This machine encrypts the password of
each PFX file with the public key; the service stores file and password and can read neither. When a device of the user
checks in, the connector decrypts the password and encrypts it for the device.

\b
1. make a key (the seeded tenant has one: PFXEncryptionKey)
    fauxtune pfx add-key
2. export it, only if the emulator cannot be reached
    fauxtune pfx export-public-key --file-path pfx.pem
3. import
    fauxtune pfx import --path-to-pfx-file alice.pfx \\
        --pfx-password-file alice.txt --upn alice@contoso.example \\
        --intended-purpose smimeEncryption
4. deliver, by a profile with the same intended purpose
    fauxtune profile create imported --name Encryption --platform all \\
        --group "SMIME Pilot"

Every command signs in by itself: with the application of the server in --data-dir or at --url, or with --tenant,
--client-id, --client-secret, --admin-user-name and --admin-password. Each of these can be set by a variable too
(FAUXTUNE_TENANT and so on). Use the variables for secrets: other users of the machine can read command lines.""",
    no_args_is_help=True,
)
app.add_typer(pfx_keys.app)
app.command("import")(import_)


@app.command("list")
@with_service(Graph)
def list_(
    *,
    service: Graph,
    upn: Annotated[list[str] | None, typer.Option(help="only certificates of this user; repeatable")] = None,
    thumbprint: Annotated[list[str] | None, typer.Option(help="only this certificate; repeatable")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List imported certificates.

    As Get-IntuneUserPfxCertificate does. Without options it lists all. Files and passwords are never shown: Graph
    answers AA== and an empty text.

    \b
    fauxtune pfx list
    fauxtune pfx list --upn alice@contoso.example --output json
    """
    with plain_failures(), service.client() as client:
        certificates = pfx.find(client, upn or [], thumbprints=thumbprint or [])
        if output is Output.JSON:
            emit(output, certificates, text="")
        else:
            print_table(_listed(certificates))


@app.command()
@with_service(Graph)
def remove(
    *,
    service: Graph,
    upn: Annotated[list[str], typer.Option(help="the user whose certificates are removed; repeatable")],
    thumbprint: Annotated[list[str] | None, typer.Option(help="only this certificate; repeatable")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Remove imported certificates of users.

    As Remove-IntuneUserPfxCertificate does. They are removed from the users' devices, too. Nothing is revoked at the
    CA.

    \b
    fauxtune pfx remove --upn alice@contoso.example
    fauxtune pfx remove --upn alice@contoso.example --thumbprint 0a1b...
    """
    with plain_failures(), service.client() as client:
        removals = pfx.remove(client, upn, thumbprints=thumbprint or [])
        removed = [removal.thumbprint for removal in removals if removal.reason is None]
        not_removed = [removal for removal in removals if removal.reason is not None]
        failed: list[dict[str, Any]] = [
            {"userPrincipalName": removal.upn, "thumbprint": removal.thumbprint, "reason": removal.reason}
            for removal in not_removed
        ]
        if removed or not not_removed or output is Output.JSON:
            document = {"removed": removed, "failed": failed}
            emit(output, document, text=f"Successfully removed {len(removed)} Certificates.")
        if not_removed:
            reasons = "\n".join(
                f"  {each['thumbprint']} of {each['userPrincipalName']}: {each['reason']}" for each in failed
            )
            fail(f"Failed to remove {len(failed)} Certificates.\n{reasons}")


def _listed(certificates: list[dict[str, Any]]) -> Table:
    rows: list[tuple[str, ...]] = [
        (
            person(each["userPrincipalName"]),
            each["intendedPurpose"],
            moment(each["expirationDateTime"])[:10],
            each["thumbprint"],
        )
        for each in certificates
    ]
    headings = ("user", "purpose", "until", "thumbprint")
    return Table(headings, rows, shrinks="user", empty="There are no such certificates.")


@app.command("user-id")
@with_service(Graph)
def print_user_id(
    *,
    service: Graph,
    upn: Annotated[str, typer.Option(help="the userPrincipalName")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Print a user's id without hyphens.

    As Get-IntuneUserId does. The id is the first part of the keys of imported certificates.

    \b
    fauxtune pfx user-id --upn alice@contoso.example
    """
    with plain_failures(), service.client() as client:
        user_id = pfx.Users(client).id_of(upn)
        emit(output, {"userPrincipalName": upn, "userId": user_id}, text=user_id)
