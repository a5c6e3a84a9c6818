"""The console in Italian: by the browser's preference or by one click, in every text but what people have named."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from fauxtune.core.language.catalogue import Language
from fauxtune.core.language.recognition import Markup, recogniser, translated_markup
from fauxtune.core.profiles.kind_words import REFERENCES, references_in_words
from fauxtune.core.profiles.references import NAMES
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune_console.app import PAGES
from fauxtune_labs.operations.classrooms.opening import open_classroom
from tests.support.console import done, send_from, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

ITALIAN = {"accept-language": "it-IT,it;q=0.9,en;q=0.8"}
_SIGN_IN = "/console/-/seat"
#: What no page for students says in Italian. States are typed in English, and so are names of products and protocols.
_ENGLISH = re.compile(r"\b(?:the|is|are|has|have|was|were|with|from|this|that|its|which|been|will|would)\b")
_NO_PROSE = re.compile(r"<(script|style|pre|code)\b.*?</\1>", re.DOTALL)
_IN_ENGLISH = ("/states",)
#: What of a page is for programs: styles, addresses, what a form sends. The key of a form is new on each page.
_FOR_PROGRAMS = re.compile(r'\s(class|href|action|name|value|data-key|data-mark|id)="((?![0-9a-f]{64}")[^"]*)"')
_SWITCH = re.compile(r'<form method="post" action="/console/-/language".*?</form>', re.DOTALL)


def prose(page: httpx.Response) -> str:
    return text_of(_NO_PROSE.sub(" ", page.text))


async def test_every_page_without_a_key_in_its_address_is_italian(http: httpx.AsyncClient) -> None:
    paths = [path for path, method, _ in PAGES if method == "GET" and "{" not in path and "." not in path]
    assert len(paths) > 30
    for path in paths:
        page = await http.get(f"/console/contoso{path}", headers=ITALIAN)
        assert page.status_code < 500, path
        if page.status_code == 200 and not path.startswith(_IN_ENGLISH):
            assert 'lang="it"' in page.text
            assert _ENGLISH.findall(prose(page)) == [], (path, prose(page))


async def test_what_programs_read_is_the_same_in_every_language(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    for kind in ("TrustedRootCertificate", "PkcsCertificateProfile"):
        await contoso.profile_for_devices(f"androidWorkProfile{kind}", displayName=kind)
    await contoso.import_pfx("alice")
    phone = await enroll("alice")
    await phone.settle()
    paths = [path for path, method, _ in PAGES if method == "GET" and "{" not in path and "." not in path]
    user = "/users/alice@contoso.example"
    seen: set[str] = set()
    for path in (*paths, user, f"{user}/licence", f"{user}/import", f"/devices/{phone.enrollment_id}"):
        english, italian = [
            _FOR_PROGRAMS.findall(_SWITCH.sub("", (await console.get(path, headers=each)).text))
            for each in ({}, ITALIAN)
        ]
        assert italian == english, path
        seen |= {word for _, value in english for word in value.split()}
    # Words of ours that have a translation where people read them.
    assert {"own", "imported", "s-installed", "fields", "enrolled", "yes"} <= seen


async def test_a_student_signs_in_and_begins_a_lab_in_italian(http: httpx.AsyncClient, emulator: Emulator) -> None:
    (seat,) = await open_classroom(emulator, seats=1, labs=["one-key-per-device"])
    page = await http.get(_SIGN_IN, headers=ITALIAN)
    assert "Password della tua scheda" in text_of(page)
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert token is not None
    wrong = await http.post(_SIGN_IN, data={"form_token": token[1], "token": "abc"}, headers=ITALIAN)
    assert "Nessuna postazione ha questa password." in text_of(wrong)
    await http.post(_SIGN_IN, data={"form_token": token[1], "token": seat.password}, headers=ITALIAN)
    start = await http.get("/console/class-01/labs/one-key-per-device/start", headers=ITALIAN)
    words = text_of(start)
    assert "Inizia l'esercitazione «Una chiave per dispositivo" in words
    assert "Alice ha un iPhone registrato." in words
    assert "Niente di ciò che c'è ora va perso." in words
    assert "Nothing is different" not in words
    assert _ENGLISH.findall(prose(start)) == []
    assert "Lascia la postazione" in html.unescape(start.text)


async def test_the_language_is_one_click_and_is_kept(http: httpx.AsyncClient) -> None:
    english = await http.get("/console/contoso/users?text=a")
    assert ('<html lang="en">' in english.text, 'name="to" value="it"' in english.text) == (True, True)
    back = {"to": "it", "back": "/console/contoso/users?text=a"}
    answer = await send_from(http, "/console/contoso/users", to="/console/-/language", fields=back)
    assert done(answer).endswith("/console/contoso/users?text=a")
    assert '<html lang="it">' in (await http.get("/console/contoso/users", headers={"accept-language": "en"})).text
    elsewhere = {"to": "en", "back": "https://evil.example/console/"}
    assert done(await send_from(http, "/console/contoso", to="/console/-/language", fields=elsewhere)).endswith(
        "/console"
    )
    forged = await http.post("/console/-/language", data={"to": "it", "form_token": "f" * 64})
    assert forged.status_code == 403


async def test_what_people_have_named_stays_as_they_have_named_it(http: httpx.AsyncClient) -> None:
    """A group may be called as a word of ours is."""
    for name in ("Device", "Overview", "Certificates", "trusted-root", "device", "S/MIME signing", "Sales of Contoso"):
        await send_from(http, "/console/contoso/groups/new", to="/console/contoso/groups/new", fields={"name": name})
        page = await http.get("/console/contoso/groups", headers=ITALIAN)
        assert f">{name}<" in page.text, name


@pytest.mark.parametrize(
    ("english", "italian"),
    [
        ("3 devices", "3 dispositivi"),
        ("1 issued certificate", "1 certificato emesso"),
        ("step 2 passed; step 3 not yet: 2 of 3 devices", "passo 2 superato; passo 3 non ancora: 2 di 3 dispositivi"),
        (
            "It cannot be wiped; retire it, which removes the company's data.",
            "Non si può cancellare (wipe); ritiralo (retire): così si rimuovono i dati dell'azienda.",
        ),
        (
            "TOME is published for ann@b.example. 3 devices have it, and keep it.",
            "TOME è pubblicato per ann@b.example. 3 dispositivi lo hanno, e lo tengono.",
        ),
        ("84.5 of 256 GB, 33 %", "84.5 di 256 GB, 33 %"),
        ("digital signature, encryption of keys (RSA)", "firma digitale, cifratura di chiavi (RSA)"),
        ("digital signature, my own words", "digital signature, my own words"),
        (
            "RSA, 2048 bits, made on the device, for signatures and encrypted keys",
            "RSA, 2048 bit, creata sul dispositivo, per firme e chiavi cifrate",
        ),
        ("TOME: made for Bob's phone; revoked", "TOME: fatto per Bob's phone; revocato"),
        ("1 device has it, and keeps it.", "1 dispositivo lo ha, e lo tiene."),
        ("3 devices have it, and keep it.", "3 dispositivi lo hanno, e lo tengono."),
        ("switched on", "attivo"),
        ("new one", "nuovo"),
        ("S/MIME encryption", "cifratura S/MIME"),
        ("%", "%"),
        ("alice's iPhone", "alice's iPhone"),
        ("The mail is of the moon", "The mail is of the moon"),
        (f"a {'b' * 5_000}", f"a {'b' * 5_000}"),
    ],
)
def test_a_sentence_is_recognised_as_a_whole_and_everything_else_stays(english: str, italian: str) -> None:
    assert recogniser(Language.ITALIAN, "console", "labs").translated(english) == italian


def test_markup_is_translated_in_its_texts_and_in_the_attributes_that_people_read() -> None:
    place = Markup()
    pieces = ['<p class="the sum" title="the sum">the', ' sum <code>the sum</code><a href="', '">the sum</a> 3 < 4</p>']
    done = "".join(translated_markup(piece, place, translate=str.upper) for piece in pieces)
    assert done == ('<p class="the sum" title="THE SUM">THE SUM <code>the sum</code><a href="">THE SUM</a> 3 < 4</p>')


def test_a_refused_action_is_italian_without_the_actions_name() -> None:
    """The page of a device says the button's words in front of the sentence, and leaves out Graph's name of it."""
    refusal = (
        "The device's user was deleted from the directory, so that it can be neither wiped nor retired any more. Wipe "
        "or retire devices before their user is deleted; the record can still be deleted."
    )
    said = recogniser(Language.ITALIAN, "console", "labs").translated(refusal)
    assert said.startswith("L'utente del dispositivo è stato eliminato")
    assert not _ENGLISH.findall(said)


def test_the_refusal_to_delete_a_profile_is_italian_as_a_whole() -> None:
    refusal = (
        "The profile 'Root' cannot be deleted: other profiles refer to it: 'Wi-Fi' (rootCertificate), 'Mail' "
        "(smimeSigningCertificate), and others. Clear those references, or delete those profiles, first."
    )
    said = references_in_words(refusal)
    assert "'Wi-Fi' (its trusted root), 'Mail' (its certificate for signing), and others" in said
    assert recogniser(Language.ITALIAN, "console", "labs").translated(said) == (
        "Il profilo 'Root' non si può eliminare: altri profili vi fanno riferimento: 'Wi-Fi' (la sua radice "
        "attendibile), 'Mail' (il suo certificato per la firma), e altri. Togli prima quei riferimenti, o elimina quei "
        "profili."
    )


def test_every_reference_of_a_profile_to_another_has_words() -> None:
    assert set(REFERENCES) == set(NAMES) - {"derivedCredentialSettings"}, "no profile is a derived credential"


async def test_an_empty_journal_leads_to_people_in_both_languages(console: httpx.AsyncClient) -> None:
    page = await console.get("/journal")
    assert "Nothing has happened yet. Enrol a person's device" in text_of(page)
    assert '<a href="/console/contoso/users">Enrol' in page.text
    italian = await console.get("/journal", headers=ITALIAN)
    assert "Non è ancora successo niente. Registra il dispositivo di una persona" in text_of(italian)
    filtered = text_of(await console.get("/journal?type=enrolled"))
    assert "Nothing of this kind has happened. Show everything that has happened" in filtered
