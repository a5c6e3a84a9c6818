"""`fauxtune pfx`: the PFXImport cmdlets, with their parameters in kebab case.

`import`, `list`, `remove` and `user-id` call Graph, of this emulator or of the service that --url and --authority name.
The commands for the connector's key are in pfx_keys. Each command signs in by itself; the cmdlets need
Set-IntuneAuthenticationToken first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from fauxtune_cli.certificate import pfx_keys
from fauxtune_cli.certificate.pfx_keys import key_option, provider_option, public_key
from fauxtune_cli.options import FAILED, PATH, Group, OneOf, Output, emit, fail, output_option, plain, plain_failures
from fauxtune_cli.progress import Meter, progress
from fauxtune_cli.service import Graph, with_service
from fauxtune_cli.tables import Table, moment, person, print_table
from fauxtune_client import pfx
from fauxtune_client import pfx as importing
from fauxtune_client.http import Client
from fauxtune_client.pfx import Defaults, Outcome, Row

#: The exit code of a program that Ctrl-C ended, as in shells.
_INTERRUPTED = 130


class Purpose(StrEnum):
    """The purpose of an imported certificate (userPfxIntendedPurpose)."""

    UNASSIGNED = "unassigned"
    SMIME_ENCRYPTION = "smimeEncryption"
    SMIME_SIGNING = "smimeSigning"
    VPN = "vpn"
    WIFI = "wifi"


class Padding(StrEnum):
    """The padding with which the password is encrypted (userPfxPaddingScheme)."""

    OAEP_SHA256 = "oaepSha256"
    OAEP_SHA384 = "oaepSha384"
    OAEP_SHA512 = "oaepSha512"


@click.command("import")
@click.option(
    "--path-to-pfx-file",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="a PFX file, or a folder with PFX files; repeatable",
)
@click.option("--manifest", type=PATH, help="a CSV file: file,upn,password,purpose; the options fill empty fields")
@click.option(
    "--pfx-password",
    envvar="FAUXTUNE_PFX_PASSWORD",
    show_envvar=True,
    help="the files' password, or - to read it from standard input (better in the variable or a file)",
)
@click.option(
    "--pfx-password-file", type=PATH, help="a file whose first line is the password; it overrides --pfx-password"
)
@click.option("--upn", help="the userPrincipalName of the certificates' user")
@click.option("--upn-from-certificate", is_flag=True, help="take the user from the e-mail address in each certificate")
@provider_option
@key_option
@click.option(
    "--intended-purpose",
    type=OneOf(Purpose, case_sensitive=False),
    default="unassigned",
    metavar="|".join(Purpose),
    help="the purpose of the profiles that deliver it",
)
@click.option(
    "--padding-scheme",
    type=OneOf(Padding, case_sensitive=False),
    default="oaepSha512",
    metavar="|".join(Padding),
    help="the padding of the encrypted password",
)
@click.option(
    "--key-file-path", type=PATH, help="the connector's public key: PEM or CNG blob (default: ask the emulator)"
)
@click.option("--is-update", is_flag=True, help="replace certificates that were imported before; import the others")
@output_option
@with_service(Graph)
def import_(
    *,
    service: Graph,
    path_to_pfx_file: tuple[Path, ...],
    manifest: Path | None,
    pfx_password: str | None,
    pfx_password_file: Path | None,
    upn: str | None,
    upn_from_certificate: bool,
    provider_name: str,
    key_name: str,
    intended_purpose: Purpose,
    padding_scheme: Padding,
    key_file_path: Path | None,
    is_update: bool,
    output: Output,
) -> None:
    """Import PFX files for users.

    As New- and Import-IntuneUserPfxCertificate do. This command encrypts each password with the connector's public key;
    the service cannot read it. The key comes from --key-file-path (see export-public-key), or from the emulator, by
    provider and key name. Both names are stored with the certificate: by them the connector finds its private key.

    The intended purpose is a tag: an imported PFX profile delivers the certificates of the user that have the profile's
    purpose. Import all encryption certificates of a user, the expired ones too: devices need them to read old mail.

    A file that cannot be imported does not stop the others; the summary gives the reason for each, and the exit code is
    1. The files that were imported stay imported: repeat the command with --is-update after correcting the others.

    \b
    fauxtune pfx import --path-to-pfx-file alice.pfx \\
        --pfx-password-file alice.txt --upn alice@contoso.example
    fauxtune pfx import --path-to-pfx-file folder --upn-from-certificate
    fauxtune pfx import --manifest people.csv --is-update

    \b
    people.csv, with paths relative to its folder. It holds passwords: protect it.
        file,upn,password,purpose
        alice-2019.pfx,alice@contoso.example,"se,cret",smimeEncryption
        alice-2024.pfx,alice@contoso.example,,
    """
    with plain_failures():
        if upn is not None and upn_from_certificate:
            fail("--upn and --upn-from-certificate cannot be used together.")
        rows = _rows(path_to_pfx_file, manifest=manifest)
        defaults = importing.Defaults(
            password=_password(pfx_password, file=pfx_password_file),
            upn=upn,
            upn_from_certificate=upn_from_certificate,
            provider_name=provider_name,
            key_name=key_name,
            purpose=intended_purpose.value,
            padding=padding_scheme.value,
        )
        with service.client() as client:
            key = _key_bytes(service, client, file=key_file_path, provider_name=provider_name, key_name=key_name)
            meter = progress("Importing", output=output, total=len(rows), unit="files", lines=True)
            outcomes, interrupted = _import_all(client, rows, defaults=defaults, key=key, update=is_update, meter=meter)
        _conclude(outcomes, output=output, interrupted=interrupted)


def line_of(record: dict[str, Any]) -> str:
    """Return the line of a certificate in a list."""
    names = ("thumbprint", "intendedPurpose", "userPrincipalName", "expirationDateTime")
    return plain("  ".join(str(record.get(name, "")) for name in names))


def _rows(paths: Sequence[Path], *, manifest: Path | None) -> list[Row]:
    """The files to import."""
    if not paths and manifest is None:
        fail(
            "There is nothing to import: name files or folders with --path-to-pfx-file, or a CSV file with --manifest."
        )
    purposes = {purpose.value.lower(): purpose.value for purpose in Purpose}
    rows = [] if manifest is None else importing.read_manifest(manifest, purposes=purposes)
    return importing.rows_of(paths, rows=rows)


def _import_all(
    client: Client,
    rows: list[Row],
    *,
    defaults: Defaults,
    key: bytes,
    update: bool,
    meter: AbstractContextManager[Meter],
) -> tuple[list[Outcome], bool]:
    """The outcome of each file, and whether Ctrl-C interrupted the import."""
    public = pfx.read_public_key(key)
    client.token()  # a failure to sign in is reported once, not for each file
    outcomes: list[Outcome] = []
    try:
        with meter as counter:
            for outcome in importing.import_all(client, rows, defaults=defaults, key=public, update=update):
                outcomes.append(outcome)
                counter.one_done(_line(outcome), succeeded=outcome.record is not None)
    except KeyboardInterrupt:
        return outcomes + importing.interrupted(rows[len(outcomes) :]), True
    return outcomes, False


def _conclude(outcomes: list[Outcome], *, output: Output, interrupted: bool) -> None:
    """Print the summary: successes on standard output, failures on standard error. Exit with a code for the latter."""
    results = ("imported", "updated", "failed")
    by = {result: [outcome for outcome in outcomes if outcome.result == result] for result in results}
    document: dict[str, Any] = {
        "imported": [outcome.record for outcome in by["imported"]],
        "updated": [outcome.record for outcome in by["updated"]],
        "failed": [
            {"file": str(failure.path), "userPrincipalName": failure.upn, "reason": failure.reason}
            for failure in by["failed"]
        ],
    }
    lines = []
    for result in ("imported", "updated"):
        if by[result]:
            lines.append(f"Successfully {result} {len(by[result])} Certificates.")
            lines += [line_of(outcome.record) for outcome in by[result] if outcome.record is not None]
    if lines or output is Output.JSON:
        emit(output, document, text="\n".join(lines))
    if by["failed"]:
        reasons = "\n".join(f"  {failure.path}: {failure.reason}" for failure in by["failed"])
        print(f"fauxtune: Failed to import {len(by['failed'])} Certificates.\n{reasons}", file=sys.stderr)
        raise click.exceptions.Exit(_INTERRUPTED if interrupted else FAILED)


def _line(outcome: Outcome) -> str:
    if outcome.record is None:
        return f"{outcome.result:8}  {outcome.path}: {outcome.reason}"
    return f"{outcome.result:8}  {outcome.path}  {line_of(outcome.record)}"


def _password(option: str | None, *, file: Path | None) -> str | None:
    """The password of all files without one of their own."""
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except OSError as error:
            fail(f"The password file {file} cannot be read: {error.strerror}.")
        except UnicodeDecodeError:
            fail(f"The password file {file} is not UTF-8.")
        return text.split("\n", 1)[0].rstrip("\r")
    return sys.stdin.readline().rstrip("\r\n") if option == "-" else option


def _key_bytes(service: Graph, client: Client, *, file: Path | None, provider_name: str, key_name: str) -> bytes:
    if file is None:
        if service.is_foreign:
            fail("Another service does not show the connector's key: name the public key file with --key-file-path.")
        return public_key(client, provider_name, key_name=key_name)
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"The key file {file} cannot be read: {error.strerror}.")


app = Group(
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
(FAUXTUNE_TENANT and so on). Use the variables for secrets: other users of the machine can read command lines."""
)
app.add_command(import_)


