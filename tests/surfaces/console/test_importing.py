"""Import certificates for a person in the console: new ones, a file, a history; and delete one again."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.operations.ca import imported_pfx
from fauxtune.storage.queries import imported_pfx as imported_list
from fauxtune.storage.rows.certificates import ImportedLineRow
from tests.support.certificates import PASSWORD, make_pfx, self_signed, thumbprint
from tests.support.clock import FixedClock
from tests.support.console import done, show, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

PATH = "/users/alice@contoso.example/import"
HOSTILE = "<script>alert(1)</script>"


async def post(console: httpx.AsyncClient, fields: dict[str, str], *, file: bytes | None = None) -> httpx.Response:
    """Send one of the forms of the page."""
    page = await console.get(PATH)
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert token is not None
    files = None if file is None else {"file": ("alice.pfx", file)}
    return await console.post(PATH, data={"form_token": token[1], **fields}, files=files)


def hidden(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a confirmation."""
    assert page.status_code == 200, text_of(page)
    form = page.text.rpartition('<form method="post"')[2]
    return {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    }


async def confirmed(console: httpx.AsyncClient, fields: dict[str, str], *, file: bytes | None = None) -> httpx.Response:
    """Send a form, and its confirmation."""
    page = await post(console, {**fields, "step": "confirm"}, file=file)
    return await console.post(PATH, data={**hidden(page), "step": "import"})


async def of_alice(contoso: Contoso) -> Sequence[ImportedLineRow]:
    user = await contoso.user_id("alice")
    return await contoso.look(imported_list.imported_page, contoso.tenant.id, user=user, limit=100)


