"""Certificates by SCEP from the tenant's own NDES, against a certificate and its envelopes as the library makes them.

Keys, challenges and messages of the devices are made outside the measured time.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

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
from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.pki import scep
from fauxtune.core.pki.authority import Authority
from fauxtune.core.pki.issuance import issue_as_requested
from fauxtune.core.pki.template import BUILT_IN
from fauxtune.core.scep.comparison import compare
from fauxtune.operations.ca import authorities
from fauxtune.operations.checkin import ndes, scep_challenges
from fauxtune.operations.connectors.ra_certificates import RegistrationAuthority, registration_authority
from fauxtune.operations.devices.enrollment import Enrolled
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune_sim.cms.ciphers import ContentCipher
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.scep.csr import ENCRYPTION, SIGNING, RequestSettings, certificate_request
from fauxtune_sim.scep.messages import MessageType, new_request, temporary_identity, write_pki_message

_TEMPLATE = next(template for template in BUILT_IN if template.name == "SmimeBoth")
_REQUESTS = 40
_PAIRS = 9
_YEAR = timedelta(days=365)
_SECURE_EMAIL = "1.3.6.1.5.5.7.3.4"


def rows() -> Iterator[Row]:
    """Two rows: what NDES does with a message that asks for a certificate, without and with service and database,
    against a certificate and its envelopes as the library makes them.
    """
    without, whole = asyncio.run(_measured())
    ours, floor, ratio = medians(without)
    yield Row("SCEP issuance / raw signing and enveloping", f"{ours:.0f}/s", f"{floor:.0f}/s", ratio, 0.5)
    ours, floor, ratio = medians(whole)
    yield Row("SCEP, validated and written down / the same", f"{ours:.0f}/s", f"{floor:.0f}/s", ratio, 0.4)


async def _measured() -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    ring = KeyRing([rsa.generate_private_key(65537, 2048) for _ in range(8)])
    async with inside.world(ring) as here:
        profile = await _profile(here)
        devices = await here.enrol(count=_REQUESTS)
        signer = _signer(ring)
        ra = await registration_authority(here.emulator, here.tenant)
        authority = await here.run(authorities.issuer, keys=here.emulator.keys)
        messages = partial(
            _messages, here, devices, profile=profile, recipient=ra.encryption.certificate, signer=signer
        )
        await _answered(here, (await messages()).messages)
        without, whole = [], []
        for _ in range(_PAIRS):
            batch = await messages()
            floor = _raw(batch, ra, authority=authority)
            without.append((_issued(batch, ra, authority=authority), floor))
            whole.append((await _answered(here, batch.messages), floor))
        return without, whole


async def _profile(here: inside.World) -> str:
    root = await here.run(lambda tx: authorities.certificate(tx.connection, tx.tenant, name="root"))
    text = base64.b64encode(root.public_bytes(Encoding.DER)).decode()
    trusted = await here.profile("androidWorkProfileTrustedRootCertificate", trustedRootCertificate=text)
    return await here.profile(
        "androidWorkProfileScepCertificateProfile",
        scepServerUrls=[here.tenant.scep_server],
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


@dataclass(frozen=True, slots=True)
class Batch:
    """A message of each device, with a challenge of its own, and what all of them ask for."""

    messages: list[bytes]
    wanted: ScepRequest
    signer: DeviceIdentity


async def _messages(
    here: inside.World,
    devices: Sequence[Enrolled],
    *,
    profile: str,
    recipient: x509.Certificate,
    signer: DeviceIdentity,
) -> Batch:
    def challenge(tx: Transaction, device: Enrolled) -> scep_challenges.GivenChallenge:
        record = device_queries.managed_device_of(tx.connection, device.id)
        assert record is not None
        return scep_challenges.give_challenge(
            tx, device=ManagedDeviceId(record.id), profile=ProfileId(profile), keys=here.emulator.keys
        )

    messages = []
    for number, device in enumerate(devices):
        given = await here.run(challenge, device)
        settings = RequestSettings(
            subject=((("CN", "alice"),),),
            challenge=given.password,
            key_usages=(SIGNING, ENCRYPTION),
            extended_key_usages=(_SECURE_EMAIL,),
            mail_names=(world.ALICE,),
        )
        csr = certificate_request(signer.key, settings).public_bytes(Encoding.DER)
        request = new_request(MessageType.PKCS_REQ, csr, signer=signer, transaction=str(number))
        messages.append(
            write_pki_message(
                request, recipient, cipher=ContentCipher.AES256_CBC, digest="sha256", moment=datetime.now(UTC)
            )
        )
    return Batch(messages, given.challenge.request, signer)


async def _answered(here: inside.World, messages: Sequence[bytes]) -> float:
    start = time.perf_counter()
    for message in messages:
        await ndes.answer(here.emulator, here.tenant, message=message)
    return len(messages) / (time.perf_counter() - start)


def _issued(batch: Batch, ra: RegistrationAuthority, *, authority: Authority) -> float:
    """Read each message, compare its request, issue the certificate, and write the answer."""
    now = datetime.now(UTC)
    start = time.perf_counter()
    for number, message in enumerate(batch.messages):
        request = scep.read(message, certificate=ra.encryption.certificate, key=ra.encryption.key)
        assert isinstance(request, scep.Request)
        assert request.request is not None
        assert compare(request.request, batch.wanted).is_success
        certificate = issue_as_requested(
            authority=authority,
            csr=request.request,
            template=_TEMPLATE,
            serial=number + 1,
            not_before=now,
            not_after=now + _YEAR,
        )
        scep.grant(
            request.exchange, certificate, certificate=ra.signing.certificate, key=ra.signing.key, nonce=b"n" * 16
        )
    return len(batch.messages) / (time.perf_counter() - start)


def _raw(batch: Batch, ra: RegistrationAuthority, *, authority: Authority) -> float:
    """Verify the signatures, open the envelope, sign a certificate, seal it and sign the answer, by the library alone:
    messages are not read, and nothing is compared.
    """
    request = scep.read(batch.messages[0], certificate=ra.encryption.certificate, key=ra.encryption.key)
    assert isinstance(request, scep.Request)
    assert isinstance(ra.encryption.key, rsa.RSAPrivateKey)
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(request.csr).add_recipient(ra.encryption.certificate)
    envelope = builder.set_content_encryption_algorithm(AES256).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    signature = batch.signer.key.sign(envelope, PKCS1v15(), hashes.SHA256())
    key = batch.signer.key.public_key()
    own, now = ra.encryption.certificate, datetime.now(UTC)
    start = time.perf_counter()
    for number in range(len(batch.messages)):
        key.verify(signature, envelope, PKCS1v15(), hashes.SHA256())
        csr = x509.load_der_x509_csr(pkcs7.pkcs7_decrypt_der(envelope, own, ra.encryption.key, []))
        assert csr.is_signature_valid
        certificate = (
            x509.CertificateBuilder(authority.certificate.subject, csr.subject, csr.public_key())
            .serial_number(number + 1)
            .not_valid_before(now)
            .not_valid_after(now + _YEAR)
        )
        identifiers: tuple[x509.ExtensionType, ...] = (
            x509.SubjectKeyIdentifier.from_public_key(csr.public_key()),
            authority.key_identifier(),
            x509.BasicConstraints(ca=False, path_length=None),
        )
        for value in (*(extension.value for extension in csr.extensions), *identifiers):
            certificate = certificate.add_extension(value, critical=False)
        content = pkcs7.serialize_certificates([certificate.sign(authority.key, hashes.SHA256())], Encoding.DER)
        sealing = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(batch.signer.certificate)
        sealed = sealing.set_content_encryption_algorithm(AES256).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        signing = pkcs7.PKCS7SignatureBuilder().set_data(sealed)
        signing = signing.add_signer(ra.signing.certificate, ra.signing.key, hashes.SHA256())
        signing.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    return len(batch.messages) / (time.perf_counter() - start)
