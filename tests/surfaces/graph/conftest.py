"""Graph as a client sees it: both versions with a token, and devices that make managedDevices come to be."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import sqlalchemy
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.connector.keypool import KeyRing
from fauxtune.server.factory import Application
from fauxtune.storage.database import Database
from tests.support import control
from tests.support.certificates import PfxImport, base64_of, certificate_request, pfx_import, self_signed
from tests.support.clock import FixedClock
from tests.support.databases import remembered
from tests.support.devices.android import AndroidOverHttp
from tests.support.populated_tenant import PopulatedTenant, Population
from tests.surfaces.conftest import (
    ORIGIN,
    Template,
    application_around,
    copied,
    emulator_of,
    token_of_application,
)

Enroll = Callable[..., Awaitable[AndroidOverHttp]]


def _client(app: Application, token: str, *, version: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=f"https://localhost:8443/{version}",
        headers={"authorization": f"Bearer {token}"},
    )


@pytest.fixture
async def beta(app: Application, app_token: str) -> AsyncIterator[httpx.AsyncClient]:
    """The seeded application at https://localhost:8443/beta."""
    async with _client(app, app_token, version="beta") as opened:
        yield opened


@pytest.fixture
async def v1(app: Application, app_token: str) -> AsyncIterator[httpx.AsyncClient]:
    """The seeded application at https://localhost:8443/v1.0."""
    async with _client(app, app_token, version="v1.0") as opened:
        yield opened


@pytest.fixture(scope="session")
def csr(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> str:
    """A device's request for its identity: DER, base64."""
    return base64.b64encode(certificate_request(raw_rsa_keys[0])).decode()


@pytest.fixture
def enroll(http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Enroll:
    """`await enroll("alice", mode="fully-managed")`: a device of that user, over the wire."""
    return enroller(http, raw_rsa_keys)


def enroller(http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Enroll:
    """Return what enrols devices by this client."""

    async def enroll(user: str = "alice", *, mode: str = "work-profile", serial: str = "") -> AndroidOverHttp:
        hardware = {"manufacturer": "Google", "model": "Pixel 9", "serialNumber": serial}
        return await AndroidOverHttp.enrolled(
            http,
            key=raw_rsa_keys[0],
            user=user,
            mode=mode,
            hardwareInfo=hardware,
            softwareInfo={"androidVersion": "16"},
        )

    return enroll


@pytest.fixture(scope="session")
def root_file(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> str:
    """A root certificate, DER, base64."""
    return base64_of(self_signed(raw_rsa_keys[2], "Root", authority=True))


@pytest.fixture
async def connector_key(http: httpx.AsyncClient) -> rsa.RSAPublicKey:
    """The public key that imports are encrypted with."""
    return await control.connector_key(http)


@pytest.fixture
def file_of_alice(raw_rsa_keys: list[rsa.RSAPrivateKey], connector_key: rsa.RSAPublicKey) -> PfxImport:
    """A certificate that an administrator imports."""
    return pfx_import(raw_rsa_keys[3], connector_key)


# ------------------------------------------------------------------------------- a tenant with something in every list

_KEYS = "populated.json"


@dataclass(frozen=True, slots=True)
class Populating:
    """Makes templates of the tenant `contoso` as it is with something in every list."""

    applications: list[Application]
    ring: KeyRing
    keys: list[rsa.RSAPrivateKey]
    root_file: str

    def template(self, seeded: Template, folder: Path) -> tuple[str, Path]:
        """Populate a copy of the seeded tenant in this folder. Returns the URL of the database, and the folder."""
        url = copied(seeded, folder)
        database = Database(url)
        emulator = emulator_of(database, folder, clock=FixedClock(), keys=self.ring)
        populated = asyncio.run(self._populate(application_around(emulator, self.applications)))
        database.close()
        (folder / _KEYS).write_text(json.dumps(populated.keys), encoding="utf-8")
        return url, folder

    async def _populate(self, app: Application) -> PopulatedTenant:
        async with (
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http,
            _client(app, await token_of_application(http), version="beta") as graph,
        ):
            enroll, connector_key = enroller(http, self.keys), await control.connector_key(http)
            return await Population(graph, enroll, self.root_file, self.keys, connector_key).populate()


@pytest.fixture(scope="session")
def populating(
    applications: list[Application], rsa_keys: KeyRing, raw_rsa_keys: list[rsa.RSAPrivateKey], root_file: str
) -> Populating:
    """What makes the templates: the tenant is populated once a session, which takes half a second."""
    return Populating(applications, rsa_keys, raw_rsa_keys, root_file)


@pytest.fixture(scope="session")
def sqlite_populated(
    sqlite_template: Template, populating: Populating, tmp_path_factory: pytest.TempPathFactory
) -> Template:
    """The populated tenant in a SQLite file."""
    return Template(*populating.template(sqlite_template, tmp_path_factory.mktemp("populated-sqlite")))


@pytest.fixture(scope="session")
def postgresql_populated(
    postgresql_template: Template, populating: Populating, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Template]:
    """The populated tenant in a PostgreSQL database, that of the seeded one."""
    url, folder = populating.template(postgresql_template, tmp_path_factory.mktemp("populated-postgresql"))
    engine = sqlalchemy.create_engine(url)
    yield Template(url, folder, remembered(engine, "populated"))
    engine.dispose()


@pytest.fixture
def populated(seeded: tuple[str, Path]) -> PopulatedTenant:
    """A tenant with something in every list, for this test alone."""
    return PopulatedTenant(json.loads((seeded[1] / _KEYS).read_text(encoding="utf-8")))
