"""`fauxtune pfx import`: New- and Import-IntuneUserPfxCertificate in one, for one file or for many."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fauxtune.cli.options import FAILED, Output, OutputOption, emit, fail, plain, said_plainly
from fauxtune.cli.pfx_keys import KEY_NAME, PROVIDER, KeyOption, ProviderOption, public_key
from fauxtune.cli.progress import progress
from fauxtune.cli.service import Graph, with_service

if TYPE_CHECKING:
    from fauxtune.client.http import Client
    from fauxtune.client.importing import Defaults, Outcome, Row

#: What shells say of a program that Ctrl-C ended.
_INTERRUPTED = 130


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


PathsOption = Annotated[
    list[Path] | None,
    typer.Option("--path-to-pfx-file", help="a PFX file, or a folder of them; may be repeated", metavar="PATH"),
]
ManifestOption = Annotated[
    Path | None, typer.Option(help="a CSV file: file,upn,password,purpose; what is empty, the options say")
]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        envvar="FAUXTUNE_PFX_PASSWORD",
        help="the files' password; - reads a line of input; better: the file, the variable",
    ),
]
PasswordFileOption = Annotated[
    Path | None, typer.Option(help="a file whose first line is the password; it counts before the former")
]
UpnOption = Annotated[str | None, typer.Option(help="whose certificates they are")]
UpnFromCertificateOption = Annotated[
    bool, typer.Option("--upn-from-certificate", help="the e-mail address in each certificate says whose it is")
]
PurposeOption = Annotated[
    Purpose, typer.Option(case_sensitive=False, metavar="|".join(Purpose), help="which profiles deliver it")
]
PaddingOption = Annotated[
    Padding, typer.Option(case_sensitive=False, metavar="|".join(Padding), help="how the password is encrypted")
]
KeyFileOption = Annotated[
    Path | None, typer.Option(help="the connector's public key: PEM or CNG blob (default: asked of the emulator)")
]
UpdateOption = Annotated[bool, typer.Option("--is-update", help="replace what is there already; what is not, is made")]


@with_service(Graph)
def import_(
    *,
    service: Graph,
    path_to_pfx_file: PathsOption = None,
    manifest: ManifestOption = None,
    pfx_password: PasswordOption = None,
    pfx_password_file: PasswordFileOption = None,
    upn: UpnOption = None,
    upn_from_certificate: UpnFromCertificateOption = False,
    provider_name: ProviderOption = PROVIDER,
    key_name: KeyOption = KEY_NAME,
    intended_purpose: PurposeOption = Purpose.UNASSIGNED,
    padding_scheme: PaddingOption = Padding.OAEP_SHA512,
    key_file_path: KeyFileOption = None,
    is_update: UpdateOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Import PFX files for users.

    New- and Import-IntuneUserPfxCertificate. Each password is encrypted here, to the connector's public key; the
    service cannot read it. The key comes from --key-file-path (see export-public-key), or from this emulator, by
    provider and key name; the two names are stored with the certificate in any case, for the connector to find the
    private half by.

    The intended purpose is a tag: an imported PFX profile delivers those of the user's certificates that have its own
    purpose. All of the user's encryption certificates belong on every device, the expired ones too, to read old mail.

    A file that cannot be imported does not stop the others; the summary gives the reason for each, and the exit code is
    1. What was imported stays: repeat the command with --is-update to complete it.

    \b
    fauxtune pfx import --path-to-pfx-file alice.pfx --pfx-password-file alice.txt --upn alice@contoso.example
    FAUXTUNE_PFX_PASSWORD=secret fauxtune pfx import --path-to-pfx-file folder --upn-from-certificate
    fauxtune pfx import --manifest people.csv --intended-purpose smimeEncryption --is-update
    people.csv (paths begin at its folder; it holds passwords, so protect it):
        file,upn,password,purpose
        alice-2019.pfx,alice@contoso.example,"se,cret",smimeEncryption
        alice-2024.pfx,alice@contoso.example,,
    """
    with said_plainly():
        from fauxtune.client import importing

        if upn is not None and upn_from_certificate:
            fail("--upn and --upn-from-certificate exclude each other.")
        rows = _rows(path_to_pfx_file or [], manifest=manifest)
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
            outcomes, interrupted = _import_all(client, rows, defaults=defaults, key=key, update=is_update)
        _conclude(outcomes, output=output)
        if any(each.record is None for each in outcomes):
            raise typer.Exit(_INTERRUPTED if interrupted else FAILED)


