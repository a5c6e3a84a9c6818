"""Devices of each platform get certificates by a SCEP profile from an authority that nobody here wrote: micromdm's
scepserver, which asks nobody whether it may issue.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport
from tests.interop.programs import ScepServer
from tests.support.administrator import SCEP_KINDS, Administrator, AgentEnroller, administrator_of
from tests.support.running_server import Served
from tests.support.server_here import serving_here

pytestmark = pytest.mark.program("scepserver", package="scep")
#: What scepserver issues, whatever is requested: a key that signs, for clients.
ISSUED: dict[str, Any] = {
    "keyUsage": "digitalSignature",
    "extendedKeyUsages": [{"name": "Client Authentication", "objectIdentifier": "1.3.6.1.5.5.7.3.2"}],
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScepServer]:
    with ScepServer.running(tmp_path_factory.mktemp("scepserver")) as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with serving_here(data_dir=tmp_path / "data") as served:
        yield served


@pytest.fixture
async def administrator(server: Served) -> AsyncIterator[Administrator]:
    async with administrator_of(server) as signed_in:
        yield signed_in


@pytest.fixture
async def enrol_agent(server: Served, administrator: Administrator) -> AsyncIterator[AgentEnroller]:
    async with Transport(ca=Path(server.endpoints["caFile"]).read_bytes()) as transport:
        yield AgentEnroller(server, administrator, transport)


@pytest.mark.parametrize("platform", SCEP_KINDS)
async def test_a_device_gets_a_certificate_from_it(
    authority: ScepServer, administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    root = authority.certificate.public_bytes(Encoding.DER)
    profile = await administrator.scep(platform, authority.url, root=root, **ISSUED)
    agent = await enrol_agent(platform)
    for _ in range(2):
        await agent.check_in()
    assert await administrator.statuses(profile) == ["compliant"]
    (identity,) = agent.device.keystore.identities()
    identity.certificate.verify_directly_issued_by(authority.certificate)
    names = identity.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == ["alice@contoso.example"]


async def test_another_root_than_the_profiles_is_noticed_before_anything_is_requested(
    authority: ScepServer, administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    profile = await administrator.scep(Platform.WINDOWS, authority.url, **ISSUED)
    agent = await enrol_agent(Platform.WINDOWS)
    for _ in range(2):
        await agent.check_in()
    ((_, reason),) = await administrator.reasons(profile)
    assert "do not descend from the root of the profile (0x800B0109)" in reason
    assert agent.device.keystore.entries == {}
