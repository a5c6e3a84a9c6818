"""`fauxtune template`: the certificate templates of the tenant's issuing authority."""

from __future__ import annotations

from enum import StrEnum

import click

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_cli import names
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import Group, OneOf, duration_in_words, iso_duration
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, uses_in_words

app = Group(
    help="""List and create certificate templates.

\b
fauxtune template list
fauxtune template create SmimeShort --for signing --validity "30 days\""""
)

AUTHORITY = "issuing"
#: With an elliptic curve a key is agreed on (RFC 8551 2.3), not enciphered.
_EC_USAGES = {"keyEncipherment": "keyAgreement"}


class Usage(StrEnum):
    """The use of the certificates of a template."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"
    BOTH = "both"


class KeyType(StrEnum):
    """The kind of the keys."""

    RSA = "RSA"
    EC = "EC"


_KEY_USAGE = {
    Usage.SIGNING: ["digitalSignature"],
    Usage.ENCRYPTION: ["keyEncipherment"],
    Usage.BOTH: ["digitalSignature", "keyEncipherment"],
}


@app.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the certificate templates.

    \b
    fauxtune template list
    fauxtune template list --output json
    """
    with service.session() as session:
        rows = session.elements(AdminRequest("GET", names.TEMPLATES, service=Service.CONTROL))
        table = Table(
            ("name", "for", "key", "validity", "connector may"),
            [
                (
                    row["name"],
                    uses_in_words(row["keyUsage"]),
                    f"{row['keyType']} {row['minimumKeySize']}",
                    duration_in_words(row["validity"]),
                    _rights(enrol=row["connectorMayEnroll"], revoke=row["connectorMayRevoke"]),
                )
                for row in rows
            ],
            empty="The authority has no templates.",
        )
        session.show(rows, table)


@app.command()
@click.argument("name", help="the name, without spaces, as profiles write it")
@click.option("--for", "usage", type=OneOf(Usage), default="both", help="what the certificates are for")
@click.option("--display-name", help="the name for people (default: NAME)")
@click.option("--key-type", type=OneOf(KeyType), default="RSA", help="the kind of the keys")
@click.option("--key-size", type=int, help="bits, at least (default: RSA 2048, EC 256)")
@click.option("--validity", default="1 year", help="'1 year', '30 days', P30D")
@with_service(Administration)
def create(
    *,
    name: str,
    service: Administration,
    usage: Usage,
    display_name: str | None,
    key_type: KeyType,
    key_size: int | None,
    validity: str,
) -> None:
    """Create a certificate template for S/MIME.

    \b
    fauxtune template create SmimeShort --for signing --validity "30 days"
    fauxtune template create SmimeEC --key-type EC --show-request
    """
    uses = [_EC_USAGES.get(use, use) for use in _KEY_USAGE[usage]] if key_type is KeyType.EC else _KEY_USAGE[usage]
    members = {
        "displayName": display_name or name,
        "keyUsage": uses,
        "keyType": key_type.value,
        "minimumKeySize": key_size or (2048 if key_type is KeyType.RSA else 256),
        "validity": iso_duration(validity),
    }
    with service.session() as session:
        answer = session.send(tasks.create_template(AUTHORITY, name=name, members=members))
        session.show(answer, f"The template '{answer['name']}' was created.")


def _rights(*, enrol: bool, revoke: bool) -> str:
    rights = [word for word, may in (("enrol", enrol), ("revoke", revoke)) if may]
    return ", ".join(rights) or "nothing"
