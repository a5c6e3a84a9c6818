"""`fauxtune certificate`: what the tenant's CA issued; issue and revoke.

Issuing and revoking at the CA's counter is no task of Graph: these commands speak to the control surface. What is
issued is written as a PFX file (RFC 7292) or as PEM, with a key if one was made.
"""

from __future__ import annotations

import base64
import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration import imported
from fauxtune.core.administration.choices import INTENDED, Purpose
from fauxtune.core.administration.requests import AdminRequest, Service, key
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, Session, confirm, partial, without, yes_option
from fauxtune_cli.certificate.pfx_keys import KEY_NAME, PROVIDER, public_key
from fauxtune_cli.options import PATH, Group, OneOf, fail, iso_time, one_line
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, certificate_name, moment, person, uses_in_words
from fauxtune_client.pfx import read_public_key

# Import a certificate that was just issued: what `certificate issue --import` does after the CA has answered.
#
# The password of the PFX file is encrypted on this machine with the connector's public key, as by `fauxtune pfx
# import`.


def check_import(user: str | None, *, csr: Path | None, password: str | None) -> None:
    """End the command if the certificate could not be imported after it was issued."""
    if user is None:
        fail("--import needs --user: the certificate is imported for the devices of that user.")
    if csr is not None:
        fail("With --csr no key is made, so that there is nothing to import: leave out --csr or --import.")
    if password is not None and not password.isascii():
        fail("--import needs a password of ASCII characters: the connector could not open the file with another one.")


def import_issued(
    session: Session, answer: dict[str, Any], *, document: dict[str, Any], user: str, purpose: Purpose
) -> str:
    """Import the certificate and its key for the user. Return a sentence, and add the record to the document."""
    data, password = base64.b64decode(answer["pfx"]), answer["pfxPassword"]
    with partial([f"issued {session.certificate(answer['thumbprint'])}"]):
        connector_key = imported.ConnectorKey(
            PROVIDER, KEY_NAME, read_public_key(public_key(session.client, PROVIDER, key_name=KEY_NAME))
        )
        request = imported.import_pfx(
            imported.record(
                data,
                certificate=imported.certificate_of(data, password=password),
                password=password,
                connector_key=connector_key,
                user_principal_name=user,
                purpose=INTENDED[purpose],
            )
        )
        document["imported"] = session.send(request, readable=imported.without_secrets(request))
    return f"\nImported it for {user}, for {purpose.value}. Devices get it by profiles of that purpose."


app = Group(
    help="""List, show, issue and revoke certificates of the tenant's CA.

A certificate is meant by its mark, by the first characters of its thumbprint or serial number (6 or more), or by a
user's name: then it is the user's newest one. To import a file that there is already: fauxtune pfx import.

\b
fauxtune certificate list --user alice
fauxtune certificate issue --user alice --template SmimeBoth --out alice.pfx
fauxtune certificate revoke 5e09a1f2 --reason keyCompromise"""
)

name_argument = click.argument(
    "name", shell_complete=completion.certificate, help="mark, beginning of the thumbprint or serial number, or a user"
)
_STATUSES = {"notYetValid": "not valid yet"}


