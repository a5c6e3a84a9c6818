"""The connector's work for one device: gathered in a transaction, done outside of it, stored in the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector import password_escrow
from fauxtune.connector.issue import PkcsOrder
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.reencrypt import ImportedOrder
from fauxtune.connector.refusals import (
    AuthorityUnavailable,
    AuthorityUnknown,
    RaCertificateMissing,
    TemplateUnknown,
)
from fauxtune.connector.work import ConnectorTools, Done, NamedKeys, Sealing, Work, do
from fauxtune.connector.wrapping import Wrapping
from fauxtune.core.errors import ConnectorRefused, FauxtuneError, Invalid, NotFound, Unavailable
from fauxtune.core.model.accounts import Account
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow
from fauxtune.core.model.platforms import FACTS, Platform, Variant, needs_legacy_pfx
from fauxtune.core.model.states import Source
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.core.pki.names import alternative_name, parse_subject, serial_hex, subject_text, thumbprint
from fauxtune.core.pki.template import Template
from fauxtune.operations.ca import authorities, templates
from fauxtune.operations.ca import register as certificate_register
from fauxtune.operations.ca.issuance import Application
from fauxtune.operations.connectors import event_log
from fauxtune.operations.connectors.selection import POLL, SERVER, inside, serving_connectors
from fauxtune.operations.runtime.secret_packaging import BARE_PACKAGING, Packaging, Packagings
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connector_requests as request_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.rows.devices import EnrollmentRow

Row = dict[str, Any]

#: Real devices' clocks differ: certificates are good from a little before.
_BACKDATED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Task:
    """One request with all that answering it takes: the connector's work, and for a new certificate what the authority
    is asked for. Or a `refusal`: something of it is missing. `key_files`: where a connector inside the server finds the
    keys that orders name.
    """

    request_id: str
    item_key: str
    role: str
    order: Row
    connector: Row
    work: Work | None = None
    application: Application | None = None
    key_files: Mapping[tuple[str, str], str] = field(default_factory=dict)
    password: str = field(default="", repr=False)
    refusal: ConnectorRefused | None = None

    @property
    def opens(self) -> bool:
        """True if a file is to be opened that was never opened before."""
        return isinstance(self.work, Sealing) and not all(each.already_verified for each in self.work.parts)


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """A task, and what was made of it."""

    task: Task
    done: Done


def tasks(
    tx: Transaction, enrollment: EnrollmentRow, *, keys: KeyStore, packagings: Packagings
) -> tuple[list[Task], datetime | None]:
    """What a connector inside the server answers now, and when a polling one will look at what it does not answer
    yet.
    """
    ready, next_poll = open_requests(tx, enrollment)
    if not ready:
        return [], next_poll
    preparing = Preparing(tx, enrollment, keys=keys, packagings=packagings)
    return [preparing.task(row, connector=connector) for row, connector in ready], next_poll


def open_requests(tx: Transaction, enrollment: EnrollmentRow) -> tuple[list[tuple[Row, Row]], datetime | None]:
    """The requests for the device that a connector inside the server answers now, each with that connector, and when a
    polling one will look at others. What a process of its own answers comes by itself.
    """
    found: list[tuple[Row, Row]] = []
    next_poll: datetime | None = None
    for row in request_queries.requests(tx.connection, enrollment.id):
        serving = inside(serving_connectors(tx, row["role"])) if row["state"] == "open" else []
        if not serving or _is_leased(tx, row) or row["only_by"] not in (None, SERVER):
            continue
        polled_at = row["created_at"] + POLL
        if all(each["mode"] == "polling" for each in serving) and polled_at > tx.now:
            next_poll = min(polled_at, next_poll or polled_at)
            continue
        found.append((row, serving[0]))
    return found, next_poll


def _is_leased(tx: Transaction, row: Row) -> bool:
    """Is a process at work on it?"""
    until, now = row["leased_until"], tx.system_now
    return until is not None and (now is None or until > now)


def fulfil(task: Task, *, source: KeySource, connector_keys: KeyStore) -> Fulfilled:
    """Do the work inside the server: make keys, issue, open, seal. Blocks and takes time; touches no database."""
    if task.refusal is not None or task.work is None:
        return Fulfilled(task=task, done=Done(refusal=task.refusal))
    keys = NamedKeys(connector_keys, task.key_files, source)
    certify = None if task.application is None else task.application.certify
    hands = ConnectorTools(keys=keys, source=source, password=task.password)
    return Fulfilled(task=task, done=do(task.work, tools=hands, certify=certify))


def store(tx: Transaction, enrollment: EnrollmentRow, *, fulfilled: Fulfilled, user: str | None) -> str | None:
    """Write an answer. One that comes for a request that is no longer open is dropped. The serial number of the new
    certificate, if it is one. (What a process had certified is in the register already.)
    """
    task, done = fulfilled.task, fulfilled.done
    # What the connector made once and seals anew is a kind of its own.
    role = "recrypt" if task.role == "pkcs" and "account" in task.order else task.role
    log = event_log.Writer(tx, task.connector, role=role, device=enrollment.id, user=user)
    log.about(item=task.item_key, ca=task.order.get("authority_name"), template=task.order.get("template"))
    log.about(digicert=task.order.get("authority") == DIGICERT)
    if done.refusal is not None:
        values: Row = {"state": "failed", "error_code": done.refusal.code, "message": done.refusal.message}
        if _answer(tx, task, **values):
            log.went_wrong(done.refusal)
        return None
    if done.issued is None:
        if _answer(tx, task, state="answered", sealed=done.sealed):
            _verified(tx, task, done=done)
            log.about(thumbprint=task.order.get("thumbprint"))
            log.all_went_well()
        return None
    serial = serial_hex(done.issued.certificate)
    made = {"pfx": done.issued.pfx, "sealed": done.issued.sealed, "kept_password": done.issued.kept_password}
    if not _answer(tx, task, state="answered", serial=serial, **made):
        return None
    if task.application is not None:
        register(tx, enrollment, task=task, certificate=done.issued.certificate, user=user)
    log.about(thumbprint=thumbprint(done.issued.certificate), serial=serial)
    log.all_went_well()
    return serial


def _answer(tx: Transaction, task: Task, **values: Any) -> bool:
    answered: bool = request_queries.answer_request(
        tx.connection, task.request_id, answered_at=tx.now, answered_by=task.connector["id"], **values
    )
    return answered


def _verified(tx: Transaction, task: Task, *, done: Done) -> None:
    """The connector has opened the file once, and need not again: what the certificate says is known from now on."""
    mark = task.order.get("thumbprint")
    for each in done.opened:
        if thumbprint(each) == mark:
            where = {"user_id": task.order["userId"], "thumbprint": mark}
            der = each.public_bytes(Encoding.DER)
            pfx_queries.change_pfx(tx.connection, tx.tenant.id, **where, verified=True, certificate=der)


def register(
    tx: Transaction, enrollment: EnrollmentRow, *, task: Task, certificate: x509.Certificate, user: str | None
) -> None:
    """Write a new certificate into the register of its authority, and into the journal."""
    described = {"thumbprint": thumbprint(certificate), "serial": serial_hex(certificate)}
    profile_id = task.item_key.removeprefix("pkcs/")
    assert task.application is not None
    template = task.application.template
    certificate_register.note(
        tx,
        certificate,
        authority_name=task.application.authority.name,
        template=template.name,
        key_usage=list(template.key_usage),
        subject=subject_text(certificate.subject),
        user_id=enrollment.user_id,
        enrollment_id=EnrollmentId(enrollment.id),
        item_key=task.item_key,
        profile_id=profile_id,
        **described,
    )
    tx.record(
        "renewed" if task.order.get("fingerprint") != "first" else "issued",
        user=user,
        device=enrollment.id,
        profile=profile_id,
        certificate={**described, "source": "pkcs"},
    )


class Preparing:
    """Gathers what answering one device's requests takes, inside the transaction."""

    def __init__(self, tx: Transaction, enrollment: EnrollmentRow, *, keys: KeyStore, packagings: Packagings) -> None:
        self._tx = tx
        self._enrollment = enrollment
        self._keys = keys
        self._packaging: Packaging = packagings.get(Platform(enrollment.platform), BARE_PACKAGING)
        self._variant = Variant(enrollment.variant)
        self._ledger = device_queries.ledger_rows(tx.connection, enrollment.id)
        self._recipient = self._seals_for()

    def task(self, row: Row, *, connector: Row) -> Task:
        """What this request takes; a refusal where something of it is missing."""
        order = {**row["order"], "fingerprint": row["fingerprint"]}
        task = Task(row["id"], row["item_key"], row["role"], order, connector)
        try:
            return self._filled(task)
        except ConnectorRefused as refusal:
            return replace(task, refusal=refusal)
        except (Invalid, NotFound, Unavailable) as error:
            return replace(task, refusal=_refusal(error))

    def _filled(self, task: Task) -> Task:
        order, key = task.order, ItemKey(task.item_key)
        if "account" not in order and task.role == "pkcs":
            application = self._application(order, connector=task.connector)
            return replace(
                task,
                work=self._pkcs(self._ledger[key], order=order, template=application.template),
                application=application,
                password=self._tx.ids.token(24),
            )
        if "account" in order:
            work = self._sealing(key, order=order)
        else:
            imported = self._imported(order["userId"], order["thumbprint"])
            work = Sealing((imported,), self._wrapping(self._ledger[key]), self._recipient)
        return replace(task, work=work, key_files=self._key_files(task.role))

    def _seals_for(self) -> x509.Certificate:
        """Who can open what is sealed: the device, or, where the tenant wants plain profiles, the service."""
        switch = self._packaging.plain_switch
        if switch is not None and self._tx.tenant.setting(switch):
            return authorities.certificate(self._tx.connection, self._tx.tenant, name="devices")
        return x509.load_der_x509_certificate(self._enrollment.identity_certificate)

    def _application(self, order: Row, *, connector: Row) -> Application:
        tx = self._tx
        name = order.get("authority", "issuing")
        if name is None:
            raise AuthorityUnknown(_unknown_authority(tx, order))
        if name == DIGICERT and connector["ra_certificate"] is None:
            raise RaCertificateMissing(
                f"The connector '{connector['name']}' has no RA certificate of DigiCert's CA: install one."
            )
        template = _template(tx, order, authority_name=name)
        try:
            authority = authorities.issuer(tx, name, keys=self._keys)
        except Unavailable as error:
            raise AuthorityUnavailable(error.message) from None
        longest = template.validity
        asked = longest if order["days"] is None else timedelta(days=min(order["days"], longest.days + 1))
        return Application(
            authority=authority,
            subject=parse_subject(order["subject"]),
            alternative_names=tuple(alternative_name(kind, value) for kind, value in order["names"]),
            template=template,
            serial=tx.ids.serial(),
            not_before=tx.now - _BACKDATED,
            # As a Windows CA does, the shorter of what the profile asks for and what the template allows.
            not_after=tx.now + min(asked, longest),
            extra_extended_key_usages=tuple(order["extended_key_usages"]),
        )

    def _pkcs(self, row: LedgerRow, *, order: Row, template: Template) -> PkcsOrder:
        return PkcsOrder(
            subject=parse_subject(order["subject"]),
            template=template.name,
            key_type=template.key_type,
            key_size=template.minimum_key_size,
            recipient=self._recipient,
            # Windows shows it beside the certificate, and says nowhere else how it came.
            friendly_name=f"PKCS: {order['subject']}",
            legacy=needs_legacy_pfx(self._variant, self._enrollment.facts.get("osVersion")),
            wrapping=self._wrapping(row),
            keeps=FACTS[self._variant].accounts_carry_certificates,
        )

    def _wrapping(self, row: LedgerRow) -> Wrapping:
        """What a certificate's password goes into, by the profiles that want it."""
        wanted = {str(claim.profile) for claim in row.claims}
        found = configuration_queries.profiles_by_id(self._tx.connection, self._tx.tenant.id, ids=wanted)
        return self._packaging.identity(row, profiles=[each["document"] for each in found.values()])

    def _imported(self, user_id: str, mark: str) -> ImportedOrder:
        """The record's file."""
        record = pfx_queries.pfx(self._tx.connection, self._tx.tenant.id, user_id=user_id, thumbprint=mark)
        if record is None:
            raise NotFound(f"The imported certificate {mark} was deleted meanwhile.")
        return ImportedOrder(
            encrypted_password=record["encrypted_password"],
            pfx=record["pfx"],
            padding="oaepSha512" if record["padding"] == "none" else record["padding"],
            thumbprint=record["thumbprint"],
            recipient=self._recipient,
            already_verified=record["verified"],
            provider_name=record["provider"],
            key_name=record["key_name"],
        )

    def _key_files(self, role: str) -> dict[tuple[str, str], str]:
        """A key helps only at a connector that works: one that is offline cannot lend its own."""
        online = {each["id"] for each in inside(serving_connectors(self._tx, role))}
        found = connector_queries.connector_key_rows(self._tx.connection, self._tx.tenant.id)
        return {(each["provider"], each["key_name"]): each["file"] for each in found if each["connector_id"] in online}

    def _issued(self, row: LedgerRow) -> ImportedOrder:
        """A file that the connector made, and kept the password of."""
        for answer in request_queries.answers(self._tx.connection, self._enrollment.id):
            if answer["serial"] == row.serial and answer["kept_password"] is not None:
                provider, name = password_escrow.NAME
                return ImportedOrder(
                    encrypted_password=answer["kept_password"],
                    pfx=answer["pfx"],
                    padding=password_escrow.PADDING,
                    thumbprint=row.thumbprint or "",
                    recipient=self._recipient,
                    already_verified=True,
                    provider_name=provider,
                    key_name=name,
                )
        raise NotFound(f"The connector has not kept the password of {row.key}.")

    def _sealing(self, key: ItemKey, *, order: Row) -> Sealing:
        account = Account.decode(order["account"].encode())
        parts = []
        for _navigation, named in sorted(account.certificates.items()):
            identity = self._ledger[named.item]
            if identity.source is Source.IMPORTED:
                parts.append(self._imported(order["userId"], identity.thumbprint or ""))
            else:
                parts.append(self._issued(identity))
        os_version = self._enrollment.facts.get("osVersion")
        wrapping = self._packaging.account(self._ledger[key], account, os_version=os_version)
        return Sealing(tuple(parts), wrapping, self._recipient)


