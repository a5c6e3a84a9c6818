"""Certificates by SCEP from the tenant's own NDES, against the cryptography that no SCEP server can save.

Keys, challenges and messages of the devices are made outside the measured time.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from bench import inside, world
from bench.rows import Row, medians
from fauxtune.connector.keypool import KeyRing
from fauxtune.core.model.ids import ManagedDeviceId, ProfileId
from fauxtune.operations.ca import authorities
from fauxtune.operations.checkin import ndes, scep_challenges
from fauxtune.operations.connectors.ra_certificates import registration_authority
from fauxtune.operations.devices.enrollment import Enrolled
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune_sim.identity import DeviceIdentity
from fauxtune_sim.scep.csr import certificate_request
from fauxtune_sim.scep.messages import MessageType, new_request, temporary_identity, write_pki_message
from fauxtune_sim.scep.settings import ENCRYPTION, SIGNING, RequestSettings

_REQUESTS = 40
_PAIRS = 9
_YEAR = timedelta(days=365)
_SECURE_EMAIL = "1.3.6.1.5.5.7.3.4"


def rows() -> Iterator[Row]:
    """One row: messages that NDES answers with a certificate, against raw signing and enveloping."""
    measured = asyncio.run(_measured())
    ours, floor, ratio = medians(measured)
    yield Row("SCEP issuance / raw signing and enveloping", f"{ours:.0f}/s", f"{floor:.0f}/s", ratio, 0.5)


async def _measured() -> list[tuple[float, float]]:
    ring = KeyRing([rsa.generate_private_key(65537, 2048) for _ in range(8)])
    async with inside.world(ring) as here:
        profile = await _profile(here)
        devices = await here.enrol(count=_REQUESTS)
        signer = _signer(ring)
        await _answered(here, await _messages(here, devices, profile=profile, signer=signer))
        pairs = []
        for _ in range(_PAIRS):
            messages = await _messages(here, devices, profile=profile, signer=signer)
            pairs.append((await _answered(here, messages), _raw(ring, signer)))
        return pairs


async def _profile(here: inside.World) -> str:
    root = await here.run(lambda tx: authorities.certificate(tx.connection, tx.tenant, name="root"))
    text = base64.b64encode(root.public_bytes(Encoding.DER)).decode()
    trusted = await here.profile("androidWorkProfileTrustedRootCertificate", trustedRootCertificate=text)
    return await here.profile(
        "androidWorkProfileScepCertificateProfile",
        scepServerUrls=[ndes.address_of(here.tenant)],
        subjectNameFormat="custom",
        subjectNameFormatString="CN={{UserName}}",
        subjectAlternativeNameType="emailAddress",
        extendedKeyUsages=[{"name": "Secure Email", "objectIdentifier": _SECURE_EMAIL}],
        keyUsage="keyEncipherment,digitalSignature",
        keySize="size2048",
        hashAlgorithm="sha2",
        certificateValidityPeriodValue=1,
        certificateValidityPeriodScale="years",
        **{"rootCertificate@odata.bind": f"deviceManagement/deviceConfigurations('{trusted}')"},
    )


def _signer(ring: KeyRing) -> DeviceIdentity:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "device")])
    return temporary_identity(ring.take(), name, moment=datetime.now(UTC))


async def _messages(
    here: inside.World, devices: Sequence[Enrolled], *, profile: str, signer: DeviceIdentity
) -> list[bytes]:
    """A message of each device, with a challenge of its own."""
    ra = await registration_authority(here.emulator, here.tenant)

    def challenge(tx: Transaction, device: Enrolled) -> str:
        record = device_queries.managed_device_of(tx.connection, device.id)
        assert record is not None
        return scep_challenges.give_challenge(
            tx, device=ManagedDeviceId(record.id), profile=ProfileId(profile), keys=here.emulator.keys
        ).password

    messages = []
    for number, device in enumerate(devices):
        settings = RequestSettings(
            subject=((("CN", "alice"),),),
            challenge=await here.run(challenge, device),
            key_usages=(SIGNING, ENCRYPTION),
            extended_key_usages=(_SECURE_EMAIL,),
            mail_names=(world.ALICE,),
        )
        csr = certificate_request(signer.key, settings).public_bytes(Encoding.DER)
        request = new_request(MessageType.PKCS_REQ, csr, signer=signer, transaction=str(number))
        recipient = ra.encryption.certificate
        messages.append(
            write_pki_message(request, recipient, cipher="aes256", digest="sha256", moment=datetime.now(UTC))
        )
    return messages


async def _answered(here: inside.World, messages: Sequence[bytes]) -> float:
    start = time.perf_counter()
    for message in messages:
        await ndes.answer(here.emulator, here.tenant, message=message)
    return len(messages) / (time.perf_counter() - start)


def _raw(ring: KeyRing, signer: DeviceIdentity) -> float:
    """The least that any SCEP server does: open the message, sign a certificate, seal it, sign the answer."""
    key, now = ring.take(), datetime.now(UTC)
    wrapped = key.public_key().encrypt(b"k" * 32, PKCS1v15())
    start = time.perf_counter()
    for number in range(_REQUESTS):
        key.decrypt(wrapped, PKCS1v15())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"user{number}")]))
            .issuer_name(signer.certificate.subject)
            .public_key(signer.key.public_key())
            .serial_number(number + 1)
            .not_valid_before(now)
            .not_valid_after(now + _YEAR)
            .sign(key, hashes.SHA256())
        )
        content = certificate.public_bytes(Encoding.DER)
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(signer.certificate)
        sealed = builder.set_content_encryption_algorithm(AES256).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        key.sign(sealed, PKCS1v15(), hashes.SHA256())
    return _REQUESTS / (time.perf_counter() - start)