@app.command("list")
@click.option("--upn", multiple=True, help="only certificates of this user; repeatable")
@click.option("--thumbprint", multiple=True, help="only this certificate; repeatable")
@output_option
@with_service(Graph)
def list_(*, service: Graph, upn: tuple[str, ...], thumbprint: tuple[str, ...], output: Output) -> None:
    """List imported certificates.

    As Get-IntuneUserPfxCertificate does. Without options it lists all. Files and passwords are never shown: Graph
    answers AA== and an empty text.

    \b
    fauxtune pfx list
    fauxtune pfx list --upn alice@contoso.example --output json
    """
    with plain_failures(), service.client() as client:
        certificates = pfx.find(client, upn, thumbprints=thumbprint)
        if output is Output.JSON:
            emit(output, certificates, text="")
        else:
            print_table(_listed(certificates))


@app.command()
@click.option("--upn", multiple=True, required=True, help="the user whose certificates are removed; repeatable")
@click.option("--thumbprint", multiple=True, help="only this certificate; repeatable")
@output_option
@with_service(Graph)
def remove(*, service: Graph, upn: tuple[str, ...], thumbprint: tuple[str, ...], output: Output) -> None:
    """Remove imported certificates of users.

    As Remove-IntuneUserPfxCertificate does. They are removed from the users' devices, too. Nothing is revoked at the
    CA.

    \b
    fauxtune pfx remove --upn alice@contoso.example
    fauxtune pfx remove --upn alice@contoso.example --thumbprint 0a1b...
    """
    with plain_failures(), service.client() as client:
        removals = pfx.remove(client, upn, thumbprints=thumbprint)
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
            person(certificate["userPrincipalName"]),
            certificate["intendedPurpose"],
            moment(certificate["expirationDateTime"])[:10],
            certificate["thumbprint"],
        )
        for certificate in certificates
    ]
    headings = ("user", "purpose", "until", "thumbprint")
    return Table(headings, rows, shrinks="user", empty="There are no such certificates.")


@app.command("user-id")
@click.option("--upn", required=True, help="the userPrincipalName")
@output_option
@with_service(Graph)
def print_user_id(*, service: Graph, upn: str, output: Output) -> None:
    """Print a user's id without hyphens.

    As Get-IntuneUserId does. The id is the first part of the keys of imported certificates.

    \b
    fauxtune pfx user-id --upn alice@contoso.example
    """
    with plain_failures(), service.client() as client:
        user_id = pfx.Users(client).id_of(upn)
        emit(output, {"userPrincipalName": upn, "userId": user_id}, text=user_id)


for command in (pfx_keys.add_key, pfx_keys.import_private_key, pfx_keys.export_public_key):
    app.add_command(command)