@pytest.fixture
def file(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> tuple[str, bytes]:
    """A PFX file of another CA with its thumbprint."""
    certificate = self_signed(raw_rsa_keys[1], "Alice", authority=False)
    return thumbprint(certificate), make_pfx(raw_rsa_keys[1], certificate)


async def test_a_new_certificate_reaches_every_device_of_the_person(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.imported_profile("Sales")
    phones = [await enroll("alice", serial="one"), await enroll("alice", serial="two")]
    for phone in phones:
        await phone.settle_completely()
    fields = {"way": "new", "template": "SmimeEncryption", "purpose": "smimeEncryption"}
    page = await post(console, {**fields, "step": "confirm"})
    text = text_of(page)
    assert text.count("the profile 'androidForWorkImportedPFXCertificateProfile' reaches the device") == 2
    assert "would not get it" not in text
    assert "<of the new certificate>" in html.unescape(page.text)
    assert await contoso.issued() == [], "nothing is issued before it is confirmed"
    done(await console.post(PATH, data={**hidden(page), "step": "import"}))
    (row,) = await of_alice(contoso)
    for phone in phones:
        await phone.settle_completely()
    assert all(row.thumbprint in phone.holds.values() for phone in phones)
    assert "2 devices" in await show(console, "/authority/imported")
    assert "S/MIME encryption" in await show(console, PATH)


async def test_devices_that_no_profile_reaches_are_named_with_the_way_out(
    console: httpx.AsyncClient, enroll: Enroll
) -> None:
    fields = {"way": "new", "template": "SmimeSigning", "purpose": "smimeSigning", "step": "confirm"}
    assert "has no device yet" in text_of(await post(console, fields))
    await enroll("alice")
    page = await post(console, fields)
    text = text_of(page)
    assert "1 device would not get it" in text
    assert "with the purpose S/MIME signing reaches alice_AndroidForWork" in text
    assert "/profiles/new?kind=imported" in page.text


async def test_a_template_that_does_not_fit_the_purpose_is_warned_of(console: httpx.AsyncClient) -> None:
    for template, purpose, fits in (
        ("SmimeSigning", "smimeEncryption", False),
        ("SmimeEncryption", "smimeSigning", False),
        ("SmimeBoth", "smimeSigning", True),
        ("SmimeP256", "smimeEncryption", True),
        ("SmimeEncryption", "wifi", True),
    ):
        page = await post(console, {"way": "new", "template": template, "purpose": purpose, "step": "confirm"})
        assert ("are not for" in text_of(page)) is not fits


async def test_a_file_is_imported_and_its_password_is_nowhere_in_clear(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll, file: tuple[str, bytes]
) -> None:
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.imported_profile("Sales")
    phone = await enroll("alice")
    mark, data = file
    fields = {"way": "file", "password": PASSWORD, "purpose": "smimeEncryption", "step": "confirm"}
    page = await post(console, fields, file=data)
    assert PASSWORD not in page.text
    record = hidden(page)
    assert record["thumbprint"] == mark
    assert base64.b64decode(record["encryptedPfxBlob"]) == data
    shown = page.text.partition("The request that this stands for")[2]
    assert record["encryptedPfxPassword"] not in shown
    assert record["encryptedPfxBlob"] not in shown
    done(await console.post(PATH, data={**hidden(page), "step": "import"}))
    await phone.settle_completely()
    assert mark in phone.holds.values(), "the connector could open it"
    assert "imported, of another CA" in (await console.get(f"/authority/certificates/{mark}")).text
    forged = {**hidden(page), "userPrincipalName": "bob@contoso.example", "step": "import"}
    assert "got lost" in text_of(await console.post(PATH, data=forged)), "the page is Alice's"
    again = await console.post(PATH, data={**hidden(page), "step": "import"})
    assert again.status_code == 400
    assert "already" in text_of(again)


async def test_an_import_is_italian_to_its_last_sentence(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll, file: tuple[str, bytes]
) -> None:
    console.headers["accept-language"] = "it"
    await enroll("alice")
    fields = {"way": "file", "password": PASSWORD, "purpose": "smimeEncryption", "step": "confirm"}
    page = await post(console, fields, file=file[1])
    assert re.search(r"valido dal \S+ al \S+, verrebbe importato", text_of(page))
    assert "1 dispositivo non lo riceverebbe" in text_of(page)
    done(await console.post(PATH, data={**hidden(page), "step": "import"}))
    after = (await console.get("/users/alice@contoso.example")).text
    assert "è stato importato per Alice" in after
    assert "I dispositivi lo ricevono al prossimo check-in" in after
    page = await post(
        console, {"way": "history", "years": "3", "template": "User", "purpose": "vpn", "step": "confirm"}
    )
    assert "emetterebbe 3 certificati con il modello User" in text_of(page)
    assert "verrebbero importati" in text_of(page)


async def test_a_history_is_one_certificate_a_year_of_which_the_last_is_valid(
    console: httpx.AsyncClient, contoso: Contoso, clock: FixedClock
) -> None:
    fields = {"way": "history", "template": "SmimeEncryption", "purpose": "smimeEncryption", "years": "3"}
    page = await post(console, {**fields, "step": "confirm"})
    assert text_of(page).count("expired") == 2
    assert "once for each of the 3 certificates" in page.text
    done(await console.post(PATH, data={**hidden(page), "step": "import"}))
    rows = await of_alice(contoso)
    ends = [row.not_after for row in rows if row.not_after is not None]
    assert len(ends) == 3
    now = clock.now()
    assert ends[0] > now > ends[1] > ends[2]
    starts = sorted(row.not_before for row in rows if row.not_before is not None)
    assert [start - starts[0] for start in starts] == [timedelta(days=365 * year) for year in range(3)]


async def test_what_is_refused_is_marked_and_changes_nothing(
    console: httpx.AsyncClient, contoso: Contoso, file: tuple[str, bytes]
) -> None:
    _, data = file
    new = {"way": "new", "template": "SmimeEncryption", "purpose": "smimeEncryption"}
    upload = {"way": "file", "password": PASSWORD, "purpose": "smimeEncryption"}
    for fields, sent, reason in (
        ({**new, "template": HOSTILE}, None, "Choose a template"),
        ({**new, "purpose": HOSTILE}, None, "Choose what it is for"),
        ({**new, "way": "history", "years": "11"}, None, "from 1 to 10"),
        ({**new, "way": "history", "years": HOSTILE}, None, "from 1 to 10"),
        ({**upload, "password": "wrong"}, data, "does not open with this password"),
        ({**upload, "password": "pässword"}, data, "outside ASCII"),
        (upload, b"hello", "This is no PKCS#12"),
        (upload, b"", "Choose a PFX file"),
        (upload, b"0" * (256 * 1024 + 1), "more than 256 KiB"),
        ({"way": "file", "step": "import"}, None, "got lost"),
        ({"way": HOSTILE}, None, "Choose one of the three ways"),
    ):
        answer = await post(console, {"step": "confirm", **fields}, file=sent)
        assert answer.status_code == 400, fields
        assert reason in text_of(answer)
        assert HOSTILE not in answer.text
        assert PASSWORD not in answer.text
        assert answer.text.count('class="error"') <= 2, "beside the field of the form that was sent, and on top"
    assert await of_alice(contoso) == []
    assert await contoso.issued() == []


async def test_an_issued_certificate_is_imported_from_its_page(console: httpx.AsyncClient, contoso: Contoso) -> None:
    page = await console.get("/authority/issue")
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert token is not None
    # The ring of keys may hand out the CA's own; an elliptic key is made each time.
    fields = {"form_token": token[1], "template": "SmimeP256", "person": "alice@contoso.example"}
    issued = await console.post("/authority/issue", data=fields)
    kept = hidden(issued)
    action = re.search(r'action="/console/contoso(/users/[^"]+/import)"', issued.text)
    assert action is not None
    page = await console.post(action[1], data={**kept, "purpose": "smimeEncryption"})
    assert kept["password"] not in page.text
    done(await console.post(action[1], data={**hidden(page), "step": "import"}))
    (row,) = await of_alice(contoso)
    assert row.thumbprint == (await contoso.issued())[0].thumbprint


async def test_deleting_an_import_removes_it_and_never_revokes_it(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.imported_profile("Sales")
    phone = await enroll("alice")
    mark = await contoso.import_pfx("alice")
    await phone.settle_completely()
    path = f"/users/{await contoso.user_id('alice')}/imported/{mark}/delete"
    page = await console.get(path)
    text = text_of(page)
    assert "the imported certificate is deleted" in text
    assert "never revoked by that" in text
    fields = {"form_token": hidden(page)["form_token"]}
    assert (await console.post(path, data={})).status_code == 403
    done(await console.post(path, data=fields))
    await phone.settle_completely()
    assert mark not in phone.holds.values()
    assert await contoso.certificate_status(mark) == "good"
    assert (await console.get(path)).status_code == 404
    assert "Nothing is imported yet" in await show(console, "/authority/imported")


async def test_without_a_key_nothing_can_be_imported_and_the_page_says_where_to_make_one(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    await contoso.connector(roles=["pkcs"])
    page = await console.get(PATH)
    assert "No connector has a key" in text_of(page)
    answer = await post(console, {"way": "new", "template": "SmimeBoth", "purpose": "smimeSigning", "step": "confirm"})
    assert answer.status_code == 400
    assert (await console.get("/users/nobody/import")).status_code == 404


async def test_the_list_is_paged_and_searched_by_person(console: httpx.AsyncClient, contoso: Contoso) -> None:
    for name in ("alice", "bob"):
        await contoso.import_pfx(name)
    await contoso.do(imported_pfx.delete_pfx, await contoso.record_id("bob", (await _mark_of(contoso, "bob"))))
    text = await show(console, "/authority/imported?text=ali")
    assert "1–1 of 1 certificate" in text
    assert "no connector has opened its file yet" in text
    assert "Nothing is imported for a person of this name" in await show(console, f"/authority/imported?text={HOSTILE}")


async def _mark_of(contoso: Contoso, name: str) -> str:
    user = await contoso.user_id(name)
    (row,) = await contoso.look(imported_list.imported_page, contoso.tenant.id, user=user, limit=10)
    return row.thumbprint
