"""The console of one tenant finds nothing of another: each page and each form, with each way to name a thing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.administration.policies import create_compliance
from fauxtune.core.mail.writing import Letter
from fauxtune.core.model.ids import ConnectorId, ProfileId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.operations.ca import issuance
from fauxtune.operations.connectors import keys, revocation
from fauxtune.operations.mail import address_book
from fauxtune.operations.runtime.emulator import Emulator, ProposedRequest
from fauxtune.operations.tenants.seed_parts import PROVIDER
from fauxtune.operations.tenants.seeds import BUILT_IN
from fauxtune.server.factory import Application
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import scep
from fauxtune.storage.rows.scep import ScepRequestRow
from fauxtune.storage.tables import metadata
from fauxtune.storage.tenancy import of_tenant
from fauxtune_console.app import PAGES
from tests.support.approvals import waiting_request
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.certificates import certificate_request
from tests.support.clock import FixedClock
from tests.support.console import text_of
from tests.support.devices.android import AndroidOverHttp
from tests.support.tenant import Contoso

pytestmark = ON_BOTH_DATABASES

#: Labs and the connectors' software belong to the server, and forms of what is new to nobody: their pages are there for
#: every tenant.
OF_ALL = ("/labs/", "/connectors/software/", "/managed/{noun}/new")
NAMED = tuple((path, method) for path, method, _ in PAGES if "{" in path and not path.startswith(OF_ALL))
#: Pages without an id in their path, which find a thing by a query; a device that is not known is a bad request there.
QUERIES = {"/why?user={user}": 404, "/why?device={device}": 404, "/why?profile={profile}": 404}
#: Forms about a thing of the own tenant that name a thing of the other, with their fields; and one field of forms.
MIXED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/groups/{own_group}/add?member={user}", {}),
    ("/groups/{own_group}/add?member={group}", {}),
    ("/groups/{own_group}/remove?member={user}", {}),
    ("/connectors/{own_connector}/keys/delete?provider={provider}&name={key}", {}),
    ("/authority/issue", {"template": "{template}", "person": "alice@contoso.example"}),
    ("/authority/issue", {"template": "SmimeEncryption", "person": "{user_name}"}),
    ("/profiles/{own_profile}/assign", {"target": "group:{group}", "step": "change"}),
    ("/profiles/{own_profile}/assign", {"groups": "Theirs", "step": "change"}),
    ("/address-book/publish", {"address": "alice@contoso.example", "thumbprint": "{thumbprint}"}),
    ("/users/alice@contoso.example/import", {"way": "new", "purpose": "smimeEncryption", "template": "{template}"}),
)
#: Values with which a form of the own tenant would be carried out.
FIELDS = {"step": "import", "reason": "superseded", "to": "offline", "licensed": "yes", "devices": "1", "hours": "1"}


@dataclass(frozen=True, slots=True)
class Two:
    """Two tenants: a browser at each, and the names of the things of the second; some have several names."""

    here: httpx.AsyncClient
    there: httpx.AsyncClient
    theirs: dict[str, tuple[str, ...]]
    form_token: str

    def filled(self, text: str) -> list[str]:
        """Return a path, or a value of a form, with each name of each thing."""
        words = sorted(set(re.findall(r"\{(\w+)\}", text)))
        choices = product(*(self.theirs[word] for word in words))
        return [text.format(**dict(zip(words, names, strict=True))) for names in choices]

    async def send(self, path: str, *, method: str = "POST", **fields: str) -> httpx.Response:
        """Send a request about the second tenant's thing to the first tenant's console."""
        if method == "GET":
            return await self.here.get(path)
        return await self.here.post(path, data={"form_token": self.form_token, **FIELDS, **fields})


def everything(connection: Connection, tenant: Tenant) -> dict[str, list[str]]:
    """Return every row of the tenant."""
    rows = {}
    for table in metadata.sorted_tables:
        if table.name == "tenants" or "tenant_id" in table.c:
            ours = table.c.id == tenant.id if table.name == "tenants" else of_tenant(table, tenant.id)
            rows[table.name] = sorted(map(repr, connection.execute(table.select().where(ours))))
    return rows


@pytest.fixture
async def fabrikam(
    http: httpx.AsyncClient, emulator: Emulator, clock: FixedClock, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> Contoso:
    """A second tenant, with the same people."""
    seed = {part: BUILT_IN[part] for part in ("users", "groups", "connectorKeys")}
    seed["certificationAuthority"] = {**BUILT_IN["certificationAuthority"], "name": "Fabrikam Issuing CA"}
    answer = await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam", "seed": seed})
    assert answer.status_code == 201, answer.text
    tenant = await emulator.runner.tenant("fabrikam")
    return Contoso(emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_rsa_keys)


@pytest.fixture
async def two(
    app: Application, http: httpx.AsyncClient, contoso: Contoso, fabrikam: Contoso, console: httpx.AsyncClient
) -> AsyncIterator[Two]:
    """Both tenants; the second with one of everything."""
    theirs = await _furnished(fabrikam, http)
    group = await contoso.group("Ours")
    own = {
        "own_group": (group,),
        "own_profile": (await contoso.root_profile("Ours"),),
        "own_connector": (await _connector(contoso),),
    }
    contoso.emulator.wire.clear(contoso.tenant.id)
    token = re.search(r'name="form_token" value="([^"]+)"', (await console.get("/why")).text)
    assert token is not None
    base = str(console.base_url).replace("contoso", "fabrikam")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as there:
        yield Two(console, there, {**theirs, **own}, token[1])


async def _furnished(fabrikam: Contoso, http: httpx.AsyncClient) -> dict[str, tuple[str, ...]]:
    alice = await fabrikam.user_id("alice")
    group = await fabrikam.group("Theirs", alice)
    await fabrikam.root_profile("Theirs")
    profile = await fabrikam.pkcs_profile("Theirs")
    phone = await AndroidOverHttp.enrolled(http, key=fabrikam.device_keys[0], tenant="fabrikam", obeys=True)
    await phone.settle()
    (issued,) = await fabrikam.issued()
    await fabrikam.do(issuance.add_template, "issuing", document={"name": "Theirs"})
    rolled = await revocation.roll_over(fabrikam.emulator, fabrikam.tenant, name="issuing")
    connector, imported = await _connector(fabrikam), await fabrikam.import_pfx("alice")
    known = await fabrikam.get(certificate_queries.certificate, fabrikam.tenant.id, key=imported)
    await fabrikam.do(address_book.publish, fabrikam.upn("alice"), certificate=known.certificate)
    await fabrikam.do(address_book.send, Letter(sender=fabrikam.upn("bob"), to=(fabrikam.upn("alice"),)))
    await keys.create_key(
        fabrikam.emulator, fabrikam.tenant, connector_id=connector, provider=PROVIDER, key_name="Theirs", length=2048
    )
    their_state = await http.post("/_fauxtune/v1/tenants/fabrikam/snapshots", json={"name": "Theirs"})
    assert their_state.status_code == 201, their_state.text
    rule = {"match": {"surface": "graph"}, "effect": {"status": 429}, "when": {"nth": 1000}}
    fault = await http.post("/_fauxtune/v1/tenants/fabrikam/faults", json=rule)
    assert fault.status_code == 201, fault.text
    compliance = create_compliance("Theirs", platform=ProfilePlatform.IOS, settings={"passcodeRequired": True})
    proposed = ProposedRequest(compliance.method, f"/beta{compliance.path}", compliance.body)
    passcode = await fabrikam.emulator.graph(fabrikam.emulator.for_administrator(), fabrikam.tenant, request=proposed)
    assert passcode is not None
    policy, approval = await waiting_request(fabrikam.emulator, fabrikam.tenant, approvers=[group])
    return {
        "policy": (policy,),
        "approval": (approval,),
        "noun": ("compliance",),
        "managed": (str(passcode["id"]),),
        "request": (await _scep_request(fabrikam, phone, profile),),
        "fault": (fault.json()["id"],),
        "snapshot": ("Theirs",),
        "device": (phone.enrollment_id, phone.managed_device_id),
        "user": (alice, fabrikam.upn("alice")),
        "user_name": (fabrikam.upn("alice"),),
        "group": (group,),
        "profile": (profile,),
        "certificate": (issued.serial, issued.thumbprint),
        "authority": (rolled.name,),
        "template": ("Theirs",),
        "connector": (connector,),
        "provider": (PROVIDER,),
        "key": ("Theirs",),
        "thumbprint": (imported,),
        "address": (fabrikam.upn("alice"),),
        "uid": ("1",),
        "number": (str(fabrikam.emulator.wire.of(fabrikam.tenant.id).newest),),
    }


async def _scep_request(tenant: Contoso, phone: AndroidOverHttp, profile: str) -> str:
    """Return the id of a request that waits for an approval."""
    row = ScepRequestRow(
        tenant_id=tenant.tenant.id,
        id="their-request",
        transaction="t",
        key_digest="k",
        signer_digest="s",
        challenge_id="c",
        connector_id=ConnectorId(await _connector(tenant)),
        enrollment_id=phone.enrollment_id,
        profile_id=ProfileId(profile),
        state="pending",
        csr=certificate_request(phone.key),
        renews=None,
        authority=None,
        serial=None,
        message=None,
        created_at=tenant.clock.now(),
        decided_at=None,
    )
    await tenant.look(scep.put_request, row)
    return row.id


async def _connector(tenant: Contoso) -> str:
    (row,) = await tenant.look(connector_queries.connector_rows, tenant.tenant.id)
    return row.id


async def test_the_things_of_another_tenant_are_on_no_page_and_no_form_reaches_them(
    two: Two, fabrikam: Contoso
) -> None:
    before = await fabrikam.look(everything, fabrikam.tenant)
    for path, method in NAMED:
        for filled in two.filled(path):
            fields = {"to": "delete"} if path.startswith("/faults/") else {}
            answer = await two.send(filled, method=method, **fields)
            assert answer.status_code == 404, (method, filled, text_of(answer))
    for path, status in QUERIES.items():
        for filled in two.filled(path):
            assert (await two.here.get(filled)).status_code == status, filled
    assert await fabrikam.look(everything, fabrikam.tenant) == before
    # The same pages are there for the tenant whose things they are about.
    for path, method in NAMED:
        for filled in two.filled(path) if method == "GET" else ():
            assert (await two.there.get(filled)).status_code != 404, filled


async def test_a_form_about_an_own_thing_does_nothing_with_a_thing_of_another_tenant(
    two: Two, contoso: Contoso, fabrikam: Contoso
) -> None:
    before = [await tenant.look(everything, tenant.tenant) for tenant in (contoso, fabrikam)]
    for path, fields in MIXED:
        for filled in two.filled(path):
            values = {name: two.filled(value)[0] for name, value in fields.items()}
            answer = await two.send(filled, **values)
            assert answer.status_code in {400, 404}, (filled, text_of(answer))
    assert [await tenant.look(everything, tenant.tenant) for tenant in (contoso, fabrikam)] == before


async def test_filters_by_a_thing_of_another_tenant_find_nothing(two: Two) -> None:
    for device in two.theirs["device"]:
        assert "Nothing of this kind has happened." in text_of(await two.here.get(f"/journal?device={device}"))
        assert (await two.here.get(f"/wire?device={device}")).status_code == 400
    for authority in two.theirs["authority"]:
        page = await two.here.get("/authority/certificates", params={"authority": authority})
        assert two.theirs["certificate"][0] not in page.text
