"""Facts that nobody read: as many as a report may have, with names as long and as hostile as a tenant allows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from fauxtune.core.mail.readability import Reading
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune_report.evidence.facts import (
    Authority,
    Cell,
    Certificate,
    Device,
    Facts,
    Holding,
    Left,
    Mail,
    Moment,
    Person,
    Publication,
)
from fauxtune_report.reporting import MOST_CERTIFICATES, MOST_DEVICES, MOST_MAILS, MOST_PEOPLE

NOW = datetime(2026, 11, 28, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>'; rm -rf / #\"$(id)`id`&%s%(x)s\x1b[2J"


def certificate() -> x509.Certificate:
    """A certificate that anybody could have made."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sample")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1000)
    return (
        builder.not_valid_before(NOW - timedelta(days=9)).not_valid_after(NOW + timedelta(days=9)).sign(key, SHA256())
    )


def facts_of(*, devices: Sequence[str]) -> Facts:
    """Facts about one person with these devices, and nothing else."""
    person = Person("alice@contoso.example", "Alice")
    return Facts(
        tenant="contoso",
        edition="current",
        now=NOW,
        people=(person,),
        devices=tuple(
            Device(str(number), name, Variant.IOS, person.address, Moment(number + 1, NOW))
            for number, name in enumerate(devices)
        ),
        certificates={},
        holdings=(),
        mails=(),
        authorities=(),
        publications=(),
        events=(),
        revoked={},
        ocsp={},
    )


def largest() -> Facts:
    """The largest facts that are ever read."""
    long = (HOSTILE * 9)[:256]
    one = certificate()
    people = tuple(Person(f"{number}'$&`{'a' * 240}@contoso.example", long) for number in range(MOST_PEOPLE))
    devices = tuple(
        Device(
            f"device-{number}",
            long,
            Variant.ANDROID_CORPORATE_WORK_PROFILE,
            people[number % 2].address,
            Moment(number + 1, NOW),
            Left("unenrolled", Moment(900 + number, NOW)),
        )
        for number in range(MOST_DEVICES)
    )
    thumbprints = [f"{number:040x}" for number in range(MOST_CERTIFICATES)]
    sources = (Source.PKCS, Source.IMPORTED, Source.SCEP)
    certificates = {
        thumbprint: Certificate(thumbprint, sources[number % 3], people[number % 2].address, "issuing", one)
        for number, thumbprint in enumerate(thumbprints)
    }
    holdings = tuple(
        Holding(
            device.id, thumbprint, certificates[thumbprint].source or Source.PKCS, Moment(500, NOW), Moment(901, NOW)
        )
        for device in devices
        for thumbprint in thumbprints
    )
    return Facts(
        tenant=long,
        edition="current",
        now=NOW,
        people=people,
        devices=devices,
        certificates=certificates,
        holdings=holdings,
        mails=_mails(people, devices, thumbprints=thumbprints),
        authorities=(Authority("root", True, one), Authority("issuing", False, one, b"crl", b"ocsp")),
        publications=tuple(Publication(people[0].address, thumbprint, ()) for thumbprint in thumbprints),
        events=_events(devices, thumbprints),
        revoked=dict.fromkeys(thumbprints[::2], NOW),
        ocsp=dict.fromkeys(thumbprints, "good"),
        keys={(device.id, thumbprint): b"key" for device in devices for thumbprint in thumbprints},
        imports={thumbprint: Moment(0, NOW) for thumbprint in thumbprints},
    )


def _mails(people: Sequence[Person], devices: Sequence[Device], *, thumbprints: Sequence[str]) -> tuple[Mail, ...]:
    cells = {device.id: Cell(Reading.READABLE, thumbprints[0]) for device in devices}
    return tuple(
        Mail(
            owner=people[number % 2].address,
            uid=number,
            subject=HOSTILE * 9,
            author=HOSTILE * 9,
            date=NOW,
            encrypted=number % 2 == 0,
            recipients=tuple(thumbprints[:20]),
            signer=thumbprints[1],
            counts=True,
            before=cells,
            now=cells,
            raw=b"mail",
        )
        for number in range(MOST_MAILS)
    )


def _events(devices: Sequence[Device], thumbprints: Sequence[str]) -> tuple[dict[str, object], ...]:
    kinds = ("enrolled", "installed", "imported", "wiped")
    return tuple(
        {
            "seq": number,
            "time": "2026-11-28T00:00:00Z",
            "type": kinds[number % 4],
            "device": devices[number % MOST_DEVICES].id,
            "certificate": {"thumbprint": thumbprints[number % MOST_CERTIFICATES], "source": "pkcs"},
            "detail": {},
        }
        for number in range(1000)
    )
