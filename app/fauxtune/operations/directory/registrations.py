"""Applications and their service principals as Graph has them. Graph: application, servicePrincipal; addPassword.

One row holds both. Its `registration` has what Graph stores beside the columns: `application` and `principal` with
their properties, `passwords` as digests, `granted` roles of other applications, scopes of OpenID Connect (`openid`),
federated credentials and issuers' keys (`operations.directory.federation`), and `hasPrincipal`, which is false for an
application that was created through Graph and has no service principal yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.addresses import GRAPH, INTUNE
from fauxtune.core.model.permissions import application_object_id, principal_id
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.directory import applications
from fauxtune.operations.directory.users_and_groups import missing, password_digest
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import applications as queries
from fauxtune.storage.rows.tenants import ApplicationChanges, ApplicationRow

#: Entra ID: a new password lives for two years unless its creator names another end.
_LIFETIME = timedelta(days=730)
_PASSWORDS, _HINT = 20, 3
_BY_APPLICATION = "appid="
#: What stays of a registration when the service principal is deleted.
_OF_APPLICATION = ("application", "passwords", "federated", "issuerKeys")
#: The service principals of Microsoft's own applications: always there, and nobody changes them.
MICROSOFT = (GRAPH, INTUNE)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password of an application, which is shown once."""

    entry: JsonObject
    text: str


def create_application(tx: Transaction, document: JsonObject) -> ApplicationRow:
    """Register an application: without credentials, permissions and service principal."""
    row = ApplicationRow(
        tenant_id=tx.tenant.id,
        client_id=tx.ids.uuid(),
        name="",
        secret=None,
        secret_digest=None,
        certificate=None,
        roles=[],
        consented_scopes=[],
        redirect_uris=[],
        created_at=tx.now,
        registration={"application": {}, "hasPrincipal": False},
    )
    queries.add_applications(tx.connection, row)
    tx.record("applicationAdded", clientId=row.client_id)
    return change_application(tx, row.client_id, document=document)


def change_application(tx: Transaction, client_id: str, *, document: JsonObject) -> ApplicationRow:
    """Write properties of an application; its redirect addresses are those of `web`."""
    row = applications.application(tx, client_id)
    changes: JsonObject = {}
    if "displayName" in document:
        changes["displayName"] = document["displayName"]
    if "web" in document:
        changes["redirectUris"] = _redirects(document["web"])
    if "keyCredentials" in document:
        changes["certificate"] = _certificate(document["keyCredentials"])
    if changes:
        row = applications.change_application(tx, client_id, changes=changes)
    rest = {name: value for name, value in document.items() if name not in ("displayName", "keyCredentials")}
    stored = {**row.registration, "application": {**row.registration.get("application", {}), **rest}}
    return store(tx, row, registration=stored)


def create_principal(tx: Transaction, document: JsonObject) -> ApplicationRow:
    """Create the service principal of an application. Raises Conflict if it has one, Invalid if there is no such
    application in the tenant.
    """
    client_id = str(document.get("appId") or "").lower()
    row = queries.application(tx.connection, tx.tenant.id, client_id=client_id)
    if client_id in MICROSOFT or (row is not None and has_principal(row)):
        raise Conflict(
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{client_id} is already in use.",
            target="servicePrincipalNames",
        )
    if row is None:
        raise Invalid(
            f"The appId '{client_id[:80]}' of the service principal does not reference a valid application object.",
            target="appId",
        )
    rest = {name: value for name, value in document.items() if name not in ("appId", "displayName")}
    return store(tx, row, registration={**row.registration, "hasPrincipal": True, "principal": rest})


def change_principal(tx: Transaction, client_id: str, *, document: JsonObject) -> ApplicationRow:
    """Write properties of a service principal."""
    row = applications.application(tx, client_id)
    stored = {**row.registration, "principal": {**row.registration.get("principal", {}), **document}}
    return store(tx, row, registration=stored)


def delete_principal(tx: Transaction, client_id: str) -> None:
    """Delete a service principal: the application loses its permissions, and gets no token any more."""
    row = applications.application(tx, client_id)
    kept: JsonObject = {name: row.registration[name] for name in _OF_APPLICATION if name in row.registration}
    values: ApplicationChanges = {"roles": [], "consented_scopes": [], "registration": kept | {"hasPrincipal": False}}
    queries.change_application(tx.connection, tx.tenant.id, client_id=row.client_id, **values)
    tx.record("applicationChanged", clientId=row.client_id, changed=["servicePrincipal"])


