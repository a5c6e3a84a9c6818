"""`fauxtune pfx`: the PFXImport cmdlets, with their parameters in kebab case.

`add-key` and `export-public-key` speak to this emulator's control surface, as the cmdlets speak to the key store of the
connector's machine. `import`, `list` and `remove` speak Graph, to whatever service `--graph-uri` names.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from fauxtune.cli.options import (
    DATA_DIR,
    CaOption,
    DataDirOption,
    Output,
    OutputOption,
    UrlOption,
    emit,
    fail,
    said_plainly,
)

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
TenantOption = Annotated[str | None, typer.Option("--tenant-id", envvar="AZURE_TENANT_ID", help="id, name or domain")]
ClientIdOption = Annotated[str | None, typer.Option("--client-id", envvar="AZURE_CLIENT_ID")]
ClientSecretOption = Annotated[str | None, typer.Option("--client-secret", envvar="AZURE_CLIENT_SECRET")]
GraphOption = Annotated[str | None, typer.Option("--graph-uri", help="another Graph [default: the server]")]
AuthorityOption = Annotated[str | None, typer.Option("--auth-uri", help="another authority [default: the server]")]
VersionOption = Annotated[str, typer.Option("--schema-version", help="the Graph version")]
AdminOption = Annotated[str | None, typer.Option("--admin-user-name", help="sign in as a user")]
AdminPasswordOption = Annotated[str | None, typer.Option("--admin-password", envvar="FAUXTUNE_ADMIN_PASSWORD")]
ControlTokenOption = Annotated[str | None, typer.Option("--control-token", envvar="FAUXTUNE_CONTROL_TOKEN")]


@dataclass(frozen=True, slots=True)
class _Graph:
    """Which service, and as whom."""

    data_dir: Path
    url: str | None
    ca: Path | None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    graph_uri: str | None = None
    auth_uri: str | None = None
    schema_version: str = "beta"
    admin: tuple[str | None, str | None] = (None, None)
    control_token: str | None = None

    def client(self) -> Client:
        from fauxtune.client.endpoints import Server, find
        from fauxtune.client.http import Client

        name, password = self.admin
        if (name is None) != (password is None):
            fail("--admin-user-name and --admin-password go together.")
        if self.graph_uri is not None and self.auth_uri is not None and self.url is None:
            # Nothing of ours is asked, so none of ours need run.
            server = Server(self.graph_uri, None, "", self.ca, self.tenant_id or "", None, self.client_id or "", "")
        else:
            server = find(data_dir=self.data_dir, url=self.url, ca=self.ca)
        base = (self.graph_uri or server.https).rstrip("/")
        return Client(
            server.signing_in_as(tenant=self.tenant_id, client_id=self.client_id, client_secret=self.client_secret),
            authority=self.auth_uri if self.auth_uri is None or "://" in self.auth_uri else f"https://{self.auth_uri}",
            graph=f"{base}/{self.schema_version}",
            user=None if name is None or password is None else (name, password),
            control_token=self.control_token,
        )


@app.command("add-key")
def add_key(
    *,
    provider_name: ProviderOption = PROVIDER,
    key_name: KeyOption = KEY_NAME,
    key_length: Annotated[int, typer.Option(help="bits")] = 2048,
    tenant_id: TenantOption = None,
    data_dir: DataDirOption = DATA_DIR,
    url: UrlOption = None,
    ca: CaOption = None,
    control_token: ControlTokenOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make a key on the connector (Add-IntuneKspKey).

    \b
    fauxtune pfx add-key --key-name Key2026
    """
    where = _Graph(data_dir, url, ca, tenant_id=tenant_id, control_token=control_token)
    with said_plainly(), where.client() as client:
        body = {"providerName": provider_name, "keyName": key_name, "keyLength": key_length}
        made = client.control("POST", f"/connectors/{_connector(client)}/keys", json=body)
        emit(output, made, text=f"Made the key '{key_name}' ({key_length} bits) in '{provider_name}'.")


