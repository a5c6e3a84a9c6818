"""`fauxtune pfx`: the PFXImport cmdlets, with their parameters in kebab case.

`add-key` and `export-public-key` speak to this emulator's control surface, as the cmdlets speak to the key store of the
connector's machine. `import`, `list` and `remove` speak Graph, to whatever service `--graph-uri` names.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from fauxtune.cli.options import Output, OutputOption, emit, fail, said_plainly
from fauxtune.cli.service import Emulator, Graph, with_service

if TYPE_CHECKING:
    from fauxtune.client.http import Client

app = typer.Typer(help="Import S/MIME certificates (PFX) for users.", no_args_is_help=True)

PROVIDER = "Microsoft Software Key Storage Provider"
KEY_NAME = "PFXEncryptionKey"


class FileFormat(StrEnum):
    """How a public key is written."""

    PEM = "PEM"
    CNG_BLOB = "CngBlob"


class Purpose(StrEnum):
    """What an imported certificate is for (userPfxIntendedPurpose)."""

    UNASSIGNED = "unassigned"
    SMIME_ENCRYPTION = "smimeEncryption"
    SMIME_SIGNING = "smimeSigning"
    VPN = "vpn"
    WIFI = "wifi"


class Padding(StrEnum):
    """How the password is encrypted (userPfxPaddingScheme)."""

    OAEP_SHA256 = "oaepSha256"
    OAEP_SHA384 = "oaepSha384"
    OAEP_SHA512 = "oaepSha512"


ProviderOption = Annotated[str, typer.Option("--provider-name", help="the key storage provider")]
KeyOption = Annotated[str, typer.Option("--key-name", help="the key's name in it")]


@app.command("add-key")
@with_service(Emulator)
def add_key(
    *,
    service: Emulator,
    provider_name: ProviderOption = PROVIDER,
    key_name: KeyOption = KEY_NAME,
    key_length: Annotated[int, typer.Option(help="bits")] = 2048,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make a key on the connector (Add-IntuneKspKey).

    \b
    fauxtune pfx add-key --key-name Key2026
    """
    with said_plainly(), service.client() as client:
        body = {"providerName": provider_name, "keyName": key_name, "keyLength": key_length}
        made = client.control("POST", f"/connectors/{_connector(client)}/keys", json=body)
        emit(output, made, text=f"Made the key '{key_name}' ({key_length} bits) in '{provider_name}'.")