def add_password(tx: Transaction, client_id: str, *, credential: JsonObject) -> NewPassword:
    """Add a password with the name, begin and end of `credential`; it begins on the system's clock, as tokens do."""
    row = applications.application(tx, client_id)
    entries = row.registration.get("passwords", [])
    if len(entries) >= _PASSWORDS:
        raise Invalid(f"An application has {_PASSWORDS} passwords at most: remove one.", target="passwordCredentials")
    begins, ends = _moment(credential, "startDateTime") or tx.system_now or tx.now, _moment(credential, "endDateTime")
    ends = begins + _LIFETIME if ends is None else ends
    if ends <= begins:
        raise Invalid("The endDateTime of a password is after its startDateTime.", target="endDateTime")
    text = tx.ids.token(30)
    entry = {
        "keyId": tx.ids.uuid(),
        "displayName": credential.get("displayName"),
        "hint": text[:_HINT],
        "startDateTime": iso(begins),
        "endDateTime": iso(ends),
    }
    kept = {**entry, "digest": password_digest(text, salt=tx.ids.token(12))}
    store(tx, row, registration={**row.registration, "passwords": [*entries, kept]})
    return NewPassword(entry, text)


def remove_password(tx: Transaction, client_id: str, *, key_id: str) -> None:
    """Remove a password. Raises Invalid if the application has none with this id."""
    row = applications.application(tx, client_id)
    entries = row.registration.get("passwords", [])
    left = [entry for entry in entries if entry["keyId"] != key_id.lower()]
    if len(left) < len(entries):
        store(tx, row, registration={**row.registration, "passwords": left})
    elif key_id.lower() == first_key_id(row):
        applications.change_application(tx, row.client_id, changes={"secret": None})
    else:
        raise Invalid(f"No password credential found with keyId '{key_id[:80]}'.", target="keyId")


def first_key_id(row: ApplicationRow) -> str | None:
    """Return the id of the secret that did not come through Graph; None without one."""
    if row.secret is None and row.secret_digest is None:
        return None
    return application_object_id(row.tenant_id, f"{row.client_id}/secret")


def has_principal(row: ApplicationRow) -> bool:
    """Whether the application has a service principal."""
    return bool(row.registration.get("hasPrincipal", True))


def application_by_key(tx: Transaction, key: str) -> ApplicationRow:
    """Return the application with this object id, or `appId='...'`. Raises NotFound if it does not exist."""
    client_id = client_id_in(key)
    for row in queries.all_applications(tx.connection, tx.tenant.id):
        own = application_object_id(row.tenant_id, row.client_id)
        if row.client_id == client_id if client_id is not None else own == key.lower():
            return row
    raise missing(key)


def principal_client_id(tx: Transaction, key: str) -> str:
    """Return the appId of the service principal with this id, or `appId='...'`. Raises NotFound without one."""
    named = client_id_in(key)
    rows = queries.all_applications(tx.connection, tx.tenant.id)
    for client_id in (*MICROSOFT, *(row.client_id for row in rows if has_principal(row))):
        if client_id == named if named is not None else principal_id(tx.tenant.id, client_id) == key.lower():
            return client_id
    raise missing(key)


def client_id_in(key: str) -> str | None:
    """Return the appId of the alternate key `appId='...'`; None for any other key."""
    if not key.lower().startswith(_BY_APPLICATION):
        return None
    return key[len(_BY_APPLICATION) :].strip("'").lower()


def own_principal(tx: Transaction, key: str) -> ApplicationRow:
    """Return the application of a service principal that can be changed. Raises Invalid for one of Microsoft's."""
    client_id = principal_client_id(tx, key)
    if client_id in MICROSOFT:
        raise Invalid("The service principals of Microsoft's own applications cannot be changed.")
    row = queries.application(tx.connection, tx.tenant.id, client_id=client_id)
    if row is None:
        raise NotFound(f"There is no application '{client_id}' in this tenant.")
    return row


def store(tx: Transaction, row: ApplicationRow, *, registration: JsonObject) -> ApplicationRow:
    """Write the registration of an application, and return the row that has it."""
    queries.change_application(tx.connection, tx.tenant.id, client_id=row.client_id, registration=registration)
    return applications.application(tx, row.client_id)


def _redirects(web: JsonObject | None) -> list[str]:
    """Return the addresses that need a registration here: not those of the loopback interface."""
    addresses = (web or {}).get("redirectUris") or []
    return [address for address in addresses if not address.startswith("http://localhost")]


def _certificate(credentials: Sequence[JsonObject] | None) -> str | None:
    """Return the certificate of the last of the key credentials in PEM; None to remove it. Differs from Entra ID: an
    application has one. Raises Invalid for a credential without a key.
    """
    if not credentials:
        return None
    key = credentials[-1].get("key")
    if not isinstance(key, str) or not key:
        raise Invalid("A keyCredential has a key: the certificate (DER) in base64.", target="keyCredentials")
    return f"-----BEGIN CERTIFICATE-----\n{key}\n-----END CERTIFICATE-----\n"


def _moment(credential: JsonObject, name: str) -> datetime | None:
    value = credential.get(name)
    return None if value is None else from_iso(str(value))
