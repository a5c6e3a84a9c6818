"""Reads of a tenant what a report is made of: over Graph, the control surface, and the addresses of CRL and OCSP.

A report is for reading, so there is a bound for everything; what is beyond it is counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
from cryptography import x509
from cryptography.x509 import ocsp

from fauxtune.core.clock import from_iso
from fauxtune.core.mail.readability import Reading, certificate_names, key_id_name
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.pki.cms import issuer_and_serial, names_of
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.pki.ocsp import write_request
from fauxtune_client.endpoints import ClientError, Refused
from fauxtune_client.http import Client, read_whole
from fauxtune_client.marks import read_marks
from fauxtune_report.evidence.facts import (
    Authority,
    Cell,
    Certificate,
    Device,
    Facts,
    Holding,
    Left,
    LeftOut,
    Mail,
    Moment,
    Person,
    Publication,
)

MOST_PEOPLE, MOST_DEVICES, MOST_CERTIFICATES, MOST_MAILS, MOST_EVENTS = 12, 30, 100, 40, 20_000
#: Mails of one person, the newest first.
_MOST_MAILS_EACH = 20
_LARGEST_MAIL, _LARGEST_ANSWER = 256 * 1024, 8 * 1024 * 1024
_PAGE = 1000
_ENDS = ("wiped", "retired", "unenrolled", "deleted")
#: What begins the end of an enrolment.
_FIRST = ("wipeRequested", "retireRequested", "deleteRequested", *_ENDS)
#: Kinds of entries about devices that a report tells of.
_OF_DEVICES = ("enrolled", "installed", "removed", "renewed", *_FIRST)
#: Kinds of entries that belong to no device.
_TENANT_WIDE = ("imported", "certificatePublished", "certificateWithdrawn", "mailDelivered")
_HELD = frozenset({Source.ROOT, Source.PKCS, Source.SCEP, Source.IMPORTED})


@dataclass(frozen=True, slots=True)
class Exported:
    """The keys of a device, which is known by its id or else by its name: PEM files, each with a key and its
    certificate.
    """

    id: str | None
    name: str
    files: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to report: these people, or everybody, and keys that were exported from simulated devices."""

    people: Collection[str] = ()
    keys: Sequence[Exported] = ()


def read_facts(client: Client, wanted: Wanted) -> Facts:
    """Return what was read. Raises ClientError if a person is not there, or the server does not answer."""
    return _Reading(client, wanted).facts()


