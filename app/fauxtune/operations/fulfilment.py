"""The connector's work for one device: gathered in a transaction, done outside of it, stored in the next one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from fauxtune.connector.issue import PkcsAnswer, PkcsOrder, issue_pkcs
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.reencrypt import ImportedOrder, reencrypt
from fauxtune.core.errors import ConnectorRefused, Invalid, NotFound, Unavailable
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.items import REMEDIATION_FAILED
from fauxtune.core.pki.authority import Authority
from fauxtune.core.pki.names import alternative_name, parse_subject, serial_hex, subject_text, thumbprint
from fauxtune.core.pki.template import Template
from fauxtune.operations import authorities, certificates
from fauxtune.operations.act import Act
from fauxtune.operations.planning import serving_connectors
from fauxtune.storage.queries import certificates as queries

Row = dict[str, Any]

POLL = timedelta(seconds=30)
#: Real devices' clocks differ: certificates are good from a little before.
_BACKDATED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Task:
    """One request with all that answering it takes. Exactly one of `pkcs` and `imported` is there, or a `refusal`."""

    request_id: str
    item_key: str
    pkcs: PkcsOrder | None = None
    authority: Authority | None = None
    imported: ImportedOrder | None = None
    key_file: str | None = None
    refusal: ConnectorRefused | None = None
    order: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """An answered task, or a refused one."""

    task: Task
    issued: PkcsAnswer | None = None
    sealed_password: bytes | None = None
    refusal: ConnectorRefused | None = None


def tasks(act: Act, enrollment: Row, *, keys: KeyStore) -> tuple[list[Task], datetime | None]:
    """What a connector answers now, and when a polling one will look at what it does not answer yet."""
    ready, next_poll = open_requests(act, enrollment)
    return [_task(act, enrollment, row=row, keys=keys) for row in ready], next_poll


def open_requests(act: Act, enrollment: Row) -> tuple[list[Row], datetime | None]:
    """The requests for the device that a connector answers now, and when a polling one will look at others."""
    found: list[Row] = []
    next_poll: datetime | None = None
    for row in queries.requests(act.connection, enrollment["id"]):
        serving = serving_connectors(act, row["role"]) if row["state"] == "open" else []
        if not serving:
            continue
        polled_at = row["created_at"] + POLL
        if all(each["mode"] == "polling" for each in serving) and polled_at > act.now:
            next_poll = min(polled_at, next_poll or polled_at)
            continue
        found.append(row)
    return found, next_poll


def fulfil(task: Task, *, source: KeySource, connector_keys: KeyStore) -> Fulfilled:
    """Do the work: make keys, issue, open, seal. Blocks and takes time; touches no database."""
    try:
        if task.refusal is not None:
            raise task.refusal
        if task.pkcs is not None and task.authority is not None:
            return Fulfilled(task=task, issued=issue_pkcs(task.pkcs, authority=task.authority, keys=source))
        assert task.imported is not None
        key = None if task.key_file is None else connector_keys.load(task.key_file)
        return Fulfilled(task=task, sealed_password=reencrypt(task.imported, key))
    except ConnectorRefused as refusal:
        return Fulfilled(task=task, refusal=refusal)
    except (NotFound, Unavailable) as error:  # the key's file is gone, or damaged
        return Fulfilled(task=task, refusal=ConnectorRefused(error.message, code=REMEDIATION_FAILED))


def store(act: Act, enrollment: Row, *, fulfilled: Fulfilled, user: str | None) -> str | None:
    """Write an answer. One that comes for a request that is no longer open is dropped. The serial number of the new
    certificate, if it is one.
    """
    task = fulfilled.task
    if fulfilled.refusal is not None:
        queries.answer_request(
            act.connection,
            task.request_id,
            state="failed",
            error_code=fulfilled.refusal.code,
            message=fulfilled.refusal.message,
            answered_at=act.now,
        )
        return None
    if fulfilled.issued is None:
        taken = queries.answer_request(
            act.connection,
            task.request_id,
            state="answered",
            sealed_password=fulfilled.sealed_password,
            answered_at=act.now,
        )
        if taken and task.imported is not None and not task.imported.already_verified:
            where = {"user_id": task.order["userId"], "thumbprint": task.imported.thumbprint}
            queries.change_pfx(act.connection, act.tenant.id, **where, verified=True)
        return None
    serial = serial_hex(fulfilled.issued.certificate)
    if not queries.answer_request(
        act.connection,
        task.request_id,
        state="answered",
        serial=serial,
        pfx=fulfilled.issued.pfx,
        sealed_password=fulfilled.issued.sealed_password,
        answered_at=act.now,
    ):
        return None
    _register(act, enrollment, task=task, certificate=fulfilled.issued.certificate, user=user)
    return serial


def _register(act: Act, enrollment: Row, *, task: Task, certificate: x509.Certificate, user: str | None) -> None:
    described = {"thumbprint": thumbprint(certificate), "serial": serial_hex(certificate)}
    profile_id = task.item_key.removeprefix("pkcs/")
    template = task.pkcs.template if task.pkcs is not None else None
    certificates.note(
        act,
        certificate,
        authority_name="issuing",
        template=None if template is None else template.name,
        key_usage=[] if template is None else list(template.key_usage),
        subject=subject_text(certificate.subject),
        user_id=enrollment["user_id"],
        enrollment_id=EnrollmentId(enrollment["id"]),
        item_key=task.item_key,
        profile_id=profile_id,
        **described,
    )
    act.record(
        "renewed" if task.order.get("fingerprint") != "first" else "issued",
        user=user,
        device=enrollment["id"],
        profile=profile_id,
        certificate={**described, "source": "pkcs"},
    )


def _task(act: Act, enrollment: Row, *, row: Row, keys: KeyStore) -> Task:
    order = {**row["order"], "fingerprint": row["fingerprint"]}
    recipient = x509.load_der_x509_certificate(enrollment["identity_certificate"])
    try:
        if row["role"] == "pkcs":
            authority = authorities.load(act.connection, act.tenant, name="issuing", keys=keys)
            pkcs = _pkcs_order(act, order, recipient=recipient)
            return Task(row["id"], row["item_key"], pkcs=pkcs, authority=authority, order=order)
        return _imported_task(act, row, order=order, recipient=recipient)
    except (Invalid, NotFound, Unavailable) as error:
        refusal = ConnectorRefused(error.message, code=REMEDIATION_FAILED)
        return Task(row["id"], row["item_key"], refusal=refusal, order=order)


def _pkcs_order(act: Act, order: Row, *, recipient: x509.Certificate) -> PkcsOrder:
    template: Template = certificates.template_named(act, order["template"])
    longest = template.validity
    asked = longest if order["days"] is None else timedelta(days=min(order["days"], longest.days + 1))
    return PkcsOrder(
        subject=parse_subject(order["subject"]),
        alternative_names=tuple(alternative_name(kind, value) for kind, value in order["names"]),
        template=template,
        password=act.ids.token(24),
        serial=act.ids.serial(),
        not_before=act.now - _BACKDATED,
        # As a Windows CA does, the shorter of what the profile asks for and what the template allows.
        not_after=act.now + min(asked, longest),
        recipient=recipient,
        friendly_name=order["subject"],
        extra_extended_key_usages=tuple(order["extended_key_usages"]),
    )


def _imported_task(act: Act, row: Row, *, order: Row, recipient: x509.Certificate) -> Task:
    record = queries.pfx(act.connection, act.tenant.id, user_id=order["userId"], thumbprint=order["thumbprint"])
    if record is None:
        raise NotFound(f"The imported certificate {order['thumbprint']} was deleted meanwhile.")
    key_file = None
    # A key helps only at a connector that works: one that is offline cannot lend its own.
    online = {each["id"] for each in serving_connectors(act, row["role"])}
    for key in queries.connector_key_rows(act.connection, act.tenant.id):
        if key["connector_id"] in online and (key["provider"], key["key_name"]) == (
            record["provider"],
            record["key_name"],
        ):
            key_file = key["file"]
    padding = "oaepSha512" if record["padding"] == "none" else record["padding"]
    imported = ImportedOrder(
        encrypted_password=record["encrypted_password"],
        pfx=record["pfx"],
        padding=padding,
        thumbprint=record["thumbprint"],
        recipient=recipient,
        already_verified=record["verified"],
        provider_name=record["provider"],
        key_name=record["key_name"],
    )
    return Task(row["id"], row["item_key"], imported=imported, key_file=key_file, order=order)
