"""Three years of a firm with devices of ten kinds, on its own clock: what is lived through, and what is left.

Every quarter two devices of three come, each an hour after the one before, so that some renew in time and some only
after the end. Every year each person's next encryption certificate is imported. In between a firm's daily life: two
devices are retired, one is deleted, a person is deleted, another leaves the group, one takes a certificate off a device
by hand, an imported certificate is deleted, and the CA is given a new key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPRequestBuilder

from fauxtune.core.clock import iso
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.model.text import JsonObject
from fauxtune.core.profiles.catalog import KINDS, Kind
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.connectors import revocation
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.directory import applications, users_and_groups
from fauxtune.operations.tenants import tenants
from fauxtune.server.factory import Application
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.tenants import JournalRow
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import StepwiseDevice
from tests.support.removal_situations import enrol_variant
from tests.support.soak import SOAK
from tests.support.tenant import Contoso

#: So that each person has devices of several kinds, and whoever anything happens to is there.
PEOPLE, DEVICES = (17, 50) if SOAK else (9, 27)
QUARTERS = 12
QUARTER, HOUR = timedelta(days=89), timedelta(hours=1)
YEAR = timedelta(days=365)
#: Certificates are good from ten minutes before they are made.
BACKDATED = timedelta(minutes=10)
VARIANTS = (
    Variant.ANDROID_WORK_PROFILE,
    Variant.IOS,
    Variant.WINDOWS,
    Variant.ANDROID_FULLY_MANAGED,
    Variant.MACOS,
    Variant.ANDROID_KNOX,
    Variant.IPADOS,
    Variant.ANDROID_DEVICE_ADMIN,
    Variant.ANDROID_CORPORATE_WORK_PROFILE,
    Variant.WINDOWS_10_MOBILE,
)
AUTHORITIES = ("root", "issuing", "issuing-2")
CERTIFICATE_STATES = "deviceConfigurationsAllManagedDeviceCertificateStates"
_GROUP = "Firm"


@dataclass(slots=True)
class Left:
    """All that can be seen at the end, from each side."""

    at: datetime
    journal: list[JournalRow]
    #: Device -> when it came; from when on it was to have no certificates any more; when its own was lost by hand.
    visits: dict[str, list[datetime]]
    unwanted: dict[str, datetime]
    lost: dict[str, datetime]
    #: What the devices hold, and what their ledgers say that they do: device -> item -> thumbprint.
    devices: dict[str, dict[str, str]] = field(default_factory=dict)
    ledgers: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Graph's collections, by the last part of their address.
    graph: dict[str, list[JsonObject]] = field(default_factory=dict)
    #: The CA: its register, every certificate in it by serial number, its authorities, their CRLs, and what each that
    #: issues answers about some serial numbers.
    register: list[JsonObject] = field(default_factory=list)
    certificates: dict[str, x509.Certificate] = field(default_factory=dict)
    authorities: dict[str, x509.Certificate] = field(default_factory=dict)
    crls: list[x509.CertificateRevocationList] = field(default_factory=list)
    ocsp: dict[tuple[str, str], bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Firm:
    """The firm, and what happens to it."""

    contoso: Contoso
    devices: list[AndroidInProcess | StepwiseDevice] = field(default_factory=list)
    visits: dict[str, list[datetime]] = field(default_factory=dict)
    unwanted: dict[str, datetime] = field(default_factory=dict)
    lost: dict[str, datetime] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        return self.contoso.emulator.runner.now(self.contoso.tenant)

    async def advance(self, by: timedelta) -> None:
        self.contoso.tenant = await self.contoso.do(tenants.advance_clock, by, system_now=self.contoso.clock.now())

    async def found(self) -> None:
        contoso = self.contoso
        # What a platform puts around a password is its own affair: here it is bare.
        contoso.emulator.packagings = {}
        people = [await contoso.user(f"person{number}") for number in range(PEOPLE)]
        await contoso.group(_GROUP, *people)
        for kind in _kinds(contoso.tenant.edition):
            documents: dict[Source | None, JsonObject] = {
                Source.ROOT: {"trustedRootCertificate": await contoso.root_text()},
                Source.PKCS: contoso.pkcs_document(certificateTemplateName="SmimeP256"),
                Source.IMPORTED: {"intendedPurpose": "smimeEncryption"},
            }
            await contoso.profile(kind.name, _GROUP, **documents[kind.family.source])
        await self.import_for_all()
        for number in range(DEVICES):
            name, variant = f"person{number % PEOPLE}", VARIANTS[number % len(VARIANTS)]
            self.devices.append(await enrol_variant(contoso, variant, name=name, number=number))
            await self.visit(number)

    async def visit(self, number: int) -> None:
        device = self.devices[number]
        await self.advance(HOUR)
        self.visits.setdefault(device.enrollment_id, []).append(self.now)
        await device.settle_completely()

    async def live(self) -> None:
        happenings = {
            2: self.retire_a_phone,
            3: self.lose_one_by_hand,
            4: self.import_for_all,
            5: self.delete_a_person,
            6: self.roll_over,
            7: self.retire_a_pc,
            8: self.import_for_all,
            9: self.delete_an_import,
            10: self.leave_the_group,
            11: self.delete_a_device,
        }
        for quarter in range(1, QUARTERS + 1):
            await self.advance(QUARTER)
            if quarter in happenings:
                await happenings[quarter]()
            for number in range(DEVICES):
                if quarter == QUARTERS or (number + quarter) % 3:
                    await self.visit(number)

    # ------------------------------------------------------------------------------------------------- what happens

    async def import_for_all(self) -> None:
        """The next encryption certificate of everybody who is still there."""
        end = iso(self.now - BACKDATED + YEAR)
        for number in range(PEOPLE):
            if f"person{number}" not in self.gone:
                await self.contoso.import_pfx(f"person{number}", expirationDateTime=end)

    async def retire_a_phone(self) -> None:
        await self._end(0, device_actions.retire)

    async def retire_a_pc(self) -> None:
        await self._end(2, device_actions.retire)

    async def delete_a_device(self) -> None:
        await self._end(21, device_actions.delete)

    async def lose_one_by_hand(self) -> None:
        device = self.devices[3]
        (key,) = [key for key in device.holds if key.startswith("pkcs/")]
        device.lose(key)
        self.lost[device.enrollment_id] = self.now

    async def delete_a_person(self) -> None:
        await self.contoso.do(users_and_groups.delete_user, self.contoso.upn("person5"))
        self.gone.add("person5")
        self._not_wanted_any_more(5)

    async def leave_the_group(self) -> None:
        member = await self.contoso.user_id("person8")
        await self.contoso.do(users_and_groups.remove_member, self.contoso.groups[_GROUP], member_id=member)
        self._not_wanted_any_more(8)

    async def delete_an_import(self) -> None:
        """Of the first certificate of a person who has three."""
        (first, *_) = await self.contoso.events("imported")
        assert first.certificate is not None
        record_id = await self.contoso.record_id("person0", first.certificate["thumbprint"])
        await self.contoso.do(imported_pfx.delete_pfx, record_id)

    async def roll_over(self) -> None:
        await revocation.roll_over(self.contoso.emulator, self.contoso.tenant, name="issuing")

    async def _end(self, number: int, operation: Any) -> None:
        record = await self.contoso.get(device_queries.managed_device_of, self.devices[number].enrollment_id)
        await self.contoso.do(operation, record.id)
        self.unwanted[self.devices[number].enrollment_id] = self.now

    def _not_wanted_any_more(self, person: int) -> None:
        for number in range(person, DEVICES, PEOPLE):
            self.unwanted.setdefault(self.devices[number].enrollment_id, self.now)


async def live_through(contoso: Contoso) -> Left:
    """All of it, and what is left."""
    firm = Firm(contoso)
    await firm.found()
    await firm.live()
    left = Left(firm.now, await contoso.events(), firm.visits, firm.unwanted, firm.lost)
    for device in firm.devices:
        left.devices[device.enrollment_id] = {
            str(key): mark for key, mark in device.holds.items() if not key.startswith("root/")
        }
        rows = await contoso.look(device_queries.ledger_rows, device.enrollment_id)
        left.ledgers[device.enrollment_id] = {
            str(row.key): str(row.thumbprint)
            for row in rows.values()
            if row.source is not Source.ROOT and row.state.value in ("installed", "kept", "removing")
        }
    transport = httpx.ASGITransport(Application(contoso.emulator))
    async with httpx.AsyncClient(transport=transport, base_url=contoso.emulator.addresses.https, timeout=60) as http:
        await _ask_graph(left, http, contoso=contoso)
        await _ask_ca(left, http, contoso=contoso)
    return left


def _kinds(edition: Edition) -> list[Kind]:
    """The kinds of profiles that give these devices what they have: the first that applies."""
    results = {}
    for variant in VARIANTS:
        for source in (Source.ROOT, Source.PKCS, Source.IMPORTED):
            fitting = (each for each in KINDS if each.family.source is source)
            kind = next(each for each in fitting if each.applies(variant, edition=edition))
            results[kind.name] = kind
    return list(results.values())


async def _ask_graph(left: Left, http: httpx.AsyncClient, *, contoso: Contoso) -> None:
    application, secret = await contoso.do(applications.add_application, applications.NewApplication())
    form = {
        "grant_type": "client_credentials",
        "client_id": application.client_id,
        "client_secret": secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    token = (await http.post(f"/{contoso.tenant.id}/oauth2/v2.0/token", data=form)).raise_for_status().json()
    headers = {"authorization": f"Bearer {token['access_token']}"}
    for name in ("managedDevices", "userPfxCertificates", CERTIFICATE_STATES):
        url: str | None = f"/beta/deviceManagement/{name}"
        result = left.graph.setdefault(name, [])
        while url is not None:
            page = (await http.get(url, headers=headers)).raise_for_status().json()
            result += page["value"]
            url = page.get("@odata.nextLink")


async def _ask_ca(left: Left, http: httpx.AsyncClient, *, contoso: Contoso) -> None:
    listed = (await http.get(f"/_fauxtune/v1/tenants/{contoso.tenant.name}/certificates")).raise_for_status()
    left.register = listed.json()["value"]
    for row in await contoso.issued():
        left.certificates[row.serial] = x509.load_der_x509_certificate(row.certificate)
    for name in AUTHORITIES:
        certificate = (await http.get(f"/pki/{contoso.tenant.name}/{name}/ca.cer")).raise_for_status()
        left.authorities[name] = x509.load_der_x509_certificate(certificate.content)
        crl = (await http.get(f"/pki/{contoso.tenant.name}/{name}/crl")).raise_for_status()
        left.crls.append(x509.load_der_x509_crl(crl.content))
    for issuer in AUTHORITIES[1:]:
        for serial in _sample(left.register):
            builder = OCSPRequestBuilder()
            builder = builder.add_certificate(left.certificates[serial], left.authorities[issuer], hashes.SHA1())
            request = builder.build().public_bytes(Encoding.DER)
            answer = await http.post(f"/pki/{contoso.tenant.name}/{issuer}/ocsp", content=request)
            left.ocsp[issuer, serial] = answer.raise_for_status().content


def _sample(register: list[JsonObject]) -> list[str]:
    """Two of each authority and status."""
    results: dict[tuple[str, str], list[str]] = {}
    for row in register:
        results.setdefault((row["authority"], row["status"]), []).append(row["serial"])
    return [serial for serials in results.values() for serial in serials[:2]]
