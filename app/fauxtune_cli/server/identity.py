"""`fauxtune identity`: tokens of an issuer whose workloads sign in without a secret."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fauxtune.core.administration.emulation import issue_identity_token
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import PATH, Group, fail, iso_duration
from fauxtune_cli.service import with_service

app = Group(
    help="""Make tokens for federated identity.

An application that has a federated identity credential shows such a token in place of a secret
(AZURE_FEDERATED_TOKEN_FILE).

\b
fauxtune identity token --subject ci --application ID --out token.jwt"""
)


@app.command()
@click.option("--subject", required=True, help="whose token it is, such as system:serviceaccount:default:nightly")
@click.option("--audience", help="who is to accept it (default: api://AzureADTokenExchange)")
@click.option("--expires", default="PT1H", help="how long it is valid: an ISO 8601 duration")
@click.option("--application", help="the client id of an application that is to accept it from now on")
@click.option("--out", type=PATH, required=True, help="the file for the token")
@with_service(Administration)
def token(
    *,
    subject: str,
    audience: str | None,
    expires: str,
    application: str | None,
    out: Path,
    service: Administration,
) -> None:
    """Write a token of the tenant's own issuer to a file.

    Without --application a federated identity credential of the application must name issuer, subject and audience.

    \b
    fauxtune identity token --subject ci --out token.jwt
    fauxtune identity token --subject ci --expires P1D --out token.jwt \\
        --application c0ffee00-0000-4000-8000-00000000a991
    """
    check_folder(out)
    request = issue_identity_token(subject, audience=audience, expires=iso_duration(expires), application=application)
    with service.session() as session:
        answer = session.send(request)
        write_secret(out, answer.pop("token"))
        session.show({**answer, "file": str(out.absolute())}, f"{out}: {sentence(answer)}.")


def sentence(answer: dict[str, str]) -> str:
    """Return what a token says, for people."""
    return (
        f"a token of {answer['issuer']} for the subject '{answer['subject']}', until {answer['expiresAt']}, for "
        f"{answer['audience']}"
    )


def check_folder(file: Path) -> None:
    """Fail if the file cannot be written, before anything is changed."""
    if not os.access(file.absolute().parent, os.W_OK):
        fail(f"{file} cannot be written: {file.absolute().parent} is no folder that you can write.")


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner can read; it replaces an older one at once. Fails if it cannot be written."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(text)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        fail(f"{file} cannot be written: {error.strerror}.")
