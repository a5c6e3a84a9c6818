"""The pages of certificate templates: list, form, change, delete."""

from __future__ import annotations

import httpx

from fauxtune.operations.ca import issuance
from tests.support.console import done, show, submit, text_of
from tests.support.tenant import Contoso

HOSTILE = "<script>alert(1)</script>"
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