@app.command("export-public-key")
@with_service(Emulator)
def export_public_key(
    *,
    service: Emulator,
    file_path: Annotated[Path, typer.Option(help="the file to write; an existing one is refused")],
    provider_name: ProviderOption = PROVIDER,
    key_name: KeyOption = KEY_NAME,
    file_format: Annotated[FileFormat, typer.Option(help="PEM, or the blob that the cmdlets write")] = FileFormat.PEM,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write a connector key's public half to a file (Export-IntunePublicKey).

    \b
    fauxtune pfx export-public-key --file-path pfx.pem
    """
    with said_plainly(), service.client() as client:
        data = _public_key(client, provider_name, key_name=key_name, file_format=file_format)
        try:
            with file_path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            fail(f"{file_path} exists already; choose another file, or remove it first.")
        except OSError as error:
            fail(f"{file_path} cannot be written: {error.strerror}.")
        document = {"filePath": str(file_path.absolute()), "fileFormat": file_format.value, "keyName": key_name}
        emit(output, document, text=f"Wrote the public key of '{key_name}' to {file_path}.")


@app.command("import")
@with_service(Graph)
def import_(
    *,
    service: Graph,
    path_to_pfx_file: Annotated[Path, typer.Option(help="the PFX file")],
    pfx_password: Annotated[str, typer.Option(envvar="FAUXTUNE_PFX_PASSWORD", help="its password; - reads a line")],
    upn: Annotated[str, typer.Option(help="whose certificate it is")],
    provider_name: ProviderOption = PROVIDER,
    key_name: KeyOption = KEY_NAME,
    intended_purpose: Annotated[
        Purpose, typer.Option(case_sensitive=False, metavar="|".join(Purpose))
    ] = Purpose.UNASSIGNED,
    padding_scheme: Annotated[
        Padding, typer.Option(case_sensitive=False, metavar="|".join(Padding))
    ] = Padding.OAEP_SHA512,
    key_file_path: Annotated[Path | None, typer.Option(help="the public key (default: ask the connector)")] = None,
    is_update: Annotated[bool, typer.Option("--is-update", help="replace a certificate that is there already")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Import a PFX file for a user (New- and Import-IntuneUserPfxCertificate).

    Its password is encrypted here, to the connector's public key; the service cannot read it.

    \b
    fauxtune pfx import --path-to-pfx-file alice.pfx --pfx-password secret \\
        --upn alice@contoso.example --intended-purpose smimeEncryption
    """
    with said_plainly(), service.client() as client:
        from fauxtune.client import pfx

        file = pfx.PfxFile(
            path=path_to_pfx_file,
            password=_password(pfx_password),
            upn=upn,
            provider_name=provider_name,
            key_name=key_name,
            purpose=intended_purpose.value,
            padding=padding_scheme.value,
        )
        key = _key_bytes(client, key_file_path, provider_name=provider_name, key_name=key_name)
        record = pfx.document(file, pfx.read_public_key(key))
        made = pfx.create(client, record, update=is_update)
        emit(output, made, text=f"Successfully imported 1 Certificates.\n{_line(made)}")


@app.command("list")
@with_service(Graph)
def list_(
    *,
    service: Graph,
    upn: Annotated[list[str] | None, typer.Option(help="only this user's; may be repeated")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List imported certificates (Get-IntuneUserPfxCertificate).

    \b
    fauxtune pfx list --upn alice@contoso.example --output json
    """
    with said_plainly(), service.client() as client:
        from fauxtune.client import pfx

        found = pfx.find(client, upn or [])
        emit(output, found, text="\n".join(_line(each) for each in found) or "None.")


@app.command()
@with_service(Graph)
def remove(
    *,
    service: Graph,
    upn: Annotated[str, typer.Option(help="whose certificates")],
    thumbprint: Annotated[list[str] | None, typer.Option(help="only this one; may be repeated")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Remove a user's imported certificates, or some of them (Remove-IntuneUserPfxCertificate).

    \b
    fauxtune pfx remove --upn alice@contoso.example --thumbprint 0a1b...
    """
    with said_plainly(), service.client() as client:
        from fauxtune.client import pfx

        gone = pfx.remove(client, upn, thumbprints=thumbprint or [])
        emit(output, {"removed": gone}, text=f"Successfully removed {len(gone)} Certificates.")


def _password(given: str) -> str:
    from_input = given == "-"
    return sys.stdin.readline().rstrip("\r\n") if from_input else given


def _connector(client: Client) -> str:
    """The connector that handles imported PFX files; there is one."""
    found = client.control("GET", "/connectors")["value"]
    able = [each for each in found if "imported-pfx" in each["roles"]]
    if not able:
        fail("No connector of this tenant has the role imported-pfx.")
    return str(able[0]["id"])


def _public_key(client: Client, provider_name: str, *, key_name: str, file_format: FileFormat) -> bytes:
    path = f"/connectors/{_connector(client)}/keys/{quote(provider_name, safe='')}/{quote(key_name, safe='')}"
    params = {"format": "cngblob"} if file_format is FileFormat.CNG_BLOB else None
    answer = client.control("GET", path, params=params)
    return answer if isinstance(answer, bytes) else str(answer["publicKey"]).encode()


def _key_bytes(client: Client, file: Path | None, *, provider_name: str, key_name: str) -> bytes:
    if file is None:
        return _public_key(client, provider_name, key_name=key_name, file_format=FileFormat.PEM)
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"The key file {file} cannot be read: {error.strerror}.")


def _line(record: dict[str, Any]) -> str:
    shown = ("thumbprint", "intendedPurpose", "userPrincipalName", "expirationDateTime")
    return "  ".join(str(record.get(name, "")) for name in shown)