@app.command("export-public-key")
def export_public_key(
    *,
    file_path: Annotated[Path, typer.Option(help="the file to write; an existing one is refused")],
    provider_name: ProviderOption = PROVIDER,
    key_name: KeyOption = KEY_NAME,
    file_format: Annotated[FileFormat, typer.Option(help="PEM, or the blob that the cmdlets write")] = FileFormat.PEM,
    tenant_id: TenantOption = None,
    data_dir: DataDirOption = DATA_DIR,
    url: UrlOption = None,
    ca: CaOption = None,
    control_token: ControlTokenOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write a connector key's public half to a file (Export-IntunePublicKey).

    \b
    fauxtune pfx export-public-key --file-path pfx.pem
    """
    where = _Graph(data_dir, url, ca, tenant_id=tenant_id, control_token=control_token)
    with said_plainly(), where.client() as client:
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
def import_(
    *,
    path_to_pfx_file: Annotated[Path, typer.Option(help="the PFX file")],
    pfx_password: Annotated[str, typer.Option(envvar="FAUXTUNE_PFX_PASSWORD", help="its password; - reads a line")],
    upn: Annotated[str, typer.Option(help="whose certificate it is")],
    provider_name: ProviderOption = PROVIDER,
    key_name: KeyOption = KEY_NAME,
    intended_purpose: Annotated[Purpose, typer.Option(case_sensitive=False)] = Purpose.UNASSIGNED,
    padding_scheme: Annotated[Padding, typer.Option(case_sensitive=False)] = Padding.OAEP_SHA512,
    key_file_path: Annotated[Path | None, typer.Option(help="the public key [default: ask the connector]")] = None,
    is_update: Annotated[bool, typer.Option("--is-update", help="replace a certificate that is there already")] = False,
    tenant_id: TenantOption = None,
    client_id: ClientIdOption = None,
    client_secret: ClientSecretOption = None,
    graph_uri: GraphOption = None,
    auth_uri: AuthorityOption = None,
    schema_version: VersionOption = "beta",
    admin_user_name: AdminOption = None,
    admin_password: AdminPasswordOption = None,
    data_dir: DataDirOption = DATA_DIR,
    url: UrlOption = None,
    ca: CaOption = None,
    control_token: ControlTokenOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Import a PFX file for a user (New- and Import-IntuneUserPfxCertificate).

    Its password is encrypted here, to the connector's public key; the service cannot read it.

    \b
    fauxtune pfx import --path-to-pfx-file alice.pfx --pfx-password secret \\
        --upn alice@contoso.example --intended-purpose smimeEncryption
    """
    where = _Graph(
        data_dir,
        url,
        ca,
        tenant_id=tenant_id,
        client_id=client_id,
        client_secret=client_secret,
        graph_uri=graph_uri,
        auth_uri=auth_uri,
        schema_version=schema_version,
        admin=(admin_user_name, admin_password),
        control_token=control_token,
    )
    with said_plainly(), where.client() as client:
        from fauxtune.client import pfx

        file = pfx.PfxFile(
            path=path_to_pfx_file,
            password=sys.stdin.readline().rstrip("\r\n") if pfx_password == "-" else pfx_password,
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
def list_(
    *,
    upn: Annotated[list[str] | None, typer.Option(help="only this user's; may be repeated")] = None,
    tenant_id: TenantOption = None,
    client_id: ClientIdOption = None,
    client_secret: ClientSecretOption = None,
    graph_uri: GraphOption = None,
    auth_uri: AuthorityOption = None,
    schema_version: VersionOption = "beta",
    admin_user_name: AdminOption = None,
    admin_password: AdminPasswordOption = None,
    data_dir: DataDirOption = DATA_DIR,
    url: UrlOption = None,
    ca: CaOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List imported certificates (Get-IntuneUserPfxCertificate).

    \b
    fauxtune pfx list --upn alice@contoso.example --output json
    """
    where = _Graph(
        data_dir,
        url,
        ca,
        tenant_id=tenant_id,
        client_id=client_id,
        client_secret=client_secret,
        graph_uri=graph_uri,
        auth_uri=auth_uri,
        schema_version=schema_version,
        admin=(admin_user_name, admin_password),
    )
    with said_plainly(), where.client() as client:
        from fauxtune.client import pfx

        found = pfx.find(client, upn or [])
        emit(output, found, text="\n".join(_line(each) for each in found) or "None.")


@app.command()
def remove(
    *,
    upn: Annotated[str, typer.Option(help="whose certificates")],
    thumbprint: Annotated[list[str] | None, typer.Option(help="only this one; may be repeated")] = None,
    tenant_id: TenantOption = None,
    client_id: ClientIdOption = None,
    client_secret: ClientSecretOption = None,
    graph_uri: GraphOption = None,
    auth_uri: AuthorityOption = None,
    schema_version: VersionOption = "beta",
    admin_user_name: AdminOption = None,
    admin_password: AdminPasswordOption = None,
    data_dir: DataDirOption = DATA_DIR,
    url: UrlOption = None,
    ca: CaOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Remove a user's imported certificates, or some of them (Remove-IntuneUserPfxCertificate).

    \b
    fauxtune pfx remove --upn alice@contoso.example --thumbprint 0a1b...
    """
    where = _Graph(
        data_dir,
        url,
        ca,
        tenant_id=tenant_id,
        client_id=client_id,
        client_secret=client_secret,
        graph_uri=graph_uri,
        auth_uri=auth_uri,
        schema_version=schema_version,
        admin=(admin_user_name, admin_password),
    )
    with said_plainly(), where.client() as client:
        from fauxtune.client import pfx

        gone = pfx.remove(client, upn, thumbprints=thumbprint or [])
        emit(output, {"removed": gone}, text=f"Successfully removed {len(gone)} Certificates.")


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
        raise


def _line(record: dict[str, Any]) -> str:
    return "  ".join(
        str(record.get(name, ""))
        for name in ("thumbprint", "intendedPurpose", "userPrincipalName", "expirationDateTime")
    )
