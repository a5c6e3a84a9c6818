"""Certificates that a Windows device requests itself: the commands, and what the device shows of its requests."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import orjson
import pytest

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.model.actions import StepKind
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import Claim, LedgerRow, scep_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepDelivery, ScepRequest
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.checkin.steps import Step
from fauxtune.surfaces.devices.windows import csp, scep
from fauxtune.surfaces.devices.windows.adapter import WindowsAdapter
from fauxtune.surfaces.devices.windows.messages.syncml import Command
from fauxtune.surfaces.devices.windows.session_state import State
from fauxtune.surfaces.devices.windows.translate import TranslationContext, commands, needs_user

PROFILE = ProfileId("7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01")
KEY = scep_key(PROFILE)
NAME = f"{PROFILE}-{hashlib.sha256(b'f').hexdigest()[:16]}"
USER, MACHINE = (f"./{scope}/Vendor/MSFT/ClientCertificateInstall/SCEP" for scope in ("User", "Device"))
PHONE = "./Vendor/MSFT/CertificateStore/My/SCEP"
MARK = "AB" * 20
REQUEST = ScepRequest(
    urls=("https://ndes.contoso.example/scep",),
    subject="CN=alice,O=Contoso",
    names=(("emailAddress", "alice@contoso.example"), ("userPrincipalName", "alice")),
    key_usages=("digitalSignature", "keyEncipherment"),
    key_size=4096,
    hash_algorithm="sha1,sha2",
    extended_key_usages=("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"),
    days=365,
    renew_percent=20,
)
ROW = LedgerRow(KEY, Source.SCEP, ItemState.SENT, fingerprint="f", claims=(Claim(PROFILE, "a"),))


def around(variant: Variant = Variant.WINDOWS, **document: Any) -> TranslationContext:
    return TranslationContext(variant, profiles={PROFILE: document})


def install(place: TranslationContext, *, request: ScepRequest = REQUEST) -> tuple[Command, ...]:
    delivery = ScepDelivery(request, REQUEST.urls[0], "Y2hhbGxlbmdl", ca_thumbprint="cd" * 20)
    return commands(Step("s", StepKind.INSTALL, item=Deliverable(ROW, scep=delivery)), place)


def test_the_request_is_one_atomic_at_whose_end_enrolling_starts() -> None:
    before, atomic = install(around())
    assert (before.name, before.uri, atomic.name) == ("Delete", f"{USER}/{NAME}", "Atomic")
    assert (atomic.parts[-1].name, atomic.parts[-1].uri) == ("Exec", f"{USER}/{NAME}/Install/Enroll")
    assert {part.uri.removeprefix(f"{USER}/{NAME}/Install/"): part.data for part in atomic.parts[:-1]} == {
        "ServerURL": "https://ndes.contoso.example/scep",
        "Challenge": "Y2hhbGxlbmdl",
        "SubjectName": "CN=alice,O=Contoso",
        "SubjectAlternativeNames": "2+alice@contoso.example;11+alice",
        "EKUMapping": "1.3.6.1.5.5.7.3.4+1.3.6.1.5.5.7.3.2",
        "KeyUsage": "160",
        "KeyLength": "4096",
        "HashAlgorithm": "SHA-1+SHA-2",
        "KeyProtection": "2",
        "RetryCount": "3",
        "RetryDelay": "5",
        "CAThumbprint": "CD" * 20,
        "ValidPeriod": "Days",
        "ValidPeriodUnits": "365",
    }


@pytest.mark.parametrize(
    ("place", "node"),
    [
        (around(), USER),
        (around(certificateStore="user"), USER),
        (around(certificateStore="machine"), MACHINE),
        (around(Variant.WINDOWS_10_MOBILE), USER),
        (around(Variant.WINDOWS_PHONE_81), PHONE),
    ],
)
def test_the_store_of_the_profile_says_in_whose_scope_the_request_is(place: TranslationContext, node: str) -> None:
    step = install(place)
    assert step[0].uri == f"{node}/{NAME}"
    assert needs_user(step) == (node == USER)
    removal = commands(Step("s", StepKind.REMOVE, item=Deliverable(ROW)), place)
    assert [(command.name, command.uri) for command in removal] == [("Delete", f"{node}/{NAME}")]


def test_the_provider_of_the_profile_says_where_the_key_is_made() -> None:
    places = {"useTpmKspOtherwiseFail": "1", "useSoftwareKsp": "3", "usePassportForWorkKspOtherwiseFail": "4"}
    for provider, location in places.items():
        parts = {
            part.uri.rpartition("/")[2]: part.data for part in install(around(keyStorageProvider=provider))[1].parts
        }
        assert (parts["KeyProtection"], parts.get("ContainerName")) == (location, NAME if location == "4" else None)


def test_a_removal_takes_every_request_of_the_profile() -> None:
    place = replace(around(), given={KEY: (f"{MACHINE}/old", f"{USER}/{NAME}")})
    removal = commands(Step("s", StepKind.REMOVE, item=Deliverable(ROW)), place)
    assert [command.uri for command in removal] == [f"{MACHINE}/old", f"{USER}/{NAME}"]


def test_only_a_device_with_such_items_is_asked_and_of_the_user_while_the_user_is_there() -> None:
    adapter = WindowsAdapter()
    assert [adapter.is_needed(csp.SCEP, keys=keys) for keys in ([], [KEY])] == [False, True]
    assert adapter.is_needed(csp.ROOTS, keys=[])
    asked = Step("s", StepKind.QUESTION, part=csp.SCEP)
    everything = "?list=StructData"
    assert [command.uri for command in commands(asked, around())] == [f"{USER}{everything}", f"{MACHINE}{everything}"]
    alone = replace(around(), user_is_here=False)
    assert [command.uri for command in commands(asked, alone)] == [f"{MACHINE}{everything}"]


def answer(*scopes: str, **leaves: str) -> dict[str, Any]:
    """An answer for these scopes: the request, below the first one, shows these leaves."""
    rows = [{f"{scopes[0]}/{NAME}/{leaf}": value for leaf, value in leaves.items()}, *({} for _ in scopes[1:])]
    documents = [orjson.dumps(row).decode() for row in rows]
    return {"values": dict(zip((f"{scope}?list=StructData" for scope in scopes), documents, strict=True))}


def shown(answered: dict[str, Any] | None, row: LedgerRow = ROW, *, confirmed: bool = True) -> Inventory:
    answers = {} if answered is None else {csp.SCEP: answered}
    acknowledged = frozenset({row.key}) if confirmed else frozenset()
    return WindowsAdapter().inventory(answers, rows={row.key: row}, acknowledged=acknowledged)


def test_a_finished_request_shows_its_certificate_and_one_that_is_pending_is_neither_there_nor_refused() -> None:
    done = shown(answer(USER, MACHINE, Status="1", CertThumbprint=MARK, ErrorCode="0"))
    assert (done.identities, done.refused, done.pending) == ({KEY: MARK.lower()}, {}, frozenset())
    nonsense = shown(answer(USER, MACHINE, Status="1", CertThumbprint="no thumbprint"))
    assert (nonsense.identities, nonsense.pending) == ({}, frozenset())
    waits = shown(answer(USER, MACHINE, Status="2"))
    assert (waits.identities, waits.refused, waits.pending) == ({}, {}, frozenset({KEY}))


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        ("-2147012867", 0x80072EFD - (1 << 32), "the device cannot reach the SCEP server (0x80072EFD)"),
        ("0x800B0109", 0x800B0109 - (1 << 32), "do not descend from the root of the profile"),
        ("-2146893770", 0x80090036 - (1 << 32), "the device reports an error (0x80090036)"),
        ("0", -2016281112, "does not say why"),
        ("nonsense", -2016281112, "does not say why"),
    ],
)
def test_a_failed_request_is_refused_with_the_number_of_windows(error: str, code: int, words: str) -> None:
    (problem,) = shown(answer(USER, MACHINE, Status="16", ErrorCode=error)).refused.values()
    assert (problem.code, words in problem.message) == (code, True)


def test_who_does_not_show_requests_is_believed_and_asked_again_where_the_user_is_away() -> None:
    assert (shown(None).identities, shown(None).pending) == ({KEY: ""}, frozenset()), "it has no such nodes"
    assert shown(None, confirmed=False).identities == {}
    assert shown(answer(MACHINE)).pending == {KEY}
    assert shown(answer(USER, MACHINE)).pending == frozenset(), "there is no such request"
    had = replace(ROW, state=ItemState.INSTALLED, thumbprint="a" * 40)
    assert shown(answer(MACHINE), had, confirmed=False).identities == {KEY: "a" * 40}
    assert shown(answer(USER, MACHINE), had, confirmed=False).identities == {}
    assert shown(answer(PHONE), had, confirmed=False).identities == {}, "a phone has one scope"


def test_what_goes_is_there_as_long_as_any_certificate_of_its_profile_is() -> None:
    going = replace(ROW, state=ItemState.REMOVING, fingerprint="another", thumbprint=MARK.lower())
    assert KEY in shown(answer(USER, MACHINE, Status="1", CertThumbprint=MARK), going).identities
    assert shown(answer(USER, MACHINE, Status="16"), going).identities == {}


def test_predecessors_are_deleted_when_the_device_has_the_next_certificate_and_not_before() -> None:
    given = {KEY: [f"{USER}/old", f"{USER}/{NAME}"], "pkcs/x": ["AA", "BB"]}
    assert scep.replaced(answer(USER, MACHINE, Status="2"), given) == {}
    assert scep.replaced(answer(USER, MACHINE, Status="16"), given) == {}
    done = answer(USER, MACHINE, Status="1", CertThumbprint=MARK)
    assert scep.replaced(done, given) == {KEY: (f"{USER}/{NAME}", [f"{USER}/old"])}


def test_a_state_of_a_session_that_was_stored_is_read_again_with_its_nodes() -> None:
    state = State(given={KEY: [f"{USER}/{NAME}"]}, outdated=[f"{USER}/old"])
    assert State.of(state.document()) == state
