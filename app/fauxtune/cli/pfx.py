"""`fauxtune pfx`: the PFXImport cmdlets, with their parameters in kebab case.

`import`, `list`, `remove` and `user-id` speak Graph, to this emulator or to the service that --url and --authority
name. The commands for the connector's key stand in pfx_keys. Nothing is remembered between two commands: each signs in
by itself, where the cmdlets want Set-IntuneAuthenticationToken first.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fauxtune.cli import pfx_keys
from fauxtune.cli.options import Output, OutputOption, emit, fail, said_plainly
from fauxtune.cli.pfx_import import import_, line_of
from fauxtune.cli.service import Graph, with_service

app = typer.Typer(
    help="""Import S/MIME certificates (PFX) for users.

The commands do what Intune's PFX import cmdlets do. The connector has an RSA key. The password of each PFX file is
encrypted to its public half on this machine; the service stores file and password and can open neither. When a device
of the user checks in, the connector decrypts the password and encrypts it to the device.

\b
1. the key      fauxtune pfx add-key (the seeded tenant has one: PFXEncryptionKey)
2. its file     fauxtune pfx export-public-key --file-path pfx.pem (not needed where the emulator can be reached)
3. the import   fauxtune pfx import --path-to-pfx-file alice.pfx --pfx-password-file alice.txt --upn UPN
4. a profile    in Graph: an imported PFX profile with the same intended purpose, assigned to the user's group

Every command signs in by itself: as the application of the server in --data-dir or at --url, or as said by --tenant,
--client-id, --client-secret, --admin-user-name and --admin-password. Each of them is also a variable, FAUXTUNE_TENANT
and so on, which is the better place for secrets: other users of a machine can read command lines.""",
    no_args_is_help=True,
)
app.add_typer(pfx_keys.app)
app.command("import")(import_)


@app.command("list")
@with_service(Graph)
def list_(
    *,
    service: Graph,
    upn: Annotated[list[str] | None, typer.Option(help="only this user's; may be repeated")] = None,
    thumbprint: Annotated[list[str] | None, typer.Option(help="only this certificate; may be repeated")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List imported certificates.

    Get-IntuneUserPfxCertificate. Without options all of them. The file and its password are never shown: Graph answers
    AA== and an empty text.

    \b
    fauxtune pfx list
    fauxtune pfx list --upn alice@contoso.example --upn bob@contoso.example --output json
    """
    with said_plainly(), service.client() as client:
        from fauxtune.client import pfx

        found = pfx.find(client, upn or [], thumbprints=thumbprint or [])
        emit(output, found, text="\n".join(line_of(each) for each in found) or "None.")


@app.command()
@with_service(Graph)
def remove(
    *,
    service: Graph,
    upn: Annotated[list[str], typer.Option(help="whose certificates; may be repeated")],
    thumbprint: Annotated[list[str] | None, typer.Option(help="only this one; may be repeated")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Remove users' imported certificates, or some.

    Remove-IntuneUserPfxCertificate. They go from the users' devices too. Nothing is revoked at the CA.

    \b
    fauxtune pfx remove --upn alice@contoso.example
    fauxtune pfx remove --upn alice@contoso.example --thumbprint 0a1b...
    """
    with said_plainly(), service.client() as client:
        from fauxtune.client import pfx

        done = pfx.remove(client, upn, thumbprints=thumbprint or [])
        gone = [each.thumbprint for each in done if each.reason is None]
        kept = [each for each in done if each.reason is not None]
        failed: list[dict[str, Any]] = [
            {"userPrincipalName": each.upn, "thumbprint": each.thumbprint, "reason": each.reason} for each in kept
        ]
        if gone or not kept or output is Output.JSON:
            document = {"removed": gone, "failed": failed}
            emit(output, document, text=f"Successfully removed {len(gone)} Certificates.")
        if kept:
            reasons = "\n".join(f"  {each.thumbprint} of {each.upn}: {each.reason}" for each in kept)
            fail(f"Failed to remove {len(kept)} Certificates.\n{reasons}")


@app.command("user-id")
@with_service(Graph)
def user_id(
    *,
    service: Graph,
    upn: Annotated[str, typer.Option(help="the user principal name")],
    output: OutputOption = Output.TEXT,
) -> None:
    """A user's id without hyphens (Get-IntuneUserId).

    It is the first half of the keys of imported certificates.

    \b
    fauxtune pfx user-id --upn alice@contoso.example
    """
    with said_plainly(), service.client() as client:
        from fauxtune.client import pfx

        found = pfx.Users(client).id_of(upn)
        emit(output, {"userPrincipalName": upn, "userId": found}, text=found)
