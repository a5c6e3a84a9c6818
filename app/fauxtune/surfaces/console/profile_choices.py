"""What an administrator can choose for a profile: the templates of the CA, its certificates, and other profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fauxtune.core.administration.choices import KINDS, ProfileFamily
from fauxtune.core.graph.index import entity
from fauxtune.core.model.platform_words import ProfilePlatform
from fauxtune.core.model.tenants import Tenant
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import profile_overview as queries
from fauxtune.storage.queries import templates as template_queries

#: The two S/MIME certificates of an account: the word of the field, and the navigation of those kinds that have it.
REFERENCES = {"signing": "smimeSigningCertificate", "encryption": "smimeEncryptionCertificate"}


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen. `templates`: in words, by name; `certificates`: for each platform the profiles that bring
    certificates, name by id; `authorities`: the certificates of the tenant's CA, DER, by role.
    """

    tenant: Tenant
    templates: Mapping[str, str]
    certificates: Mapping[ProfilePlatform, Mapping[str, str]]
    authorities: Mapping[str, bytes]

    def referring(self, field: str) -> Sequence[ProfilePlatform]:
        """Return the platforms whose e-mail kind can refer to a certificate, for a field of `REFERENCES`."""
        kinds = KINDS[ProfileFamily.EMAIL].items()
        return [platform for platform, kind in kinds if entity(kind).navigation(REFERENCES[field]) is not None]


def choices(connection: Connection, tenant: Tenant) -> Choices:
    """Read what can be chosen."""
    documents = template_queries.template_documents(connection, tenant.id, authority_name="issuing")
    authorities = {row.role: row for row in authority_queries.authorities_of(connection, tenant.id)}
    return Choices(
        tenant=tenant,
        templates={name: _template(name, str(document["displayName"])) for name, document in documents.items()},
        certificates=_certificates(connection, tenant),
        authorities={role: authorities[role].certificate for role in ("root", "issuing")},
    )


def _template(name: str, title: str) -> str:
    return name if title == name else f"{title} ({name})"


def _certificates(connection: Connection, tenant: Tenant) -> dict[ProfilePlatform, dict[str, str]]:
    platforms = {
        kind: platform
        for family in (ProfileFamily.PKCS, ProfileFamily.IMPORTED)
        for platform, kind in KINDS[family].items()
    }
    offered: dict[ProfilePlatform, dict[str, str]] = {}
    for row in queries.profiles_of_kinds(connection, tenant.id, kinds=platforms):
        offered.setdefault(platforms[row.kind], {})[row.id] = str(row.document["displayName"])
    return offered
