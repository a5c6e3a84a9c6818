"""`fauxtune mail`: the mailboxes of the users, and the address book of encryption certificates.

Graph has no mail here: these commands speak to the control surface. What is encrypted is read only on a device
(`fauxtune-sim mail read`), and only a device signs (`fauxtune-sim mail send --sign`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration.requests import AdminRequest, Service, key
from fauxtune.core.pki.foreign import certificate_from
from fauxtune_cli import completion, mail_text, names
from fauxtune_cli import mail_text as mail_matrix
from fauxtune_cli.administration import Administration, Session, confirm, yes_option
from fauxtune_cli.options import PATH, Group, Output, fail, one_line, plain
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, certificate_name, moment

app = Group(
    help="""Send mail to users, list and show it, and publish certificates.

A user is meant by the user principal name, by its part before the @, by the display name or by the id; an address has
an @. Devices sign, and read what is encrypted: fauxtune-sim mail --help.

\b
fauxtune mail publish bob
fauxtune mail send --from alice --to bob --text "At noon." --encrypt
fauxtune mail list bob
fauxtune mail show bob 1"""
)

user_argument = click.argument("user", shell_complete=completion.user, help="the user: name or id")
address_argument = click.argument("address", shell_complete=completion.user, help="an address, or a user")
uid_argument = click.argument(
    "uid", type=click.IntRange(1), metavar="NUMBER", help="the message, as `mail list` numbers it"
)
certificate_option = click.option(
    "--thumbprint",
    "certificate",
    metavar="NAME",
    shell_complete=completion.certificate,
    help="beginning of the thumbprint or serial number",
)


@app.command("list")
@user_argument
@click.option("--after", type=click.IntRange(0), default=0, help="only messages after this number")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, help="the most messages")
@with_service(Administration)
def list_(*, user: str, service: Administration, after: int, limit: int) -> None:
    """List the messages of a user, the oldest first.

    \b
    fauxtune mail list alice
    fauxtune mail list alice --after 100 --output json
    """
    with service.session() as session:
        name = names.user(session.client, user).name
        rows = session.elements(tasks.list_messages(name, after=after, limit=limit))
        table = Table(
            ("number", "received", "from", "subject", "protection", "bytes"),
            [
                (
                    str(row["uid"]),
                    moment(row["receivedDateTime"]),
                    row["sender"] or row["author"] or "-",
                    row["subject"],
                    mail_text.protection(row),
                    f"{row['size']:,}",
                )
                for row in rows
            ],
            shrinks="subject",
            empty="The mailbox has no such messages.",
        )
        session.show(rows, table)


@app.command()
@user_argument
@uid_argument
@click.option("--raw", is_flag=True, help="print the message as it came; on a terminal without control characters")
@click.option("--out", type=PATH, help="write the message as it came to this .eml file")
@with_service(Administration)
def show(*, user: str, uid: int, service: Administration, raw: bool, out: Path | None) -> None:
    """Show a message as far as it can be read without a key.

    \b
    fauxtune mail show alice 1
    fauxtune mail show alice 1 --out letter.eml
    """
    with service.session() as session:
        name = names.user(session.client, user).name
        if raw or out is not None:
            source: bytes = session.send(tasks.raw_message(name, uid=uid)) or b""
            if out is not None:
                _write(out, source)
                session.show({"file": str(out), "bytes": len(source)}, f"Wrote {one_line(out)}.")
            elif sys.stdout.isatty():
                print(plain(source.decode("utf-8", "replace").replace("\r\n", "\n")), end="")
            else:
                sys.stdout.buffer.write(source)
            return
        answer = session.send(tasks.open_message(name, uid=uid))
        session.show(answer, mail_text.message(answer))


@app.command()
@click.argument("file", required=False, help="an .eml file that is sent as it is; - reads standard input")
@click.option(
    "--to",
    multiple=True,
    required=True,
    metavar="NAME",
    shell_complete=completion.user,
    help="to this address or user; repeatable",
)
@click.option("--from", "sender", metavar="NAME", shell_complete=completion.user, help="from this address or user")
@click.option("--cc", multiple=True, metavar="NAME", help="a copy to this address or user; repeatable")
@click.option("--subject", default="", help="the subject")
@click.option("--text", default="", help="the text; - reads standard input")
@click.option("--encrypt", is_flag=True, help="for the published certificates of everybody who gets it")
@with_service(Administration)
def send(
    *,
    service: Administration,
    file: str | None,
    to: tuple[str, ...],
    sender: str | None,
    cc: tuple[str, ...],
    subject: str,
    text: str,
    encrypt: bool,
) -> None:
    """Send a text, or a message from a file, to users.

    The server cannot sign: the private keys of people are on their devices. Sign there, and send the file.

    \b
    fauxtune mail send --from alice --to bob --text "At noon." --encrypt
    fauxtune-sim mail send --state phone --to-user bob --sign --out a.eml
    fauxtune mail send a.eml --to bob
    """
    with service.session() as session:
        recipients = [_address(session, each) for each in to]
        if file is not None:
            if subject or text or cc or encrypt:
                fail("A file is sent as it is: leave out --subject, --text, --cc and --encrypt.")
            request = tasks.send_file(file, to=recipients, sender=_address(session, sender) if sender else "")
        elif sender is None:
            fail("Name the sender: --from alice.")
        else:
            request = tasks.send_text(
                _address(session, sender),
                to=recipients,
                cc=[_address(session, each) for each in cc],
                subject=subject,
                text=sys.stdin.read() if text == "-" else text,
                encrypt=encrypt,
            )
        answer = session.send(request)
        session.show(answer, mail_text.delivery(answer))


@app.command()
@user_argument
@click.option(
    "--at", default="", metavar="TIME", help="then: a time (ISO 8601), or the number of an entry in the journal"
)
@click.option("--why", type=click.IntRange(1), metavar="NUMBER", help="say why, about this message")
@click.option("--after", type=click.IntRange(0), default=0, help="only messages after this number")
@click.option("--limit", type=click.IntRange(1, 500), default=100, help="the most messages")
@with_service(Administration)
def matrix(*, user: str, service: Administration, at: str, why: int | None, after: int, limit: int) -> None:
    """Show which device can read which mail of a user, and why not.

    The server has no key of a device. It knows which device has which key, and for whom each message is encrypted.

    \b
    fauxtune mail matrix alice
    fauxtune mail matrix alice --at 2026-11-24T10:00:00Z
    fauxtune mail matrix alice --why 3
    """
    with service.session() as session:
        name = names.user(session.client, user).name
        if why is not None:
            after, limit = why - 1, 1
        answer = session.send(tasks.read_matrix(name, at=at, after=after, limit=limit))
        if why is None:
            session.show(answer, mail_matrix.matrix(answer))
            if session.output is Output.TEXT:
                print(session.translated(mail_matrix.legend(answer)))
            return
        sentences = mail_matrix.why(answer, why)
        if sentences is None:
            fail(f"The mailbox of {one_line(name)} had no message {why}.")
        session.show(answer, sentences)


@app.command()
@user_argument
@uid_argument
@yes_option
@with_service(Administration)
def delete(*, user: str, uid: int, service: Administration, yes: bool) -> None:
    """Delete a message; the copies of other recipients stay.

    \b
    fauxtune mail delete alice 1
    """
    with service.session() as session:
        name = names.user(session.client, user).name
        confirm(f"Delete message {uid} of {one_line(name)}?", yes=yes)
        session.send(tasks.delete_message(name, uid=uid))
        session.show({"user": name, "uid": uid}, f"Deleted message {uid} of {one_line(name)}.")


@app.command()
@address_argument
@click.option("--certificate", "file", type=PATH, help="a certificate file (PEM or DER)")
@certificate_option
@with_service(Administration)
def publish(*, address: str, service: Administration, file: Path | None, certificate: str | None) -> None:
    """Publish a certificate for an address: senders find it.

    Without an option: the user's newest valid encryption certificate. Importing a certificate publishes nothing.

    \b
    fauxtune mail publish alice
    fauxtune mail publish alice@contoso.example --thumbprint 5e09a1f2
    fauxtune mail publish partner@fabrikam.example --certificate partner.cer
    """
    with service.session() as session:
        named = _address(session, address)
        if file is not None:
            request = tasks.publish_certificate(named, certificate=_pem(file))
        elif certificate is not None:
            thumbprint = names.certificate(session.client, certificate).id
            request = tasks.publish_certificate(named, thumbprint=thumbprint)
        else:
            request = tasks.publish_certificate(named, thumbprint=_newest(session, named))
        answer = session.send(request)
        session.show(session.marked(answer), mail_text.published(answer))


@app.command()
@address_argument
@certificate_option
@with_service(Administration)
def withdraw(*, address: str, service: Administration, certificate: str | None) -> None:
    """Withdraw a certificate from an address.

    Without an option: the only one that is published. It stays valid and stays on the devices; senders who look do not
    find it any more.

    \b
    fauxtune mail withdraw alice
    fauxtune mail withdraw alice --thumbprint 5e09a1f2
    """
    with service.session() as session:
        named = _address(session, address)
        marks = [item["thumbprint"] for item in session.send(tasks.look_up_address(named))["value"]]
        fits = [mark for mark in marks if mark.startswith((certificate or "").lower())]
        if len(fits) != 1:
            known = ", ".join(session.certificate(mark) for mark in marks) or "none"
            fail(f"Name one of the certificates that are published for {named} with --thumbprint: {known}.")
        session.send(tasks.withdraw_certificate(named, thumbprint=fits[0]))
        document = {"address": named, "thumbprint": fits[0]}
        session.show(document, f"Withdrew {session.certificate(fits[0])} from {named}.")


@app.command()
@click.argument("address", required=False, help="an address, or a user; without it the whole address book")
@with_service(Administration)
def lookup(*, service: Administration, address: str | None) -> None:
    """Look up an address in the address book, as senders do.

    \b
    fauxtune mail lookup bob
    fauxtune mail lookup
    """
    with service.session() as session:
        request = tasks.list_published() if address is None else tasks.look_up_address(_address(session, address))
        answer = session.marked(session.send(request))
        table = Table(
            ("address", "certificate", "until", "state"),
            [
                (
                    row["address"],
                    certificate_name(row, ids=session.ids),
                    moment(row["notAfter"])[:10],
                    mail_text.state(row),
                )
                for row in answer["value"]
            ],
            wraps=True,
            empty=answer.get("sentence") or "Nothing is published.",
        )
        session.show(answer, table)


def _address(session: Session, name: str) -> str:
    """Return the address that a name means: a name with an @ is one."""
    return name if "@" in name else names.user(session.client, name).name


def _newest(session: Session, address: str) -> str:
    """Return the thumbprint of the user's newest valid certificate for encryption."""
    user = names.user(session.client, address).name
    path = f"/certificates?userPrincipalName={key(user)}&usage=encryption"
    rows = session.elements(AdminRequest("GET", path, service=Service.CONTROL))
    newest = next((row for row in rows if row["status"] == "good"), None)
    if newest is None:
        fail(
            f"The tenant's CA issued no encryption certificate to {one_line(user)} that is valid now. Name another "
            "one: --certificate FILE, or --thumbprint."
        )
    return str(newest["thumbprint"])


def _pem(file: Path) -> str:
    """Return the certificate in a file, as PEM."""
    try:
        data = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    return certificate_from(data, target=str(file)).public_bytes(Encoding.PEM).decode()


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")
