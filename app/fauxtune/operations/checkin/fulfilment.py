"""The connector's work for one device: the tasks that a transaction gathers, and the answers that are stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector import password_escrow
from fauxtune.connector.issue import PkcsOrder
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.passwords import ImportedOrder
from fauxtune.connector.refusals import (
    AuthorityRefused,
    AuthorityUnavailable,
    AuthorityUnknown,
    TemplateUnknown,
)
from fauxtune.connector.work import Done, Sealing, Work
from fauxtune.connector.wrapping import Wrapping
from fauxtune.core.errors import ConnectorRefused, FauxtuneError, Invalid, NotFound, Unavailable
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId, UserId
from fauxtune.core.model.items import (
    REMEDIATION_FAILED,
    AccountOrder,
    ImportedCertificateOrder,
    LedgerRow,
    Order,
    RequestOrder,
)
from fauxtune.core.model.made_often import made_often, with_changes
from fauxtune.core.model.platforms import FACTS, needs_legacy_pfx
from fauxtune.core.model.states import Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.core.pki.issuance import BACKDATED
from fauxtune.core.pki.names import alternative_name, parse_subject, serial_hex, thumbprint
from fauxtune.core.pki.pfx import with_unknown_cipher
from fauxtune.core.pki.template import Template
from fauxtune.operations.ca import authorities, issuance
from fauxtune.operations.ca.issuance import Application
from fauxtune.operations.connectors import event_log
from fauxtune.operations.connectors.selection import check_ra_certificate, for_request, inside, serving_connectors
from fauxtune.operations.runtime.emulator import BARE_PACKAGING, Packaging, Packagings
from fauxtune.operations.runtime.faults import strikes
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.situations import claiming
from fauxtune.operations.visits.visit import Visit
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.rows.certificates import (
    AnswerRow,
    ConnectorKeyRow,
    ConnectorRow,
    PfxRow,
    RequestChanges,
    RequestRow,
)
from fauxtune.storage.rows.devices import EnrollmentRow


@made_often
@dataclass(frozen=True, slots=True)
class Task:
    """One request with everything that answering it takes: the connector's work, and for a new certificate the
    application to the authority; or a `refusal`, if something of that is missing. `key_files`: where a connector
    inside the server finds the keys that orders name. `again`: an earlier answer that is given in place of a new one.
    """

    request: RequestRow
    connector: ConnectorRow
    work: Work | None = None
    application: Application | None = None
    key_files: Mapping[tuple[str, str], str] = field(default_factory=dict)
    password: str = field(default="", repr=False)
    again: AnswerRow | None = None
    refusal: ConnectorRefused | None = None

    @property
    def is_for_digicert(self) -> bool:
        """Whether DigiCert's CA is to issue the certificate."""
        return isinstance(self.request.order, Order) and self.request.order.authority == DIGICERT

    @property
    def opens(self) -> bool:
        """Whether a file is to be opened that was never opened before."""
        return isinstance(self.work, Sealing) and not all(part.already_verified for part in self.work.parts)


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """A task and its result."""

    task: Task
    done: Done


def open_requests(visit: Visit) -> tuple[list[tuple[RequestRow, ConnectorRow]], datetime | None]:
    """Return the requests for the device that a connector inside the server answers now, each with that connector, and
    when a polling one takes others.
    """
    ready: list[tuple[RequestRow, ConnectorRow]] = []
    next_poll: datetime | None = None
    for row in visit.requests:
        choice = for_request(visit.tx, row, ahead=sum(other.role == row.role for other, _ in ready))
        if choice.connector is not None:
            ready.append((row, choice.connector))
        elif choice.next_poll is not None:
            next_poll = min(choice.next_poll, next_poll or choice.next_poll)
    return ready, next_poll


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written of the answer to a request; the new certificate that it brings, and its authority's name."""

    request: RequestRow
    changes: RequestChanges
    certificate: x509.Certificate | None
    authority: str | None

    @property
    def serial(self) -> str | None:
        """The serial number of the new certificate."""
        return None if self.certificate is None else serial_hex(self.certificate)


def store(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    fulfilled: Fulfilled,
    user: str | None,
    visit: Visit | None = None,
) -> Stored | None:
    """Write an answer; None if its request is no longer open. (A certificate that was issued to a process is in the
    register already.) `visit`: the device's, if it is under way.
    """
    task, done = fulfilled.task, fulfilled.done
    changes: RequestChanges = {"answered_at": tx.now, "answered_by": task.connector.id, **_answer(task, done)}
    certificate = None if done.issued is None else done.issued.certificate
    authority = None if task.application is None else task.application.authority.name
    stored = Stored(task.request, changes, certificate, authority)
    if visit is None:
        is_open = connector_queries.answer_request(tx.connection, task.request.id, **stored.changes)
    else:
        is_open = visit.answer_request(task.request.id, stored.changes)
    if not is_open:
        return None
    log = _log(tx, task, device=enrollment.id, user=user)
    if done.refusal is not None:
        log.request_failed(done.refusal)
        return stored
    if stored.certificate is not None:
        if task.application is not None:
            register(tx, enrollment, task=task, certificate=stored.certificate, user=user)
        log.about(thumbprint=thumbprint(stored.certificate), serial=stored.serial)
    elif task.again is None:
        _note_verified(tx, task.request.order, opened=done.opened)
    log.request_succeeded()
    return stored


