"""Applications: their credentials and permissions. Entra ID: app registrations.

A secret is stored as a digest and shown once. Only that of a seed is stored in clear, because every start prints it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model import graph_permissions
from fauxtune.core.model.permissions import ALL_ROLES, EVERYTHING, INTUNE_ROLES
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.foreign import certificate_from, is_pem
from fauxtune.operations.directory.issuer_keys import ISSUER_KEYS, checked_keys
from fauxtune.operations.directory.users_and_groups import password_digest, password_matches
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import applications as queries
from fauxtune.storage.rows.tenants import ApplicationChanges, ApplicationRow

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REDIRECT = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*)?")
_NAME_LENGTH, _SECRET_LENGTH, _ROLES, _REDIRECTS = 256, 1024, 200, 100


@dataclass(frozen=True, slots=True)
class NewApplication:
    """A new application. None: not given."""

    client_id: str | None = None
    name: str | None = None
    roles: list[str] | None = None
    consented_scopes: list[str] | None = None
    secret: str | None = None
    certificate: str | None = None
    redirect_uris: list[str] | None = None
    issuer_keys: JsonObject | None = None


def add_application(tx: Transaction, new: NewApplication) -> tuple[ApplicationRow, str | None]:
    """Add an application; one with neither secret nor certificate gets a new secret, which is returned beside the row.

    Raises Conflict if its client id is taken.
    """
    client_id = tx.ids.uuid() if new.client_id is None else new.client_id.lower()
    if not _GUID.fullmatch(client_id):
        raise Invalid(f"clientId is a GUID, not '{new.client_id}'.", target="clientId")
    if queries.application(tx.connection, tx.tenant.id, client_id=client_id) is not None:
        raise Conflict(f"There is an application '{client_id}' already.", target="clientId")
    new_secret = tx.ids.token(30) if new.secret is None and new.certificate is None else None
    secret = new_secret if new.secret is None else new.secret
    row = ApplicationRow(
        tenant_id=tx.tenant.id,
        client_id=client_id,
        name=_name("Application" if new.name is None else new.name),
        secret=None,
        secret_digest=None if secret is None else _digest(tx, secret),
        certificate=None if new.certificate is None else _der(new.certificate),
        roles=list(ALL_ROLES) if new.roles is None else _roles(new.roles),
        consented_scopes=[EVERYTHING] if new.consented_scopes is None else _consented(new.consented_scopes),
        redirect_uris=_redirect_uris(new.redirect_uris or []),
        created_at=tx.now,
        registration={} if new.issuer_keys is None else {ISSUER_KEYS: checked_keys(new.issuer_keys)},
    )
    queries.add_applications(tx.connection, row)
    tx.record("applicationAdded", clientId=client_id)
    return row, new_secret


def change_application(tx: Transaction, client_id: str, *, changes: JsonObject) -> ApplicationRow:
    """Change an application: displayName, roles, consentedScopes, redirectUris, issuerKeys, secret, certificate; None
    removes a credential, and all keys. Permissions change with the next token.
    """
    row = application(tx, client_id)
    values = _values(tx, changes, is_kept_in_clear=row.secret is not None)
    if ISSUER_KEYS in changes:
        values["registration"] = {**row.registration, ISSUER_KEYS: checked_keys(changes[ISSUER_KEYS] or {})}
    if values:
        queries.change_application(tx.connection, tx.tenant.id, client_id=row.client_id, **values)
        tx.record("applicationChanged", clientId=row.client_id, changed=sorted(changes))
    return application(tx, client_id)


def delete_application(tx: Transaction, client_id: str) -> None:
    """Delete an application; its tokens are not accepted any more. Raises NotFound if it does not exist."""
    row = application(tx, client_id)
    queries.delete_application(tx.connection, tx.tenant.id, client_id=row.client_id)
    tx.record("applicationDeleted", clientId=row.client_id)


def application(tx: Transaction, client_id: str) -> ApplicationRow:
    """Return the application with this id. Raises NotFound if it does not exist."""
    row = queries.application(tx.connection, tx.tenant.id, client_id=client_id)
    if row is None:
        raise NotFound(f"There is no application '{client_id}' in this tenant.")
    return row


def seeded_application(tx: Transaction, application: NewApplication, *, client_id: str) -> ApplicationRow:
    """Return the row of an application of a new tenant. Its secret is kept in clear, because every start prints it; it
    gets one if it has neither secret nor certificate. `client_id`: a GUID in lower case.
    """
    needs_secret = application.secret is None and application.certificate is None
    return ApplicationRow(
        tenant_id=tx.tenant.id,
        client_id=client_id,
        name=application.name or "",
        secret=tx.ids.token(24) if needs_secret else application.secret,
        secret_digest=None,
        certificate=None if application.certificate is None else _der(application.certificate),
        roles=_roles(application.roles or []),
        consented_scopes=_consented(application.consented_scopes or []),
        redirect_uris=_redirect_uris(application.redirect_uris or []),
        created_at=tx.now,
    )


def secret_matches(row: ApplicationRow, secret: str) -> bool:
    """Whether this is one of the application's secrets. Differs from Entra ID: one that has expired is accepted."""
    if row.secret is not None and hmac.compare_digest(str(row.secret).encode(), secret.encode()):
        return True
    digests = [row.secret_digest, *(entry["digest"] for entry in row.registration.get("passwords", ()))]
    return any(password_matches(digest, secret) for digest in digests if digest is not None)


