"""What Apple's and Google's programmes are connected with, and the corporate identifiers of devices.

Differs from Intune: no service of Apple's or Google's is called; what a client sends is kept, and answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from fauxtune.core.clock import iso
from fauxtune.core.engine.enrollment_restrictions import JUDGED
from fauxtune.core.graph.index import entity
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies import enrollment
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import ENROLLMENT, Transaction, switch_on
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow

_YEAR = timedelta(days=365)
_IDENTITY = "importedDeviceIdentity"


def upload_push_certificate(tx: Transaction, changes: JsonObject) -> ResourceRow:
    """Set or renew the push certificate of the tenant, which is good for a year. Its topic stays."""
    rules, kind = enrollment.PUSH_CERTIFICATE, enrollment.PUSH_CERTIFICATE_ID
    changes = {**changes, "expirationDateTime": iso(tx.now + _YEAR)}
    key = enrollment.PUSH_CERTIFICATE_ID
    if queries.resource(tx.connection, tx.tenant.id, family=rules.name, resource_id=key) is not None:
        return resources.update(tx, rules, key=key, changes=changes)
    topic = f"com.apple.mgmt.External.{tx.ids.uuid()}"
    document = {**defaults(entity(kind)), **changes, "topicIdentifier": topic}
    return resources.create(tx, rules, kind=kind, document=document)


def import_identities(tx: Transaction, documents: Sequence[JsonObject], *, overwrite: bool) -> list[JsonObject]:
    """Import corporate identifiers; return each with its `status`: False for one that is there and is not
    overwritten.
    """
    rules = enrollment.CORPORATE_IDENTIFIERS
    switch_on(tx, ENROLLMENT)
    known = {
        _identifier(row.document): row
        for row in queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.name)
    }
    results = []
    for document in documents:
        old = known.get(_identifier(document))
        if old is None:
            old = resources.create(tx, rules, kind=_IDENTITY, document={**defaults(entity(_IDENTITY)), **document})
            known[_identifier(document)] = old
            results.append({**old.document, "status": True})
        elif overwrite:
            changed = resources.update(tx, rules, key=old.id, changes=document)
            results.append({**changed.document, "status": True})
        else:
            results.append({**old.document, "status": False})
    return results


def existing_identities(tx: Transaction, documents: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the imported corporate identifiers that are among these."""
    wanted = {_identifier(document) for document in documents}
    rows = queries.resources_of_family(tx.connection, tx.tenant.id, family=enrollment.CORPORATE_IDENTIFIERS.name)
    return [row.document for row in rows if _identifier(row.document) in wanted]


def _identifier(document: JsonObject) -> tuple[str, str]:
    return str(document["importedDeviceIdentityType"]), str(document["importedDeviceIdentifier"]).lower()


def sync_dep(tx: Transaction, key: str) -> None:
    """Note the time of a synchronisation with Apple, which brings nothing."""
    now = iso(tx.now)
    changes = {"lastSyncTriggeredDateTime": now, "lastSuccessfulSyncDateTime": now}
    resources.update(tx, enrollment.DEP_TOKENS, key=key, changes=changes)


def upload_dep_token(tx: Transaction, key: str, *, apple_id: str) -> None:
    """Renew a token of Apple's for a year; what it says is not kept."""
    changes = {"appleIdentifier": apple_id, "tokenExpirationDateTime": iso(tx.now + _YEAR)}
    resources.update(tx, enrollment.DEP_TOKENS, key=key, changes=changes)


def sync_licenses(tx: Transaction, key: str) -> ResourceRow:
    """Note the time of a synchronisation of licences, which brings none."""
    changes = {"lastSyncDateTime": iso(tx.now), "lastSyncStatus": "completed"}
    return resources.update(tx, enrollment.VPP_TOKENS, key=key, changes=changes)


def create_token(tx: Transaction, key: str, *, validity: timedelta) -> None:
    """Make a new enrolment token of a profile for company-owned Android devices; the old one ends."""
    token = tx.ids.uuid().replace("-", "")[:20].upper()
    changes = {
        "tokenValue": token,
        "qrCodeContent": f'{{"android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE":{{"enrollment_token":"{token}"}}}}',
        "tokenCreationDateTime": iso(tx.now),
        "tokenExpirationDateTime": iso(tx.now + validity),
    }
    resources.update(tx, enrollment.DEVICE_OWNER_PROFILES, key=key, changes=changes)


def revoke_token(tx: Transaction, key: str) -> None:
    """End the enrolment token of a profile for company-owned Android devices."""
    changes = {"tokenValue": None, "qrCodeContent": None, "tokenExpirationDateTime": iso(tx.now)}
    resources.update(tx, enrollment.DEVICE_OWNER_PROFILES, key=key, changes=changes)


def _valid_token(tx: Transaction, document: JsonObject, _before: ResourceRow | None) -> JsonObject:
    if _before is not None:
        return document
    return {**document, "state": "valid", "expirationDateTime": iso(tx.now + _YEAR), "lastSyncStatus": "none"}


VPP_HOOKS = Hooks(check=_valid_token)


def _restricts(tx: Transaction, row: ResourceRow) -> None:
    """From the first configuration on that can refuse devices, enrolments are compared with them."""
    if row.kind in JUDGED:
        switch_on(tx, ENROLLMENT)


def _changed(tx: Transaction, row: ResourceRow, _before: ResourceRow) -> None:
    """A default, which has no assignments, concerns every device."""
    _restricts(tx, row)
    if row.priority == 0:
        tx.wake(concern.by_tenant(tx.connection, tx.tenant.id))


CONFIGURATION_HOOKS = Hooks(created=_restricts, changed=_changed)