def _answer(task: Task, done: Done) -> RequestChanges:
    if done.refusal is not None:
        return {"state": "failed", "error_code": done.refusal.code, "message": done.refusal.message}
    if task.again is not None:
        serial, file = task.again.serial, task.again
        return _with_file(serial, pfx=file.pfx, sealed=file.sealed, kept_password=file.kept_password)
    if done.issued is not None:
        serial, new = serial_hex(done.issued.certificate), done.issued
        return _with_file(serial, pfx=new.pfx, sealed=new.sealed, kept_password=new.kept_password)
    return {"state": "answered", "sealed": done.sealed}


def _with_file(
    serial: str | None, *, pfx: bytes | None, sealed: bytes | None, kept_password: bytes | None
) -> RequestChanges:
    return {"state": "answered", "serial": serial, "pfx": pfx, "sealed": sealed, "kept_password": kept_password}


def _log(tx: Transaction, task: Task, *, device: EnrollmentId, user: str | None) -> event_log.Writer:
    order = task.request.order
    # An account with certificates that a connector made has a role of its own in the logs.
    role = "recrypt" if task.request.role == "pkcs" and isinstance(order, AccountOrder) else task.request.role
    log = event_log.Writer(tx, task.connector, role=role, device=device, user=user)
    log.about(item=task.request.item_key, digicert=task.is_for_digicert)
    match order:
        case Order():
            log.about(ca=order.authority_name, template=order.template)
        case ImportedCertificateOrder():
            log.about(thumbprint=order.thumbprint)
    return log


def _note_verified(tx: Transaction, order: RequestOrder, *, opened: Iterable[x509.Certificate]) -> None:
    """Note that the connector has opened the imported file, and the certificate that it found there."""
    if not isinstance(order, ImportedCertificateOrder):
        return
    for certificate in opened:
        if thumbprint(certificate) == order.thumbprint:
            pfx_queries.change_pfx(
                tx.connection,
                tx.tenant.id,
                user_id=order.user_id,
                thumbprint=order.thumbprint,
                verified=True,
                certificate=certificate.public_bytes(Encoding.DER),
            )


def register(
    tx: Transaction, enrollment: EnrollmentRow, *, task: Task, certificate: x509.Certificate, user: str | None
) -> None:
    """Write a new certificate into the register of its authority, and into the journal."""
    described = {"thumbprint": thumbprint(certificate), "serial": serial_hex(certificate), "source": "pkcs"}
    profile_id = ProfileId(task.request.item_key.removeprefix("pkcs/"))
    assert task.application is not None
    template = task.application.template
    issuance.note(
        tx,
        certificate,
        authority_name=task.application.authority.name,
        template=template.name,
        key_usage=template.key_usage,
        user_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        item_key=task.request.item_key,
        profile_id=profile_id,
    )
    tx.record(
        "renewed" if task.request.fingerprint != "first" else "issued",
        user=user,
        device=enrollment.id,
        profile=profile_id,
        certificate=described,
    )