def line_of(record: dict[str, Any]) -> str:
    """A certificate as lists show it."""
    shown = ("thumbprint", "intendedPurpose", "userPrincipalName", "expirationDateTime")
    return plain("  ".join(str(record.get(name, "")) for name in shown))


def _rows(paths: list[Path], *, manifest: Path | None) -> list[Row]:
    """What is to be imported."""
    from fauxtune.client import importing

    if not paths and manifest is None:
        fail("What is to be imported? Name files or folders by --path-to-pfx-file, or a --manifest.")
    purposes = {each.value.lower(): each.value for each in Purpose}
    rows = [] if manifest is None else importing.read_manifest(manifest, purposes=purposes)
    return importing.chosen(paths, rows=rows)


def _import_all(
    client: Client, rows: list[Row], *, defaults: Defaults, key: bytes, update: bool
) -> tuple[list[Outcome], bool]:
    """What became of each file, and whether Ctrl-C came between."""
    from fauxtune.client import importing, pfx

    public = pfx.read_public_key(key)
    client.token()  # whoever cannot sign in need not hear it once for each file
    outcomes: list[Outcome] = []
    try:
        with progress(len(rows), title="Importing") as told:
            for each in importing.import_all(client, rows, defaults=defaults, key=public, update=update):
                outcomes.append(each)
                told(_line(each), each.record is not None)
    except KeyboardInterrupt:
        return outcomes + importing.interrupted(rows[len(outcomes) :]), True
    return outcomes, False


def _conclude(outcomes: list[Outcome], *, output: Output) -> None:
    """The summary: what was done on standard output, what was not on standard error."""
    by = {result: [each for each in outcomes if each.result == result] for result in ("imported", "updated", "failed")}
    document: dict[str, Any] = {
        "imported": [each.record for each in by["imported"]],
        "updated": [each.record for each in by["updated"]],
        "failed": [
            {"file": str(each.path), "userPrincipalName": each.upn, "reason": each.reason} for each in by["failed"]
        ],
    }
    lines = []
    for done in ("imported", "updated"):
        if by[done]:
            lines.append(f"Successfully {done} {len(by[done])} Certificates.")
            lines += [line_of(each.record) for each in by[done] if each.record is not None]
    if lines or output is Output.JSON:
        emit(output, document, text="\n".join(lines))
    if by["failed"]:
        reasons = "\n".join(f"  {each.path}: {each.reason}" for each in by["failed"])
        print(f"fauxtune: Failed to import {len(by['failed'])} Certificates.\n{reasons}", file=sys.stderr)


def _line(outcome: Outcome) -> str:
    if outcome.record is None:
        return f"{outcome.result:8}  {outcome.path}: {outcome.reason}"
    return f"{outcome.result:8}  {outcome.path}  {line_of(outcome.record)}"


def _password(given: str | None, *, file: Path | None) -> str | None:
    """The password for all files that have none of their own."""
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except OSError as error:
            fail(f"The password file {file} cannot be read: {error.strerror}.")
        except UnicodeDecodeError:
            fail(f"The password file {file} is not UTF-8.")
        return text.split("\n", 1)[0].rstrip("\r")
    return sys.stdin.readline().rstrip("\r\n") if given == "-" else given


def _key_bytes(service: Graph, client: Client, *, file: Path | None, provider_name: str, key_name: str) -> bytes:
    if file is None:
        if service.is_foreign:
            fail("Another service does not show the connector's key: name its public key file by --key-file-path.")
        return public_key(client, provider_name, key_name=key_name)
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"The key file {file} cannot be read: {error.strerror}.")
