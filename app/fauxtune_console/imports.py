"""What the console imports for a person: which certificates, encrypted for which connector, by which requests.

The password of a PFX file is encrypted as soon as it arrives. Nothing keeps it in clear.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from fauxtune.core.administration import imported
from fauxtune.core.administration.emulation import issue_certificate
from fauxtune.core.administration.imported import ConnectorKey, Span
from fauxtune.core.administration.requests import AdminRequest, Json
from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, PfxPasswordWrong
from fauxtune.core.model.ids import UserId
from fauxtune.operations.ca import counter
from fauxtune.operations.ca.counter import CounterRequest
from fauxtune.operations.insight.whatif import Foresight
from fauxtune.operations.insight.whatif_outcomes import Consequence
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune_console.call import TenantCall
from fauxtune_console.session import Typed
from fauxtune_console.tasks import Task, one_by_one

#: Bytes of a PFX file that the console takes.
LARGEST_FILE = 256 * 1024
#: Years of a history.
MOST_YEARS = 10
_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a certificate is imported for."""

    id: UserId
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ImportKey:
    """A key that passwords can be encrypted with, and the connector that has it."""

    key: ConnectorKey
    connector: str

    @property
    def value(self) -> str:
        """The key's place in a form: neither part has a slash."""
        return f"{self.key.provider_name}/{self.key.key_name}"


@dataclass(frozen=True, slots=True)
class NewCertificates:
    """Certificates that our CA issues, to be imported: one for each span of time."""

    person: Person
    template: str
    purpose: str
    key: ConnectorKey
    spans: tuple[Span | None, ...]

    def request(self, span: Span | None) -> CounterRequest:
        """Return the request to the CA for one of them."""
        start, end = span or (None, None)
        return CounterRequest(self.template, user_principal_name=self.person.address, not_before=start, not_after=end)

    def foreseen(self, now: datetime) -> Task:
        """Return the task that asks what the imports would do."""
        return one_by_one(
            [
                imported.import_pfx(
                    imported.placeholder(
                        number=number,
                        connector_key=self.key,
                        user_principal_name=self.person.address,
                        purpose=self.purpose,
                        span=span or (now, now + _YEAR),
                    )
                )
                for number, span in enumerate(self.spans, 1)
            ]
        )

    def requests(self, now: datetime) -> list[AdminRequest]:
        """Return the requests that the task stands for, for people to read: those of the first certificate."""
        span = self.spans[0]
        issue = issue_certificate(
            self.template,
            user=self.person.address,
            not_before=None if span is None else iso(span[0]),
            not_after=None if span is None else iso(span[1]),
        )
        if len(self.spans) > 1:
            note = f"These two requests once for each of the {len(self.spans)} certificates, each with its own days."
            issue = AdminRequest(issue.method, issue.path, issue.body, issue.service, notes=(note,))
        record = imported.placeholder(
            number=0,
            connector_key=self.key,
            user_principal_name=self.person.address,
            purpose=self.purpose,
            span=span or (now, now + _YEAR),
        )
        return [issue, imported.without_secrets(imported.import_pfx(record), thumbprint="<of the new certificate>")]

    async def issue(self, call: TenantCall, span: Span | None) -> Json:
        """Have one of them issued, and return its record. Its password exists only in here."""
        answer = await counter.issue(call.emulator, call.tenant, request=self.request(span))
        assert answer.pfx is not None
        assert answer.pfx_password is not None
        return imported.record(
            answer.pfx,
            certificate=answer.certificate,
            password=answer.pfx_password,
            connector_key=self.key,
            user_principal_name=self.person.address,
            purpose=self.purpose,
        )


def history(now: datetime, *, years: int) -> tuple[Span, ...]:
    """Return the spans of certificates of so many years, one after the other, oldest first; the last is valid now."""
    start = (now - years * _YEAR).replace(microsecond=0)
    spans = [(start + place * _YEAR, start + (place + 1) * _YEAR) for place in range(years)]
    return (*spans[:-1], (spans[-1][0], spans[-1][1] + _YEAR))


def without_marks(effects: Foresight) -> Foresight:
    """Return what the imports of placeholders would do, without the marks: the certificates do not exist yet."""

    def unknown(items: tuple[Consequence, ...]) -> tuple[Consequence, ...]:
        return tuple(
            replace(item, thumbprint=None) if imported.is_placeholder(item.thumbprint) else item for item in items
        )

    devices = [
        replace(device, install=unknown(device.install), reissue=unknown(device.reissue)) for device in effects.devices
    ]
    return replace(effects, devices=devices)


def import_keys(connection: Connection, call: TenantCall) -> list[ImportKey]:
    """Return the keys of connectors that deliver imported certificates; of one that several have, the first."""
    names = {
        row.id: row.name
        for row in connector_queries.connector_rows(connection, call.tenant.id)
        if "imported-pfx" in row.roles
    }
    keys: dict[str, ImportKey] = {}
    for row in connector_queries.connector_key_rows(connection, call.tenant.id):
        public = load_der_public_key(row.public_key)
        if row.connector_id in names and isinstance(public, RSAPublicKey):
            key = ImportKey(ConnectorKey(row.provider, row.key_name, public), names[row.connector_id])
            keys.setdefault(key.value, key)
    return list(keys.values())


async def read_file(
    call: TenantCall, data: bytes, *, password: str, person: Person, purpose: str, key: ConnectorKey
) -> Json:
    """Return the record of a PFX file. Raises Invalid, with the field `file` or `password`, for one that cannot be
    imported. The file is opened as the connector does it: in a thread, one of a tenant at a time, for seconds at most.
    """
    if not data:
        raise Invalid("Choose a PFX file.", target="file")
    if len(data) > LARGEST_FILE:
        raise Invalid(
            f"The file has more than {LARGEST_FILE // 1024} KiB, too large for one certificate.", target="file"
        )
    try:
        certificate = await _opened(call, data, password=password)
        return imported.record(
            data,
            certificate=certificate,
            password=password,
            connector_key=key,
            user_principal_name=person.address,
            purpose=purpose,
        )
    except PfxPasswordWrong:
        raise Invalid("The file does not open with this password.", target="password") from None
    except Invalid as error:
        raise Invalid(error.message, target=error.target if error.target == "password" else "file") from None


async def _opened(call: TenantCall, data: bytes, *, password: str) -> x509.Certificate:
    emulator = call.emulator
    opening = emulator.openers.submit(call.tenant.id, partial(imported.certificate_of, data, password=password))
    try:
        return await asyncio.wait_for(asyncio.wrap_future(opening), emulator.patience)
    except TimeoutError:
        raise Invalid(
            f"The file does not open within {emulator.patience:g} seconds: it asks for too much work, or other files "
            "are being opened."
        ) from None


def read_record(form: Typed, *, person: Person) -> Json:
    """Return the record that the page before has made, and the browser has kept meanwhile. Raises Invalid where it is
    not there.
    """
    record = {name: next(iter(form.values.get(name, ())), "") for name in imported.RECORD}
    if not all(record.values()) or record["userPrincipalName"] != person.address:
        raise Invalid("The file got lost on the way. Choose it again.")
    return record


def decoded(text: str) -> bytes:
    """Return the bytes of a file that a page kept in a hidden field; nothing for another text."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