class Preparing:
    """Gathers what answering one device's requests needs, inside the transaction."""

    def __init__(
        self,
        tx: Transaction,
        enrollment: EnrollmentRow,
        *,
        ledger: Mapping[ItemKey, LedgerRow],
        keys: KeyStore,
        packagings: Packagings,
    ) -> None:
        self._tx = tx
        self._enrollment = enrollment
        self._keys = keys
        self._packaging: Packaging = packagings.get(enrollment.platform, BARE_PACKAGING)
        self._variant = enrollment.variant
        self._ledger = ledger
        self._recipient = self._recipient_certificate()
        self._imports: dict[tuple[UserId, str], PfxRow] = {}

    def read_imported(self, requests: Iterable[RequestRow]) -> None:
        """Read at once the imported certificates that are asked for; others are read when they are needed."""
        orders = [row.order for row in requests if isinstance(row.order, ImportedCertificateOrder)]
        pairs = frozenset((order.user_id, order.thumbprint) for order in orders)
        if not pairs:
            return
        # A file that is imported once goes to every device of its user.
        known = self._tx.known(
            ("files", pairs),
            lambda: pfx_queries.pfx_rows(self._tx.connection, self._tx.tenant.id, pairs=pairs),
            hidden=_bytes_of_files,
        )
        self._imports |= known

    def task(self, request: RequestRow, *, connector: ConnectorRow) -> Task:
        """Return the task for this request, with a refusal if something is missing."""
        task = Task(request, connector)
        try:
            return self._filled(task)
        except ConnectorRefused as refusal:
            return with_changes(task, refusal=refusal)
        except (Invalid, NotFound, Unavailable) as error:
            return with_changes(task, refusal=_refusal(error))

    def _filled(self, task: Task) -> Task:
        request, key = task.request, task.request.item_key
        match request.order:
            case Order() as order:
                earlier = self._earlier(key)
                if earlier is not None and strikes(
                    self._tx, "staleRevokedReissue", device=self._enrollment.id, connector=task.connector
                ):
                    return with_changes(task, again=earlier)
                application = self._application(order, connector=task.connector)
                return with_changes(
                    task,
                    work=self._pkcs(self._ledger[key], order=order, template=application.template),
                    application=application,
                    password=self._tx.ids.token(24),
                )
            case AccountOrder() as order:
                work = self._sealing(self._ledger[key], order=order)
            case ImportedCertificateOrder() as order:
                imported = self._imported(order.user_id, order.thumbprint)
                work = Sealing((imported,), self._wrapping(self._ledger[key]), self._recipient)
        return with_changes(task, work=work, key_files=self._key_files(task.connector, role=request.role))

    def _recipient_certificate(self) -> x509.Certificate:
        """The certificate to seal for: the device's, or the service's if the tenant wants plain profiles."""
        switch = self._packaging.plain_switch
        if switch is not None and self._tx.tenant.setting(switch):
            return authorities.certificate(self._tx.connection, self._tx.tenant, name="devices")
        return x509.load_der_x509_certificate(self._enrollment.identity_certificate)

    def _application(self, order: Order, *, connector: ConnectorRow) -> Application:
        tx, name, device = self._tx, order.authority, self._enrollment.id
        if name is None:
            raise AuthorityUnknown(_unknown_authority(tx, order))
        check_ra_certificate(connector, name)
        if strikes(tx, "templateGone", device=device, connector=connector):
            raise TemplateUnknown(f"'{order.authority_name}' has no certificate template '{order.template}'.")
        template = _template(tx, order, authority_name=name)
        if strikes(tx, "authorityRefuses", device=device, connector=connector):
            raise AuthorityRefused(f"'{order.authority_name}' refused the request: denied by its policy module.")
        try:
            authority = tx.known(("issuer", name), lambda: authorities.issuer(tx, name, keys=self._keys))
        except Unavailable as error:
            raise AuthorityUnavailable(error.message) from None
        longest = template.validity
        ordered = longest if order.days is None else timedelta(days=min(order.days, longest.days + 1))
        return Application(
            authority=authority,
            subject=parse_subject(order.subject),
            alternative_names=tuple(alternative_name(kind, value) for kind, value in order.names),
            template=template,
            serial=tx.ids.serial(),
            not_before=tx.now - BACKDATED,
            # As a Windows CA does, the shorter of what the profile asks for and what the template allows.
            not_after=tx.now + min(ordered, longest),
            extra_extended_key_usages=tuple(order.extended_key_usages),
        )

    def _pkcs(self, row: LedgerRow, *, order: Order, template: Template) -> PkcsOrder:
        return PkcsOrder(
            subject=parse_subject(order.subject),
            template=template.name,
            key_type=template.key_type,
            key_size=template.minimum_key_size,
            recipient=self._recipient,
            # Windows shows it beside the certificate, and says nowhere else how it came.
            friendly_name=f"PKCS: {order.subject}",
            legacy=needs_legacy_pfx(self._variant, self._enrollment.facts.get("osVersion")),
            wrapping=self._wrapping(row),
            keeps=FACTS[self._variant].accounts_carry_certificates,
        )

    def _wrapping(self, row: LedgerRow) -> Wrapping:
        """The wrapping of a certificate's password, by the profiles that claim it."""

        def profiles() -> list[JsonObject]:
            rows = claiming(self._tx, frozenset(claim.profile for claim in row.claims))
            return [profile.document for profile in rows.values()]

        return self._packaging.identity(row, profiles=profiles)

    def _imported(self, user_id: UserId | None, mark: str) -> ImportedOrder:
        """The order to open an imported file."""
        record = None if user_id is None else self._imports.get((user_id, mark))
        if record is None and user_id is not None:
            record = pfx_queries.pfx(self._tx.connection, self._tx.tenant.id, user_id=user_id, thumbprint=mark)
        if record is None:
            raise NotFound(f"The imported certificate {mark} was deleted meanwhile.")
        pfx = record.pfx
        if strikes(self._tx, "deviceRefusesCipher", device=self._enrollment.id):
            pfx = with_unknown_cipher(pfx)
        return ImportedOrder(
            encrypted_password=record.encrypted_password,
            pfx=pfx,
            padding="oaepSha512" if record.padding == "none" else record.padding,
            thumbprint=record.thumbprint,
            already_verified=record.verified or pfx is not record.pfx,
            provider_name=record.provider,
            key_name=record.key_name,
        )

    def _key_files(self, connector: ConnectorRow, *, role: str) -> dict[tuple[str, str], str]:
        """The files of the keys that a connector has, by provider and name."""
        serving = inside(serving_connectors(self._tx, role))
        if role == "imported-pfx" and any(self._lacks_key(connector_row) for connector_row in serving):
            return {}  # any of the connectors may take the request: the one that has no key does
        keys = (key for key in self._connector_keys if key.connector_id == connector.id)
        return {(key.provider, key.key_name): key.file for key in keys}

    @cached_property
    def _connector_keys(self) -> Sequence[ConnectorKeyRow]:
        tx = self._tx
        return tx.known("connector keys", lambda: connector_queries.connector_key_rows(tx.connection, tx.tenant.id))

    def _earlier(self, key: ItemKey) -> AnswerRow | None:
        """The last certificate that was issued for this item, where a fault may give it again."""
        if self._tx.faults is None:
            return None
        known = connector_queries.answers(self._tx.connection, self._enrollment.id)
        return next(
            (answer for answer in reversed(known) if answer.item_key == key and answer.serial is not None), None
        )

    def _lacks_key(self, connector: ConnectorRow) -> bool:
        return strikes(self._tx, "connectorKeyMissing", device=self._enrollment.id, connector=connector)

    def _issued(self, row: LedgerRow) -> ImportedOrder:
        """The order to open a file that the connector made, whose password it has kept."""
        for answer in connector_queries.answers(self._tx.connection, self._enrollment.id):
            if answer.serial == row.serial and answer.kept_password is not None and answer.pfx is not None:
                provider, name = password_escrow.NAME
                return ImportedOrder(
                    encrypted_password=answer.kept_password,
                    pfx=answer.pfx,
                    padding=password_escrow.PADDING,
                    thumbprint=row.thumbprint or "",
                    already_verified=True,
                    provider_name=provider,
                    key_name=name,
                )
        raise NotFound(f"The connector has not kept the password of {row.key}.")

    def _sealing(self, row: LedgerRow, *, order: AccountOrder) -> Sealing:
        account = order.account
        parts = []
        for _navigation, named in sorted(account.certificates.items()):
            identity = self._ledger[named.item]
            if identity.source is Source.IMPORTED:
                parts.append(self._imported(order.user_id, identity.thumbprint or ""))
            else:
                parts.append(self._issued(identity))
        os_version = self._enrollment.facts.get("osVersion")
        wrapping = self._packaging.account(row, account, os_version=os_version)
        return Sealing(tuple(parts), wrapping, self._recipient)


