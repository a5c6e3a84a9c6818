"""New profiles in the console: for several platforms at once, with the root, assigned, their effects shown first."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.profiles.catalog import KINDS
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries.insight import groups_and_profiles as queries
from fauxtune.storage.rows.configuration import ProfileRow
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.certificates import self_signed
from tests.support.console import done, show, submit, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

PKCS, SCEP = "/profiles/new?kind=pkcs", "/profiles/new?kind=scep"
SIGNING: dict[str, Any] = {
    "name": "Signing",
    "template": "SmimeSigning",
    "subject": "CN={{UserName}},E={{EmailAddress}}",
    "names": "email",
    "validity": "1",
    "scale": "years",
    "renewal": "20",
}


async def profiles(contoso: Contoso) -> dict[str, ProfileRow]:
    rows = await contoso.look(queries.profiles_of_kinds, contoso.tenant.id, kinds=[kind.name for kind in KINDS])
    return {str(row.document["displayName"]): row for row in rows}


async def test_the_kinds_are_offered_in_words(console: httpx.AsyncClient) -> None:
    page = await show(console, "/profiles/new")
    assert "Certificate of its own for each device (PKCS)" in page
    assert "Certificate of its own, whose key the device makes (SCEP)" in page
    assert "Trusted root" in page
    assert "What shall devices get?" in await show(console, "/profiles/new?kind=nonsense")


async def test_a_signing_profile_for_all_devices_of_everybody_gives_each_device_a_certificate_of_its_own(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    first, second = await enroll("alice"), await enroll("alice", mode="fully-managed")
    await first.settle()
    await second.settle()
    filled = {**SIGNING, "platform": "all", "target": "users", "root": "on"}
    page = text_of(await submit(console, PKCS, **filled))
    assert page.startswith("Create 7 profiles")
    assert "Signing (iOS)" in page
    assert "Contoso Issuing CA root (Android work profile)" in page
    assert page.count("the connector is asked for it") == 2
    assert "In place of ID-01 put the id that the answer to request 1 contains." in page
    assert await profiles(contoso) == {}
    done(await submit(console, PKCS, **filled, step="create"))
    made = await profiles(contoso)
    assert len(made) == 14
    root = made["Contoso Issuing CA root (Android work profile)"]
    assert made["Signing (Android work profile)"].navigations == {"rootCertificate": root.id}
    for phone in (first, second):
        await phone.settle_completely()
        assert len(phone.roots) == 1
        assert len(phone.holds) == 1
    assert {*first.holds.values()}.isdisjoint(second.holds.values())


async def test_a_root_profile_that_the_tenant_has_is_assigned_instead_of_a_second_one(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    pilot = await contoso.group("Testers")
    root = {"name": "Root", "platform": "android", "source": "root", "target": f"group:{pilot}", "step": "create"}
    done(await submit(console, "/profiles/new?kind=root", **root))
    filled = {**SIGNING, "platform": "android", "target": ["users", f"not:{pilot}"], "root": "on"}
    page = text_of(await submit(console, PKCS, **filled))
    assert "Assigned as well Root :" in page
    assert "all users, but not “Testers”" in page
    done(await submit(console, PKCS, **filled, step="create"))
    made = await profiles(contoso)
    assert set(made) == {"Signing", "Root"}
    rows = await contoso.look(configuration_queries.assignments_of, contoso.tenant.id, profile_id=made["Root"].id)
    assert [row.kind.value for row in rows] == ["group", "allLicensedUsers"]


async def test_a_scep_profile_refers_to_the_root_of_the_authority_and_can_be_edited(
    console: httpx.AsyncClient, contoso: Contoso, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    form = (await console.get(SCEP)).text
    server = f"{contoso.tenant.public_http_url}/pki/{contoso.tenant.name}/certsrv/mscep/mscep.dll"
    assert form.count(server) == 2, "the address of the tenant's own server is in the field, and in the hint"
    key: dict[str, Any] = {"key-size": "2048", "key-usage": ["signing", "encryption"], "purposes": "client"}
    filled = {**SIGNING, **key, "name": "Wi-Fi", "urls": server, "target": "users", "platform": ["ios", "windows"]}
    page = text_of(await submit(console, SCEP, **filled))
    assert "New as well Contoso Issuing CA root (iOS)" in page
    assert '"keySize": "size2048"' in page, "the request to Graph is shown"
    done(await submit(console, SCEP, **filled, step="create"))
    made = await profiles(contoso)
    assert len(made) == 4
    assert made["Wi-Fi (iOS)"].navigations == {"rootCertificate": made["Contoso Issuing CA root (iOS)"].id}
    der = self_signed(raw_rsa_keys[2], "Partner root", authority=True).public_bytes(Encoding.DER)
    root = {"name": "Partner root", "platform": "ios", "source": "other", "step": "create"}
    done(await submit(console, "/profiles/new?kind=root", certificate=base64.b64encode(der).decode(), **root))
    elsewhere = {**filled, "name": "Partner", "urls": "https://a.example/scep\nhttps://b.example/scep"}
    elsewhere |= {"platform": "ios", "root-profile": "Partner root", "device": "on"}
    done(await submit(console, SCEP, **elsewhere, step="create"))
    made = await profiles(contoso)
    partner = made["Partner"]
    assert len(made) == 6, "the devices do not get the root of the tenant's own CA as well"
    assert partner.navigations == {"rootCertificate": made["Partner root"].id}
    assert partner.document["scepServerUrls"] == ["https://a.example/scep", "https://b.example/scep"]
    about = await show(console, f"/profiles/{partner.id}")
    assert "SCEP servers, of which each device gets one https://a.example/scep, https://b.example/scep" in about
    assert "RSA, 2048 bits, made on the device, for signatures and encrypted keys" in about
    changed = {**elsewhere, "version": str(partner.version), "key-size": "4096", "step": "change"}
    done(await submit(console, f"/profiles/{partner.id}/edit", **changed))
    after = (await profiles(contoso))["Partner"].document
    differing = {name for name in after if after[name] != partner.document.get(name)}
    assert differing <= {"keySize", "version", "lastModifiedDateTime"}
    assert after["keySize"] == "size4096"


async def test_without_an_assignment_nothing_happens_on_devices(console: httpx.AsyncClient, contoso: Contoso) -> None:
    filled: dict[str, Any] = {"name": "Mail", "purpose": "signing", "platform": ["ios", "macos"]}
    page = text_of(await submit(console, "/profiles/new?kind=imported", **filled))
    assert "nobody yet, so nothing changes on any device" in page
    done(await submit(console, "/profiles/new?kind=imported", **filled, step="create"))
    made = await profiles(contoso)
    assert {name: row.document["intendedPurpose"] for name, row in made.items()} == {
        "Mail (iOS)": "smimeSigning",
        "Mail (macOS)": "smimeSigning",
    }


@pytest.mark.parametrize("encoding", ["pem", "base64", "file"])
async def test_another_root_is_pasted_or_uploaded(
    console: httpx.AsyncClient, contoso: Contoso, raw_rsa_keys: list[rsa.RSAPrivateKey], encoding: str
) -> None:
    der = self_signed(raw_rsa_keys[2], "Partner root", authority=True).public_bytes(Encoding.DER)
    encoded = base64.b64encode(der).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n"
    filled: dict[str, Any] = {"name": "Partner", "platform": "windows", "source": "other", "step": "create"}
    address = "/profiles/new?kind=root"
    if encoding == "file":
        token = (await console.get(address)).text.partition('name="form_token" value="')[2].partition('"')[0]
        files = {"upload": ("partner.cer", der)}
        answer = await console.post(address, data={"form_token": token, **filled}, files=files)
    else:
        answer = await submit(console, address, certificate=pem if encoding == "pem" else encoded, **filled)
    done(answer)
    made = (await profiles(contoso))["Partner"]
    assert made.document["trustedRootCertificate"] == encoded
    assert made.document["certFileName"] == ("partner.cer" if encoding == "file" else "root.cer")


async def test_an_account_signs_with_the_certificate_of_a_profile_of_its_platform(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    done(await submit(console, PKCS, **{**SIGNING, "platform": "ios", "step": "create"}))
    signing = (await profiles(contoso))["Signing"].id
    page = await console.get("/profiles/new?kind=email")
    assert f'<option value="{signing}">Signing</option>' in page.text
    account = {"server": "mail.contoso.example", "account": "Work", "signing-ios": signing}
    filled: dict[str, Any] = {"name": "Mail", "platform": ["ios", "windows"], **account}
    answer = await submit(console, "/profiles/new?kind=email", **filled)
    assert "Note Mail (Windows)" in text_of(answer)
    done(await submit(console, "/profiles/new?kind=email", **filled, step="create"))
    made = (await profiles(contoso))["Mail (iOS)"]
    assert made.navigations == {"smimeSigningCertificate": signing}
    assert made.document["smimeSigningEnabled"] is True


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": " "}, "Give the profile a name."),
        ({"platform": []}, "Choose at least one platform."),
        ({"template": "Nonsense"}, "Choose one of the CA's templates."),
        ({"validity": "-1"}, "Write a whole number from 1 to 9999."),
        ({"renewal": "٣"}, "Write a whole number from 1 to 99."),
        ({"target": "group:gone"}, "One of the groups was deleted meanwhile."),
        ({"groups": "Nobody's"}, "There is no group named “Nobody's”."),
        ({"subject": ""}, "Say whom the certificate names"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_a_wrong_field_keeps_what_was_typed_and_says_what_is_wrong(
    console: httpx.AsyncClient, contoso: Contoso, change: dict[str, Any], reason: str
) -> None:
    filled = {**SIGNING, "platform": "ios", "description": "typed & kept", **change, "step": "create"}
    answer = await submit(console, PKCS, **filled)
    assert answer.status_code == 400
    assert reason in text_of(answer)
    assert 'value="typed &amp; kept"' in answer.text
    assert await profiles(contoso) == {}


async def test_a_name_that_is_taken_is_refused_so_a_form_sent_twice_creates_once(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    filled = {**SIGNING, "platform": "ios", "step": "create"}
    done(await submit(console, PKCS, **filled))
    answer = await submit(console, PKCS, **filled)
    assert answer.status_code == 400
    assert "There is a profile “Signing” already." in text_of(answer)
    assert len(await profiles(contoso)) == 1


async def test_the_form_comes_back_with_everything_that_was_chosen(console: httpx.AsyncClient) -> None:
    filled = {**SIGNING, "name": "<script>alert(1)</script>", "platform": "macos", "target": "devices", "step": "form"}
    answer = await submit(console, PKCS, **filled)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert 'value="macos" checked' in answer.text
    assert 'value="devices" checked' in answer.text
    assert 'name="root" checked' not in answer.text
    confirmed = await submit(console, PKCS, **{**filled, "step": "confirm"})
    assert "<script>alert" not in confirmed.text
    assert 'type="hidden" name="target" value="devices"' in confirmed.text


@ON_BOTH_DATABASES
async def test_many_groups_are_named_instead_of_ticked(console: httpx.AsyncClient, contoso: Contoso) -> None:
    for number in range(31):
        await contoso.group(f"Team {number}")
    page = await console.get(PKCS)
    assert "Groups, by name, one on each line" in page.text
    assert "Team 3" not in page.text
    filled = {**SIGNING, "platform": "ios", "groups": "Team 3\r\nTeam 30", "step": "create"}
    done(await submit(console, PKCS, **filled))
    assert "Team 3 ; Team 30" in await show(console, "/profiles")