class Reason(StrEnum):
    """Reasons of a revocation (RFC 5280 5.3.1)."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION = "cessationOfOperation"
    HOLD = "certificateHold"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"
    RELEASE = "removeFromCRL"


@app.command("list")
@click.option("--user", shell_complete=completion.user, help="only certificates of this user")
@click.option("--status", help="only those that are good, revoked, expired or notYetValid")
@with_service(Administration)
def list_(*, service: Administration, user: str | None, status: str | None) -> None:
    """List what the CA issued, the newest first.

    \b
    fauxtune certificate list
    fauxtune certificate list --user alice --status revoked
    """
    with service.session() as session:
        path = "/certificates"
        if user is not None:
            path += f"?userPrincipalName={key(names.user(session.client, user).name)}"
        rows = session.elements(AdminRequest("GET", path, service=Service.CONTROL))
        rows = session.marked([row for row in rows if status in (None, row["status"])])
        table = Table(
            ("user", "template", "for", "source", "until", "status", "certificate"),
            [
                (
                    person(row["userPrincipalName"]),
                    row["template"] or "-",
                    uses_in_words(row["keyUsage"]),
                    row["source"] or "issued",
                    moment(row["notAfter"])[:10],
                    _STATUSES.get(row["status"], row["status"]),
                    certificate_name(row, ids=session.ids),
                )
                for row in rows
            ],
            shrinks="template",
            empty="There are no such certificates.",
        )
        session.show(rows, table)


@app.command()
@name_argument
@with_service(Administration)
def show(*, name: str, service: Administration) -> None:
    """Show a certificate: its user, status and holders.

    \b
    fauxtune certificate show 5e09a1f2
    fauxtune certificate show alice --output json
    """
    with service.session() as session:
        thumbprint = names.certificate(session.client, name).id
        request = AdminRequest("GET", f"/certificates/{key(thumbprint)}", service=Service.CONTROL)
        answer = session.marked(session.send(request))
        holders = {holder["device"] for holder in answer["holders"]}
        devices = names.enrolments(session.client) if holders else []
        held_by = [f"{device.name} of {person(device.document['user'])}" for device in devices if device.id in holders]
        session.show(answer, _described(answer, held_by=held_by))


@app.command()
@click.option("--template", required=True, shell_complete=completion.template, help="the template, such as SmimeBoth")
@click.option("--user", shell_complete=completion.user, help="for this user")
@click.option("--out", type=PATH, help="the new file: .pfx or .p12, or .pem (certificate, chain, key)")
@click.option("--import", "purpose", type=OneOf(Purpose), help="import it for the user's devices, for this purpose")
@click.option("--subject", help="the subject, such as 'CN=Alice' (default: the user's)")
@click.option("--email", help="the e-mail address (default: the user's)")
@click.option("--from", "since", help="valid from, also in the past (default: now)")
@click.option("--until", help="valid until (default: by the template)")
@click.option("--csr", type=PATH, help="for this request (PKCS#10, PEM); no key is made")
@click.option(
    "--pfx-password",
    envvar="FAUXTUNE_PFX_PASSWORD",
    show_envvar=True,
    help="the password of the file (better in the variable)",
)
@with_service(Administration)
def issue(
    *,
    service: Administration,
    template: str,
    user: str | None,
    out: Path | None,
    purpose: Purpose | None,
    subject: str | None,
    email: str | None,
    since: str | None,
    until: str | None,
    csr: Path | None,
    pfx_password: str | None,
) -> None:
    """Issue a certificate; write it to a file, or import it.

    Without a password, a terminal asks for one; else one is made and printed. A .pem file is encrypted only if a
    password is given. With --import every device of the user gets certificate and key, by the imported PFX profiles
    that have this purpose.

    \b
    fauxtune certificate issue --user alice --template SmimeBoth --out alice.pfx
    fauxtune certificate issue --user alice --template SmimeEncryption \\
        --from 2023-01-01 --import encryption
    """
    if out is None and purpose is None:
        fail("Say what to do with the certificate: --out FILE writes it, --import PURPOSE imports it.")
    file = None if out is None else new_file(out, csr=csr)
    if purpose is not None:
        check_import(user, csr=csr, password=pfx_password)
    request = None if csr is None else read_request(csr)
    begin, end = (each and iso_time(each) for each in (since, until))
    with service.session() as session:
        owner = None if user is None else names.user(session.client, user).name
        password = pfx_password or (None if file is None else ask_for_password(file))
        task = tasks.issue_certificate(
            names.template(session.client, template).id,
            user=owner,
            subject=subject,
            email=email,
            not_before=begin,
            not_after=end,
            csr=request,
            pfx_password=password,
        )
        answer = session.send(task, readable=without(task, "pfxPassword"))
        document = {"serial": answer["serial"], "thumbprint": answer["thumbprint"]}
        text = f"Issued {session.certificate(answer['thumbprint'])}."
        if file is not None:
            text += written(file, answer, document=document, password=password)
        if purpose is not None and owner is not None:
            text += import_issued(session, answer, document=document, user=owner, purpose=purpose)
        session.show(document, text)


@app.command()
@name_argument
@click.option(
    "--reason", type=OneOf(Reason), default="unspecified", metavar="REASON", help=f"the reason: {', '.join(Reason)}"
)
@yes_option
@with_service(Administration)
def revoke(*, name: str, service: Administration, reason: Reason, yes: bool) -> None:
    """Revoke a certificate. It stays on the devices that hold it.

    certificateHold is the only reason that can be taken back, by removeFromCRL.

    \b
    fauxtune certificate revoke 5e09a1f2 --reason keyCompromise
    fauxtune certificate revoke alice --reason certificateHold
    """
    with service.session() as session:
        certificate = names.certificate(session.client, name)
        label = f"{session.certificate(certificate.id)} of {one_line(certificate.name)}"
        is_release = reason is Reason.RELEASE
        confirm(f"Take {label} from the CRL?" if is_release else f"Revoke {label}?", yes=yes)
        answer = session.send(tasks.revoke_certificate(certificate.id, reason=reason.value))
        revoked = f"{label} is revoked: {reason.value}."
        session.show(answer, f"{label} is no longer on the CRL." if is_release else revoked)


def _described(answer: dict[str, Any], *, held_by: list[str]) -> str:
    status = _STATUSES.get(answer["status"], answer["status"])
    if answer["revokedDateTime"]:
        status += f" since {moment(answer['revokedDateTime'])} UTC: {answer['reason']}"
    facts = [
        ("certificate", certificate_name(answer)),
        ("thumbprint", answer["thumbprint"]),
        ("serial number", answer["serial"]),
        ("subject", answer["subject"]),
        ("user", ", ".join(answer["users"])),
        ("template", answer["template"]),
        ("source", answer["source"] or "issued at the CA"),
        ("for", uses_in_words(answer["keyUsage"])),
        ("valid", f"{moment(answer['notBefore'])} to {moment(answer['notAfter'])} UTC"),
        ("status", status),
        ("held by", ", ".join(held_by) or "no device"),
    ]
    return "\n".join(f"{label:14} {one_line(text)}" for label, text in facts)


class Form(StrEnum):
    """The form of the file."""

    PFX = "pfx"
    PEM = "pem"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to write, in the form that its name says."""

    path: Path
    form: Form