def _template(tx: Transaction, order: Row, *, authority_name: str) -> Template:
    """The template that the order names. TemplateUnknown, with the names that there are, where there is no such one."""
    found = templates.find(tx, order["template"], authority_name=authority_name)
    if found is not None:
        return found
    wanted, ca = order["template"], order["authority_name"]
    known = templates.all_templates(tx, authority_name)
    for each in known:
        if each.display_name.lower() == wanted.lower():
            # Intune: "Configure and use PKCS certificates": the template name, not the template display name.
            raise TemplateUnknown(
                f"'{wanted}' is the display name of a certificate template of '{ca}'. certificateTemplateName takes "
                f"its name: '{each.name}'."
            )
    raise TemplateUnknown(
        f"'{ca}' has no certificate template '{wanted}'. Its templates: {', '.join(each.name for each in known)}."
    )


def _unknown_authority(tx: Transaction, order: Row) -> str:
    known = [f"'{tx.tenant.ca_name}' at {tx.tenant.ca_host}"]
    if authority_queries.authority(tx.connection, tx.tenant.id, name=DIGICERT) is not None:
        known.append(f"'Symantec' at {tx.tenant.setting('digicert.host')}")
    wanted = f"'{order['authority_name']}' at {order['authority_host']}"
    return f"No certification authority {wanted} is known to the connector. Known: {', '.join(known)}."


def _refusal(error: FauxtuneError) -> ConnectorRefused:
    return ConnectorRefused(error.message, code=REMEDIATION_FAILED)