class _Reading:
    """One reading of a tenant. The parts are read in the order in which they need one another."""

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self._client = client
        self._wanted = wanted
        self._left_out: dict[str, int] = {}

    def facts(self) -> Facts:
        """Read everything."""
        tenant = self._client.control("GET", "")
        devices = self._devices()
        people = self._people(devices)
        addresses = {person.address for person in people}
        shared = not self._wanted.people
        theirs = [each for each in devices if each["user"] in addresses or (shared and not each["user"])]
        devices = self._bounded("devices", theirs, most=MOST_DEVICES)
        events = self._events(devices, addresses)
        listed = {person.address: self._certificates_of(person.address) for person in people}
        holdings = _holdings(events)
        known = self._certificates(listed, holdings)
        authorities = self._authorities(known)
        enrolled = [_device(each, events) for each in devices]
        first = min((event["seq"] for event in events if event["type"] in _FIRST), default=None)
        mails = [mail for person in people for mail in self._mails(person.address, known, first=first)]
        mails = self._bounded("mails", mails, most=MOST_MAILS)
        marked = {holding.thumbprint for holding in holdings} | known.keys()
        marked |= {thumbprint(authority.certificate) for authority in authorities}
        return Facts(
            marks=read_marks(self._client, sorted(marked)),
            tenant=tenant["name"],
            edition=tenant["settings"]["edition"]["value"],
            # Read last: no CRL and no answer may be of a later time.
            now=from_iso(self._client.control("GET", "/clock")["now"]),
            people=tuple(people),
            devices=tuple(device for device in enrolled if device is not None),
            certificates=known,
            holdings=holdings,
            mails=tuple(mails),
            authorities=tuple(authorities),
            publications=self._publications(addresses),
            events=tuple(events),
            revoked=_revoked(known, authorities),
            ocsp=_statuses(known, authorities),
            keys=_keys(self._wanted.keys, [device for device in enrolled if device is not None]),
            left_out=LeftOut(**self._left_out),
            imports={
                event["certificate"]["thumbprint"]: Moment(event["seq"], from_iso(event["time"]))
                for event in reversed(events)
                if event["type"] == "imported" and event["certificate"]
            },
        )

    def _bounded(self, name: str, elements: list[Any], *, most: int) -> list[Any]:
        if len(elements) > most:
            self._left_out[name] = self._left_out.get(name, 0) + len(elements) - most
        return elements[:most]

    def _devices(self) -> list[dict[str, Any]]:
        rows = self._client.control_list("/devices")
        return sorted(rows, key=lambda row: (row["enrolledDateTime"] or "", row["id"]))

    def _people(self, devices: Iterable[Mapping[str, Any]]) -> list[Person]:
        """The people to report on: those who were named, else those who have devices, in the order of enrolment."""
        if self._wanted.people:
            return [self._person(person) for person in dict.fromkeys(self._wanted.people)]
        owners = list(dict.fromkeys(device["user"] for device in devices if device["user"]))
        return [self._person(each) for each in self._bounded("people", owners, most=MOST_PEOPLE)]

    def _person(self, name: str) -> Person:
        if "@" not in name:
            name = f"{name}@{self._client.control('GET', '')['domain']}"
        try:
            user = self._client.graph("GET", f"/users/{quote(name)}?$select=displayName,userPrincipalName")
        except Refused as refused:
            if refused.status != 404:
                raise
            raise ClientError(f"There is no user '{name}': `fauxtune user list` lists them.") from None
        return Person(user["userPrincipalName"], user["displayName"] or user["userPrincipalName"])

    def _events(self, devices: Iterable[Mapping[str, Any]], addresses: Collection[str]) -> list[dict[str, Any]]:
        """The journal's entries about these devices and people, in their order, of the kinds that a report tells of.
        All of them, or none: half a history would say something else. Raises ClientError if they are too many.
        """
        kinds, tenant_wide = ",".join(_OF_DEVICES), ",".join(_TENANT_WIDE)
        events: dict[int, dict[str, Any]] = {}
        for device in devices:
            self._keep(events, self._pages({"device": device["id"], "type": kinds}))
        theirs = (
            event
            for event in self._pages({"type": tenant_wide})
            if event["user"] in addresses or event["detail"].get("address") in addresses
        )
        self._keep(events, theirs)
        return [events[number] for number in sorted(events)]

    @staticmethod
    def _keep(events: dict[int, dict[str, Any]], more: Iterable[dict[str, Any]]) -> None:
        for event in more:
            events[event["seq"]] = event
            if len(events) > MOST_EVENTS:
                raise ClientError(
                    f"The journal has more than {MOST_EVENTS:,} entries about these people and devices: name fewer "
                    "people with --user."
                )

    def _pages(self, question: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        after = 0
        while True:
            answer = self._client.control("GET", "/journal", params={**question, "after": str(after)})
            yield from answer["events"]
            if len(answer["events"]) < _PAGE:
                return
            after = answer["next"]

    def _certificates_of(self, address: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._client.control("GET", f"/users/{quote(address)}/certificates")["value"]
        return rows

    def _certificates(
        self, listed: Mapping[str, list[dict[str, Any]]], holdings: Iterable[Holding]
    ) -> dict[str, Certificate]:
        """The certificates of these people and on these devices, as far as the tenant's register has them."""
        thumbprints = dict.fromkeys(row["thumbprint"] for rows in listed.values() for row in rows)
        thumbprints |= dict.fromkeys(holding.thumbprint for holding in holdings if holding.source is not Source.ROOT)
        known = {}
        for each in self._bounded("certificates", list(thumbprints), most=MOST_CERTIFICATES):
            try:
                row = self._client.control("GET", f"/certificates/{each}")
            except Refused as refused:
                if refused.status != 404:
                    raise
                continue
            source = None if row["source"] is None else Source(row["source"])
            certificate = certificate_from(row["certificate"].encode())
            known[each] = Certificate(each, source, row["userPrincipalName"], row["authority"], certificate)
        return known

    def _authorities(self, known: Mapping[str, Certificate]) -> list[Authority]:
        """The roots, and the authorities that issued these certificates, with CRL and an OCSP answer about them."""
        names = {each.authority for each in known.values()}
        authorities = []
        for row in self._client.control("GET", "/authorities")["value"]:
            certificate = certificate_from(row["certificate"].encode())
            is_root = certificate.issuer == certificate.subject
            if not is_root and row["name"] not in names:
                continue
            crl = answer = None
            mine = [each.certificate for each in known.values() if each.authority == row["name"]]
            if mine:
                details = self._client.control("GET", f"/authorities/{quote(row['name'])}")
                crl = self._fetch("GET", details["crlUrl"])
                question = write_request(mine, issuer=certificate)
                answer = self._fetch("POST", details["ocspUrl"], content=question)
            authorities.append(Authority(row["name"], is_root, certificate, crl, answer))
        return authorities

    def _fetch(self, method: str, url: str, *, content: bytes | None = None) -> bytes:
        """The answer of an address that certificates name, which needs no sign-in."""
        headers = {} if content is None else {"content-type": "application/ocsp-request"}
        try:
            with httpx.stream(method, url, content=content, headers=headers, timeout=30.0, trust_env=False) as answer:
                whole = read_whole(answer, largest=_LARGEST_ANSWER)
        except httpx.HTTPError as error:
            raise ClientError(f"{url} cannot be reached: {error or type(error).__name__}.") from None
        if not whole.is_success:
            raise ClientError(f"{url} answered {whole.status_code}.")
        return whole.content

    def _publications(self, addresses: Collection[str]) -> tuple[Publication, ...]:
        rows = self._client.control("GET", "/address-book")["value"]
        return tuple(
            Publication(row["address"], row["thumbprint"], tuple(map(str.lower, row["addresses"])))
            for row in rows
            if row["address"] in addresses
        )

    def _mails(self, address: str, known: Mapping[str, Certificate], *, first: int | None) -> list[Mail]:
        path = f"/users/{quote(address)}"
        rows: list[dict[str, Any]] = []
        while True:
            page = self._client.control(
                "GET", f"{path}/messages", params={"after": str(rows[-1]["uid"] if rows else 0), "limit": "500"}
            )["value"]
            rows += page
            if len(page) < 500:
                break
        if len(rows) > _MOST_MAILS_EACH:
            self._left_out["mails"] = self._left_out.get("mails", 0) + len(rows) - _MOST_MAILS_EACH
        rows = rows[-_MOST_MAILS_EACH:]
        if not rows:
            return []
        since = rows[0]["uid"] - 1
        before = {} if first is None else self._cells(path, since, at=str(first - 1) if first > 1 else "1")
        now = self._cells(path, since, at="")
        names = {
            name: certificate.thumbprint
            for certificate in known.values()
            for name in certificate_names(*names_of(certificate.certificate))
        }
        return [
            self._mail(address, row, names=names, before=before.get(row["uid"], {}), now=now.get(row["uid"], {}))
            for row in rows
        ]

    def _cells(self, path: str, since: int, *, at: str) -> dict[int, dict[str, Cell]]:
        question = {"after": str(since), "limit": str(_MOST_MAILS_EACH)} | ({"at": at} if at else {})
        matrix = self._client.control("GET", f"{path}/readability", params=question)
        devices = [each["device"] for each in matrix["devices"]]
        return {
            row["uid"]: {
                device: Cell(Reading(cell["reading"]), cell["certificate"])
                for device, cell in zip(devices, row["cells"], strict=True)
            }
            for row in matrix["mail"]
        }

    def _mail(
        self,
        address: str,
        row: Mapping[str, Any],
        *,
        names: Mapping[str, str],
        before: Mapping[str, Cell],
        now: Mapping[str, Cell],
    ) -> Mail:
        path = f"/users/{quote(address)}/messages/{row['uid']}"
        raw = self._client.control("GET", f"{path}/raw") if row["size"] <= _LARGEST_MAIL else None
        signatures = self._client.control("GET", path)["signatures"] if row["signed"] else []
        signature = signatures[0] if signatures else {}
        recipients = [] if row["encryption"] is None else row["encryption"]["recipients"]
        return Mail(
            owner=address,
            uid=row["uid"],
            subject=row["subject"] or "",
            author=row["author"] or "",
            date=from_iso(row["date"] or row["receivedDateTime"]),
            encrypted=bool(row["encrypted"]),
            recipients=tuple(names[name] for name in map(_recipient, recipients) if name is not None and name in names),
            signer=signature.get("thumbprint"),
            counts=bool(signature.get("counts")) and signature.get("issuedHere", False),
            signed_at=_moment(signature.get("signedDateTime")),
            before=before,
            now=now,
            raw=raw,
        )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)


def _recipient(row: Mapping[str, Any]) -> str | None:
    if row["serial"] is not None and row["issuer"] is not None:
        return issuer_and_serial(bytes.fromhex(row["issuer"]), row["serial"])
    return None if row["keyId"] is None else key_id_name(row["keyId"])


def _device(row: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> Device | None:
    """The device with its beginning and its end; None if the journal does not have the beginning."""
    mine = [event for event in events if event["device"] == row["id"]]
    began = next((event for event in mine if event["type"] == "enrolled"), None)
    if began is None:
        return None
    ended = next((event for event in reversed(mine) if event["type"] in _ENDS and not event["certificate"]), None)
    left = None if ended is None else Left(ended["type"], _at(ended))
    return Device(row["id"], row["deviceName"] or row["id"], Variant(row["variant"]), row["user"], _at(began), left)


def _at(event: Mapping[str, Any]) -> Moment:
    return Moment(event["seq"], from_iso(event["time"]))


def _holdings(events: Iterable[Mapping[str, Any]]) -> tuple[Holding, ...]:
    """When each device held which certificate: from the confirmation that it was installed until it was removed. One
    that takes the place of another, as at a renewal, ends it.
    """
    over: list[Holding] = []
    present: dict[tuple[str, str], Holding] = {}
    for event in events:
        certificate, item = event["certificate"] or {}, event["detail"].get("item")
        source = certificate.get("source") or (item or "").partition("/")[0]
        if (
            event["type"] not in {"installed", "removed"}
            or source not in _HELD
            or not certificate.get("thumbprint")
            or not item
        ):
            continue
        former = present.pop((event["device"], item), None)
        if former is not None:
            over.append(Holding(former.device, former.thumbprint, former.source, former.since, _at(event)))
        if event["type"] == "installed":
            present[event["device"], item] = Holding(
                event["device"], certificate["thumbprint"], Source(source), _at(event)
            )
    return tuple(sorted([*over, *present.values()], key=lambda holding: holding.since.number))


def _revoked(known: Mapping[str, Certificate], authorities: Iterable[Authority]) -> dict[str, datetime]:
    """The certificates on the CRLs, with the moment of the revocation."""
    revoked = {}
    for authority in authorities:
        if authority.crl is not None:
            crl = x509.load_der_x509_crl(authority.crl)
            for certificate in known.values():
                entry = crl.get_revoked_certificate_by_serial_number(certificate.serial)
                if certificate.authority == authority.name and entry is not None:
                    revoked[certificate.thumbprint] = entry.revocation_date_utc
    return revoked


def _statuses(known: Mapping[str, Certificate], authorities: Iterable[Authority]) -> dict[str, str]:
    """The status of certificates by the answers of OCSP: good, revoked or unknown."""
    statuses = {}
    for authority in authorities:
        if authority.ocsp is None:
            continue
        answer = ocsp.load_der_ocsp_response(authority.ocsp)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise ClientError(f"OCSP of the authority {authority.name} answered {answer.response_status.name}.")
        by_serial = {single.serial_number: single.certificate_status.name.lower() for single in answer.responses}
        for certificate in known.values():
            if certificate.authority == authority.name and certificate.serial in by_serial:
                statuses[certificate.thumbprint] = by_serial[certificate.serial]
    return statuses


def _keys(exported: Iterable[Exported], devices: Sequence[Device]) -> dict[tuple[str, str], bytes]:
    """The exported keys by device and thumbprint. Those of a device that is not in the report are left out."""
    ids = {device.id for device in devices}
    names = {device.name: device.id for device in devices}
    keys = {}
    for each in exported:
        device = each.id if each.id in ids else names.get(each.name)
        for text in each.files if device is not None else ():
            certificate = certificate_from(text[text.index(b"-----BEGIN CERTIFICATE-----") :])
            keys[str(device), thumbprint(certificate)] = text
    return keys