_FORMS = {".pfx": Form.PFX, ".p12": Form.PFX, ".pem": Form.PEM, ".crt": Form.PEM}


def new_file(file: Path, *, csr: Path | None) -> NewFile:
    """Return the file with the form that its name says. Ends the command if the file cannot be written."""
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        fail(f"--out must end in .pfx, .p12 or .pem, which names the form of the file; {file} does not.")
    if csr is not None and form is Form.PFX:
        fail("With --csr no key is made, so that there is no PFX file: --out must end in .pem.")
    if not file.parent.is_dir():
        fail(f"{file} cannot be written: there is no folder {file.parent}.")
    if file.exists():
        fail(f"{file} exists already: name another file, or delete it.")
    return NewFile(file, form)


def read_request(file: Path) -> str:
    """Return the text of a PKCS#10 request. Ends the command if it cannot be read."""
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--csr must name a certificate request as PEM; {file} cannot be read: {error}")


def ask_for_password(file: NewFile) -> str | None:
    """Return the password that somebody types at a terminal; None without a terminal, or for an empty one."""
    if file.form is Form.PEM or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    prompt = "Password for the file (empty: one is made)"
    text = click.prompt(prompt, default="", hide_input=True, show_default=False, confirmation_prompt=True, err=True)
    return str(text) or None


def written(file: NewFile, answer: dict[str, Any], *, document: dict[str, Any], password: str | None) -> str:
    """Write the certificate to its file. Return the sentences about it, and add what they say to the document."""
    used = _write(file, answer, password=password)
    document["file"] = str(file.path)
    if used is None or password is not None:
        return f"\nWrote it to {file.path}."
    document["pfxPassword"] = used
    return f"\nWrote it to {file.path}; the password is {used}"


def _write(file: NewFile, answer: dict[str, Any], *, password: str | None) -> str | None:
    """Write the file, which only its owner can read. Return its password, or None if it has none."""
    if answer.get("pfx") is None:
        content, used = f"{answer['certificate']}{answer['chain']}".encode(), None
    elif file.form is Form.PFX:
        content, used = base64.b64decode(answer["pfx"]), answer["pfxPassword"]
    else:
        content, used = _pem(answer, password=password), password
    try:
        with os.fdopen(os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
    except OSError as error:
        fail(f"{file.path} cannot be written: {error.strerror}.")
    return used


def _pem(answer: dict[str, Any], *, password: str | None) -> bytes:
    """The certificate, its chain, and its key in PKCS#8, encrypted if there is a password."""
    key, _, _ = load_key_and_certificates(base64.b64decode(answer["pfx"]), answer["pfxPassword"].encode())
    assert key is not None, "the CA made the key"
    encryption: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return f"{answer['certificate']}{answer['chain']}".encode() + text