def _values(tx: Transaction, changes: JsonObject, *, is_kept_in_clear: bool) -> ApplicationChanges:
    values: ApplicationChanges = {}
    for name, value in changes.items():
        match name:
            case "displayName":
                values["name"] = _name(value)
            case "roles":
                values["roles"] = _roles(value)
            case "consentedScopes":
                values["consented_scopes"] = _consented(value)
            case "redirectUris":
                values["redirect_uris"] = _redirect_uris(value)
            case "certificate":
                values["certificate"] = None if value is None else _der(value)
            case "secret":
                # A secret that every start prints stays one; any other is kept as a digest.
                values["secret"] = _secret(value) if is_kept_in_clear and value is not None else None
                values["secret_digest"] = None if is_kept_in_clear or value is None else _digest(tx, value)
    return values


def _digest(tx: Transaction, secret: str) -> str:
    return password_digest(_secret(secret), salt=tx.ids.token(12))


def _secret(secret: str) -> str:
    if not secret or len(secret) > _SECRET_LENGTH:
        raise Invalid(f"secret has 1 to {_SECRET_LENGTH} characters.", target="secret")
    return secret


def _name(name: str | None) -> str:
    if name is None or not name.strip() or len(name) > _NAME_LENGTH or not name.isprintable():
        raise Invalid(f"displayName has 1 to {_NAME_LENGTH} printable characters.", target="displayName")
    return name


def _roles(roles: list[str] | None) -> list[str]:
    return _permissions(roles, target="roles", more=INTUNE_ROLES)


def _consented(scopes: list[str] | None) -> list[str]:
    if scopes is not None and EVERYTHING in scopes:
        return [EVERYTHING]
    return _permissions(scopes, target="consentedScopes")


def _permissions(names: list[str] | None, *, target: str, more: Sequence[str] = ()) -> list[str]:
    """Return the names in Graph's spelling, each once; `more`: names of another service that are taken too. Raises
    Invalid for other names.
    """
    if names is None or len(names) > _ROLES:
        raise Invalid(f"{target} is a list of up to {_ROLES} permission names.", target=target)
    permissions = []
    for name in names:
        permission = name if name in more else graph_permissions.known(name)
        if permission is None:
            like = graph_permissions.near(name[:_NAME_LENGTH], more=more)
            hint = f"Did you mean {' or '.join(like)}?" if like else "A permission looks like User.Read.All."
            raise Invalid(f"{target}: Microsoft Graph has no permission '{name[:80]}'. {hint}", target=target)
        permissions.append(permission)
    return list(dict.fromkeys(permissions))


def _redirect_uris(uris: list[str] | None) -> list[str]:
    if uris is None or len(uris) > _REDIRECTS:
        raise Invalid(f"redirectUris is a list of up to {_REDIRECTS} addresses.", target="redirectUris")
    for uri in uris:
        if len(uri) > _SECRET_LENGTH or not _REDIRECT.fullmatch(uri):
            raise Invalid(
                f"redirectUris: '{uri[:80]}' is no https address without query and fragment, such as "
                "https://app.example/signin-oidc. (Loopback addresses need no registration.)",
                target="redirectUris",
            )
    return list(dict.fromkeys(uris))


def _der(pem: str) -> bytes:
    data = pem.encode()
    if not is_pem(data):
        raise Invalid("certificate takes an X.509 certificate in PEM, and this is not one.", target="certificate")
    certificate = certificate_from(data, target="certificate")
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        key = None
    if not isinstance(key, RSAPublicKey):
        raise Invalid("certificate must hold an RSA key: assertions are signed RS256 or PS256.", target="certificate")
    return certificate.public_bytes(Encoding.DER)
