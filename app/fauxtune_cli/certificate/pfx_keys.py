"""`fauxtune pfx add-key`, `export-public-key`, `import-private-key`: the key store of the connector's machine.

The cmdlets (Add-IntuneKspKey, Export-IntunePublicKey, Import-IntunePrivateKey) run on that machine; these commands call
the emulator's control surface. Differs from Intune: there is no Export-IntunePrivateKey, because no private key ever
leaves the emulated connector.
"""

from __future__ import annotations

import base64
import sys
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

import click

from fauxtune_cli.options import PATH, OneOf, Output, emit, fail, output_option, plain_failures
from fauxtune_cli.service import Emulator, with_service
from fauxtune_client.http import Client

PROVIDER = "Microsoft Software Key Storage Provider"
KEY_NAME = "PFXEncryptionKey"


class FileFormat(StrEnum):
    """The format of a public key file."""

    PEM = "PEM"
    CNG_BLOB = "CngBlob"


provider_option = click.option("--provider-name", default=PROVIDER, help="the key storage provider")
key_option = click.option("--key-name", default=KEY_NAME, help="the name of the key")
exportable_option = click.option(
    "--make-exportable", is_flag=True, help="accepted for existing scripts; no private key leaves the connector"
)


@click.command("add-key")
@provider_option
@key_option
@click.option("--key-length", default=2048, help="bits: 2048, 3072 or 4096")
@exportable_option
@output_option
@with_service(Emulator)
def add_key(
    *, service: Emulator, provider_name: str, key_name: str, key_length: int, make_exportable: bool, output: Output
) -> None:
    """Make a key on the connector.

    As Add-IntuneKspKey does. Passwords of PFX files are encrypted with its public key, and only the connector can
    decrypt them. The seeded tenant has such a key: PFXEncryptionKey. A name that exists already is refused.

    \b
    fauxtune pfx add-key --key-name Key2026
    fauxtune pfx add-key --key-name Key2026 --key-length 4096
    """
    with plain_failures(), service.client() as client:
        body = {"providerName": provider_name, "keyName": key_name, "keyLength": key_length}
        key = client.control("POST", f"/connectors/{_connector(client)}/keys", json=body)
        _warn(make_exportable)
        emit(output, key, text=f"Made the key '{key_name}' ({key_length} bits) in '{provider_name}'.")


@click.command("import-private-key")
@click.option(
    "--file-path", type=PATH, required=True, help="the private key: RSAFULLPRIVATEBLOB or PEM, without a password"
)
@provider_option
@key_option
@exportable_option
@output_option
@with_service(Emulator)
def import_private_key(
    *, service: Emulator, file_path: Path, provider_name: str, key_name: str, make_exportable: bool, output: Output
) -> None:
    """Import a private key into the connector.

    As Import-IntunePrivateKey does: several emulators can have the same key. It cannot be exported again, so keep the
    file. Never use a real key.

    \b
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem
    fauxtune pfx import-private-key --key-name Shared --file-path key.pem
    """
    with plain_failures(), service.client() as client:
        try:
            data = file_path.read_bytes()
        except OSError as error:
            fail(f"The key file {file_path} cannot be read: {error.strerror}.")
        is_pem = b"-----BEGIN" in data
        private_key = data.decode("ascii", "replace") if is_pem else base64.b64encode(data).decode()
        body = {"providerName": provider_name, "keyName": key_name, "privateKey": private_key}
        key = client.control("POST", f"/connectors/{_connector(client)}/keys", json=body)
        _warn(make_exportable)
        emit(output, key, text=f"Imported the key '{key_name}' ({key['keyLength']} bits) into '{provider_name}'.")


@click.command("export-public-key")
@click.option("--file-path", type=PATH, required=True, help="the file to write; it must not exist yet")
@provider_option
@key_option
@click.option(
    "--file-format",
    type=OneOf(FileFormat, case_sensitive=False),
    default="PEM",
    help="PEM, or CngBlob as the cmdlets write",
)
@output_option
@with_service(Emulator)
def export_public_key(
    *, service: Emulator, file_path: Path, provider_name: str, key_name: str, file_format: FileFormat, output: Output
) -> None:
    """Write the public key of a connector's key to a file.

    As Export-IntunePublicKey does. `fauxtune pfx import --key-file-path` and the cmdlets' -KeyFilePath read the file on
    machines that cannot reach the connector. No command exports the private key.

    \b
    fauxtune pfx export-public-key --file-path pfx.pem
    fauxtune pfx export-public-key --key-name Key2026 \\
        --file-path pfx.key --file-format CngBlob
    """
    with plain_failures(), service.client() as client:
        data = public_key(client, provider_name, key_name=key_name, file_format=file_format)
        try:
            with file_path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            fail(f"{file_path} exists already; choose another file, or remove it first.")
        except OSError as error:
            fail(f"{file_path} cannot be written: {error.strerror}.")
        document = {"filePath": str(file_path.absolute()), "fileFormat": file_format.value, "keyName": key_name}
        emit(output, document, text=f"Wrote the public key of '{key_name}' to {file_path}.")


def public_key(client: Client, provider_name: str, *, key_name: str, file_format: FileFormat = FileFormat.PEM) -> bytes:
    """Return the content of the public key file of a connector's key."""
    connector = _connector(client, provider_name, key_name=key_name)
    path = f"/connectors/{connector}/keys/{quote(provider_name, safe='')}/{quote(key_name, safe='')}"
    params = {"format": "cngblob"} if file_format is FileFormat.CNG_BLOB else None
    answer = client.control("GET", path, params=params)
    return answer if isinstance(answer, bytes) else str(answer["publicKey"]).encode()


def _connector(client: Client, provider_name: str = "", *, key_name: str = "") -> str:
    """The id of a connector with the role imported-pfx: the one that has this key, else the first inside the server."""
    connectors = [
        connector for connector in client.control_list("/connectors") if "imported-pfx" in connector.get("roles", ())
    ]
    if not connectors:
        fail("No connector of this tenant has the role imported-pfx: add one, or give one that role.")
    for connector in connectors if key_name else ():
        keys = client.control("GET", f"/connectors/{quote(str(connector['id']), safe='')}/keys")["value"]
        if any((key["providerName"], key["keyName"]) == (provider_name, key_name) for key in keys):
            return str(connector["id"])
    inside = (connector for connector in connectors if connector.get("location") != "process")
    return str(next(inside, connectors[0])["id"])


def _warn(make_exportable: bool) -> None:
    if make_exportable:
        print(
            "fauxtune: --make-exportable has no effect: no private key leaves the emulated connector.", file=sys.stderr
        )
