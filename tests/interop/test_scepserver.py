"""Simulated devices ask a SCEP authority that nobody here wrote: micromdm's scepserver."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.scep.client import ScepClient
from fauxtune_sim.scep.csr import ENCRYPTION, SIGNING, RequestSettings, ScepFailed, ScepSettings
from fauxtune_sim.server.transport import Transport
from tests.interop.programs import ScepServer

pytestmark = pytest.mark.program("scepserver", package="scep")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScepServer]:
    with ScepServer.running(tmp_path_factory.mktemp("scepserver"), "-challenge", "secret") as running:
        yield running


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(timeout=20) as transport:
        yield transport


def settings(authority: ScepServer, challenge: str = "secret") -> ScepSettings:
    return ScepSettings(
        url=authority.url,
        request=RequestSettings(
            challenge=challenge,
            subject=((("O", "Contoso"),), (("CN", "F2LX30QJN70M"),)),
            key_usages=(SIGNING, ENCRYPTION),
        ),
        fingerprint=authority.certificate.fingerprint(hashes.SHA256()),
    )


def client(transport: Transport, wanted: ScepSettings) -> ScepClient:
    # The program judges by its own clock.
    return ScepClient(transport, wanted, moment=datetime.now(UTC))


async def test_a_device_is_given_an_identity_and_renews_it(
    authority: ScepServer, transport: Transport, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    asking = client(transport, settings(authority))
    first = await asking.enroll(raw_rsa_keys[0])
    first.certificate.verify_directly_issued_by(authority.certificate)
    assert "CN=F2LX30QJN70M" in first.certificate.subject.rfc4514_string()
    second = await asking.enroll(raw_rsa_keys[1], renews=first)
    second.certificate.verify_directly_issued_by(authority.certificate)
    assert second.certificate.public_key() == raw_rsa_keys[1].public_key()
    assert isinstance(second, DeviceIdentity)


async def test_a_wrong_challenge_is_refused(
    authority: ScepServer, transport: Transport, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    with pytest.raises(ScepFailed, match="refused: badRequest"):
        await client(transport, settings(authority, challenge="wrong")).enroll(raw_rsa_keys[2])