def _bytes_of_files(rows: Mapping[tuple[UserId, str], PfxRow]) -> int:
    return sum(len(row.pfx) + len(row.encrypted_password) for row in rows.values())


def _template(tx: Transaction, order: Order, *, authority_name: str) -> Template:
    """The template that the order names. Raises TemplateUnknown, with the names of all templates."""
    (template,) = tx.known(
        ("template", authority_name, order.template),
        lambda: (issuance.find(tx, order.template, authority_name=authority_name),),
    )
    if template is not None:
        return template
    name, ca = order.template, order.authority_name
    known = issuance.all_templates(tx, authority_name)
    for other in known:
        if other.display_name.lower() == name.lower():
            # Intune: "Configure and use PKCS certificates": the template name, not the template display name.
            raise TemplateUnknown(
                f"'{name}' is the display name of a certificate template of '{ca}'. certificateTemplateName takes "
                f"its name: '{other.name}'."
            )
    raise TemplateUnknown(
        f"'{ca}' has no certificate template '{name}'. Its templates: {', '.join(other.name for other in known)}."
    )


def _unknown_authority(tx: Transaction, order: Order) -> str:
    known = [f"'{tx.tenant.ca_name}' at {tx.tenant.ca_host}"]
    if authority_queries.authority(tx.connection, tx.tenant.id, name=DIGICERT) is not None:
        known.append(f"'Symantec' at {tx.tenant.setting('digicert.host')}")
    name = f"'{order.authority_name}' at {order.authority_host}"
    return f"No certification authority {name} is known to the connector. Known: {', '.join(known)}."


def _refusal(error: FauxtuneError) -> ConnectorRefused:
    return ConnectorRefused(error.message, code=REMEDIATION_FAILED)
