"""The pages of the authority: what it publishes, its states, and what it issued.

The pages of certificate templates: list, form, change, delete.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from fauxtune.core.pki.crl import REASONS
from fauxtune.operations.ca import issuance
from fauxtune.operations.connectors import revocation
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import done, show, submit, text_of
from tests.support.statements import statements
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

HOSTILE = "<script>alert(1)</script>"


async def hold(contoso: Contoso) -> str:
    """Issue a certificate by hand and put it on hold; its serial number."""
    mark, _ = await contoso.pfx("alice")
    serial = next(row.serial for row in await contoso.issued() if row.thumbprint == mark)
    await contoso.do(revocation.revoke, serial, reason="certificateHold", authority_name="issuing")
    return serial


FIELDS: dict[str, str | list[str]] = {
    "name": "Short",
    "displayName": HOSTILE,
    "keyType": "RSA",
    "minimumKeySize": "3072",
    "keyUsage": ["digitalSignature"],
    "extendedKeyUsages": ["1.3.6.1.5.5.7.3.4"],
    "others": "1.2.3.4, 1.2.3.5",
    "validity": "7",
    "allows": ["connectorMayEnroll", "subjectInRequest"],
}


async def test_the_crl_is_shown_as_clients_get_it(
    console: httpx.AsyncClient, http: httpx.AsyncClient, contoso: Contoso
) -> None:
    assert "Contoso Issuing CA" in await show(console, "/authority")
    assert "Nothing that this authority issued is revoked" in await show(console, "/authority/issuing")
    serial = await hold(contoso)
    page = await console.get("/authority/issuing")
    crl = x509.load_der_x509_crl((await http.get("/pki/contoso/issuing/crl")).content)
    assert f"{next(iter(crl)).serial_number:x}" == serial
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    text = text_of(page)
    assert f"Number {number} " in text
    assert f"This update {crl.last_update_utc:%Y-%m-%d %H:%M:%S}" in text
    assert "1 certificate, " in text
    assert "on hold since" in text
    assert "Alice" in text
    assert 'href="/pki/contoso/issuing/crl"' in page.text
    assert 'href="/pki/contoso/issuing/ca.cer"' in page.text


async def test_ocsp_says_good_revoked_or_unknown(console: httpx.AsyncClient, contoso: Contoso) -> None:
    mark, _ = await contoso.pfx("alice")
    (row,) = await contoso.issued()
    assert "good : it is not revoked" in await show(console, f"/authority/certificates/{row.serial}?ask=1")
    await contoso.do(revocation.revoke, row.serial, reason="keyCompromise", authority_name="issuing")
    assert "revoked : the key fell into other hands" in await show(console, f"/authority/certificates/{mark}?ask=1")
    assert "unknown" in await show(console, "/authority/issuing?ask=ab:cd")
    assert "1 to 40 hexadecimal digits" in await show(console, f"/authority/issuing?ask={HOSTILE}")


async def test_a_certificate_is_downloaded_as_it_is(console: httpx.AsyncClient, contoso: Contoso) -> None:
    thumbprint, _ = await contoso.pfx("alice")
    page = await console.get(f"/authority/certificates/{thumbprint}")
    address = re.search(
        rf'download="{await contoso.mark(thumbprint)}\.pem" href="data:application/x-pem-file,([^"]+)"', page.text
    )
    assert address is not None
    certificate = x509.load_pem_x509_certificate(unquote(address[1]).encode())
    assert certificate.fingerprint(hashes.SHA1()).hex() == thumbprint


async def test_an_authority_goes_off_line_and_comes_back(console: httpx.AsyncClient) -> None:
    page = await console.get("/authority/issuing/state")
    assert "revokes nothing" in text_of(page)
    assert "/authorities/issuing" in page.text, "the request that it stands for"
    done(await submit(console, "/authority/issuing/state"))
    assert "off line" in await show(console, "/authority")
    text = await show(console, "/authority/issuing?ask=01")
    assert "neither CRL nor OCSP is served" in text
    assert "is off line" in text
    done(await submit(console, "/authority/issuing/state"))
    assert "off line: it issues" not in await show(console, "/authority")
    assert (await console.get("/authority/devices/state")).status_code == 400


async def test_a_roll_over_gives_a_second_authority_and_only_the_first_time(console: httpx.AsyncClient) -> None:
    assert "stay valid" in await show(console, "/authority/issuing/rollover")
    assert done(await submit(console, "/authority/issuing/rollover")).endswith("/authority/issuing-2")
    text = await show(console, "/authority")
    assert "Issued before the roll-over" in text
    assert (await console.get("/authority/issuing/rollover")).status_code == 409
    assert (await console.get("/authority/root/rollover")).status_code == 400


async def test_certificates_are_found_by_person_state_template_and_number(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    await contoso.pfx("alice")
    await contoso.pfx("bob")
    serial = await hold(contoso)

    async def lines(query: str) -> int:
        page = await console.get(f"/authority/certificates?{query}")
        assert page.status_code == 200
        return len(re.findall(r'data-key="issuing-', page.text))

    assert await lines("") == 3
    assert await lines("text=ali") == 2
    assert await lines("state=onHold") == 1
    assert await lines("text=ali&state=good") == 1
    assert await lines("template=SmimeEncryption") == 3
    assert await lines("template=SmimeSigning") == 0
    assert await lines(f"text={serial[:8].upper()}") == 1
    assert await lines("authority=devices") == 0
    for nonsense in (f"text={HOSTILE}", "state=nonsense", "page=-1", "authority=%00", "template=%25"):
        page = await console.get(f"/authority/certificates?{nonsense}")
        assert page.status_code in {200, 400}, "PostgreSQL holds no NUL"
        assert HOSTILE not in page.text


@ON_BOTH_DATABASES
async def test_a_list_takes_the_same_statements_however_many_certificates_there_are(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    paths = ("/authority", "/authority/issuing", "/authority/certificates", "/authority/imported", "/connectors")

    async def counts() -> list[int]:
        taken = []
        for path in paths:
            await show(console, path)  # the first reader has a CRL made
            with statements(contoso.emulator) as sent:
                await show(console, path)
            taken.append(len(sent))
        return taken

    await hold(contoso)
    await contoso.import_pfx("bob")
    before = await counts()
    for _ in range(4):
        await hold(contoso)
        await contoso.import_pfx("alice")
    assert await counts() == before
    assert max(before) <= 15


async def test_revoked_is_not_removed(console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll) -> None:
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.root_profile("Sales")
    await contoso.pkcs_profile("Sales")
    phone = await enroll("alice")
    await phone.settle_completely()
    (row,) = await contoso.issued()
    path = f"/authority/certificates/{row.serial}"
    page = await console.get(path)
    assert f'href="/console/contoso/devices/{phone.enrollment_id}"' in page.text
    assert "PKCS certificate was installed" in text_of(page)
    visible = re.sub(r"<details>.*?</details>", "", page.text.partition("<main")[2], flags=re.DOTALL)
    assert not re.search(r"\b[0-9a-f]{9,}\b", re.sub(r"<[^>]*>", " ", visible)), "no long number that nobody asked for"
    form = await console.get(f"{path}/revoke")
    assert "Devices that have it, and keep it" in text_of(form)
    assert all(f'value="{reason}"' in form.text for reason in REASONS)
    done(await submit(console, f"{path}/revoke", reason="affiliationChanged"))
    text = await show(console, path)
    assert "revoked: the person's position changed" in text
    assert "installed" in text
    assert (await console.get(f"{path}/revoke")).status_code == 409
    refused = await console.post(f"{path}/revoke", data={"reason": "keyCompromise"})
    assert refused.status_code == 403, "a form that no page made"


async def test_an_imported_certificate_has_one_symbol_wherever_it_stands(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.root_profile("Sales")
    await contoso.pkcs_profile("Sales")
    phone = await enroll("alice")
    await phone.settle_completely()
    (own,) = await contoso.issued()
    letters = await contoso.mark(own.thumbprint)
    pages = ("/authority/certificates", f"/authority/certificates/{own.serial}", "/users/alice@contoso.example")
    for path in pages:
        assert f"● {letters}" in await show(console, path)
    _mark, file = await contoso.pfx("alice")
    await contoso.import_file("alice", file, mark=own.thumbprint, password="geheim-42")
    for path in (*pages, "/authority/imported"):
        text = await show(console, path)
        assert f"◆ {letters}" in text, path
        assert f"● {letters}" not in text.partition(" Devices ")[0] + text.rpartition(" Certificates ")[2], path


async def test_what_is_on_hold_is_released_or_revoked_for_good(console: httpx.AsyncClient, contoso: Contoso) -> None:
    path = f"/authority/certificates/{await hold(contoso)}"
    assert "Revoke for good" in await show(console, path)
    assert 'value="certificateHold"' not in (await console.get(f"{path}/revoke")).text
    done(await submit(console, f"{path}/release"))
    assert "valid" in await show(console, path)
    assert (await console.get(f"{path}/release")).status_code == 409
    wrong = await submit(console, f"{path}/revoke", reason=HOSTILE)
    assert wrong.status_code == 400
    assert HOSTILE not in wrong.text
    assert "Choose one of the reasons" in text_of(wrong)


async def test_a_certificate_that_is_not_there_or_is_an_authoritys(console: httpx.AsyncClient) -> None:
    page = await console.get("/authority/root")
    own = re.search(r'href="/console/contoso(/authority/certificates/[0-9a-f]+)"', page.text)
    assert own is not None
    assert "It is an authority's own certificate" in await show(console, own[1])
    assert (await console.get(f"{own[1]}/revoke")).status_code == 400
    assert (await console.get("/authority/certificates/abcd")).status_code == 404
    assert (await console.get("/authority/nothing")).status_code == 404


async def test_a_certificate_is_issued_by_hand_with_its_key_shown_once(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    answer = await submit(console, "/authority/issue", template="SmimeEncryption", person="alice@contoso.example")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    password = re.search(r'<code id="password"[^>]*>([^<]+)<', answer.text)
    assert password is not None
    assert "data:application/x-pkcs12;base64," in answer.text
    (row,) = await contoso.issued()
    assert password[1] not in (await console.get(f"/authority/certificates/{row.serial}")).text
    old = await submit(
        console,
        "/authority/issue",
        template="SmimeSigning",
        subject="CN=<b>,O=x",
        **{"from": "2019-01-01", "to": "2020-01-01"},
    )
    assert "valid from 2019-01-01" in text_of(old)
    assert "<b>" not in old.text.partition("<h1>")[2].partition("</p>")[0].replace("<b>", "", 1)


async def test_a_form_that_is_refused_keeps_what_was_typed(console: httpx.AsyncClient, contoso: Contoso) -> None:
    for fields, reason in (
        ({"template": "Nothing"}, "There is no certificate template"),
        ({"template": "SmimeSigning"}, "names nobody"),
        ({"template": "SmimeSigning", "person": "nobody"}, "There is no user"),
        ({"template": "SmimeSigning", "email": "a@b.example", "from": "soon"}, "Write a day as"),
        ({"template": "SmimeSigning", "email": "a@b.example", "from": "2026-02-01", "to": "2026-01-01"}, "later than"),
        ({"template": "SmimeSigning", "email": HOSTILE, "csr": "no request"}, "request"),
    ):
        answer = await submit(console, "/authority/issue", **fields)
        assert answer.status_code == 400
        assert reason in text_of(answer)
        assert HOSTILE not in answer.text
        assert all(value.replace("<", "&lt;").replace(">", "&gt;") in answer.text for value in fields.values())
    assert await contoso.issued() == []


async def test_a_template_is_added_changed_and_deleted(console: httpx.AsyncClient, contoso: Contoso) -> None:
    done(await submit(console, "/authority/templates/new", **FIELDS))
    added = await contoso.do(issuance.template, "issuing", name="Short")
    assert added.document() == {
        "name": "Short",
        "displayName": HOSTILE,
        "keyType": "RSA",
        "minimumKeySize": 3072,
        "keyUsage": ["digitalSignature"],
        "extendedKeyUsages": ["1.3.6.1.5.5.7.3.4", "1.2.3.4", "1.2.3.5"],
        "exportable": False,
        "subjectInRequest": True,
        "connectorMayEnroll": True,
        "connectorMayRevoke": False,
        "validity": "P7D",
    }
    page = await console.get("/authority/templates")
    assert HOSTILE not in page.text
    assert "devices cannot get the key" in text_of(page)
    again = await submit(console, "/authority/templates/new", **FIELDS)
    assert again.status_code == 400
    assert HOSTILE not in again.text
    assert "There is a certificate template" in text_of(again)
    assert 'value="1.2.3.4, 1.2.3.5"' in again.text, "what was typed stays"
    changed = {**FIELDS, "displayName": "", "validity": "PT12H", "others": "", "allows": []}
    done(await submit(console, "/authority/templates/Short", **changed))
    after = await contoso.do(issuance.template, "issuing", name="Short")
    assert (after.display_name, after.document()["validity"]) == ("Short", "PT12H")
    assert 'value="PT12H"' in (await console.get("/authority/templates/short")).text
    done(await submit(console, "/authority/templates/Short/delete"))
    assert (await console.get("/authority/templates/Short")).status_code == 404


async def test_a_form_that_is_sent_unchanged_changes_nothing(console: httpx.AsyncClient, contoso: Contoso) -> None:
    before = [template.document() for template in await contoso.do(issuance.all_templates, "issuing")]
    small = {**before[0], "name": "Small", "minimumKeySize": 1024, "extendedKeyUsages": ["1.2.3"], "validity": "PT1H"}
    await contoso.do(issuance.add_template, "issuing", document=small)
    page = (await console.get("/authority/templates/Small")).text
    assert '<option value="1024" selected>' in page
    fields = {"minimumKeySize": "1024", "keyType": "RSA", "keyUsage": "digitalSignature", "others": "1.2.3"}
    allows = ["exportable", "subjectInRequest", "connectorMayEnroll", "connectorMayRevoke"]
    title = str(small["displayName"])
    done(
        await submit(console, "/authority/templates/Small", displayName=title, validity="PT1H", allows=allows, **fields)
    )
    assert (await contoso.do(issuance.template, "issuing", name="Small")).document() == small


async def test_each_field_says_why_it_is_refused(console: httpx.AsyncClient) -> None:
    for field, value, reason in (
        ("name", "a/b", "A template's name has"),
        ("minimumKeySize", "many", "Choose a number of bits"),
        ("minimumKeySize", "256", "minimumKeySize of RSA"),
        ("keyUsage", "keyAgreement", "cannot be used for"),
        ("others", "1.x", "is no object identifier"),
        ("validity", "0", "must be a positive"),
        ("validity", "999999", "a hundred years"),
    ):
        answer = await submit(console, "/authority/templates/new", **{**FIELDS, field: value})
        assert answer.status_code == 400
        assert reason in text_of(answer)
        assert 'aria-invalid="true"' in answer.text or field in {"keyUsage", "others"}


async def test_deleting_names_the_profiles_that_get_nothing_more(console: httpx.AsyncClient, contoso: Contoso) -> None:
    await contoso.group("Sales")
    await contoso.pkcs_profile("Sales", displayName="Signing for Sales")
    text = await show(console, "/authority/templates/SmimeSigning/delete")
    assert "Signing for Sales" in text
    assert "stay valid" in text
    assert (await console.post("/authority/templates/SmimeSigning/delete", data={})).status_code == 403
