"""What a device reports, as the engine takes it in: results and numbers, what it holds, what it is.

When a device is asked what it is: not at a quiet check-in, and after a TokenUpdate.
"""

from __future__ import annotations

import base64
import hashlib
import plistlib
from dataclasses import replace
from typing import Any

import pytest

from fauxtune.core.graph.device_facts import accepted
from fauxtune.core.model.ids import ItemKey, ProfileId, TenantId
from fauxtune.core.model.items import (
    REMEDIATION_FAILED,
    LedgerRow,
    email_key,
    imported_key,
    pkcs_key,
    root_key,
    scep_key,
)
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.checkin.steps import PlatformAdapter, Result, StepResult
from fauxtune.surfaces.devices.apple import command_results, messages, mobileconfig
from fauxtune.surfaces.devices.apple.messages import CommandResults, ErrorLink
from tests.support.apple_examples import example
from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.statements import statements

TENANT = TenantId("c0ffee00-0000-4000-8000-000000000001")
ADAPTER: PlatformAdapter = command_results.AppleAdapter()
DER = plistlib.loads(example("certificate-list"))["CertificateList"]
ROOT, LEAF = (each["Data"] for each in DER)


def results(name: str, **changes: Any) -> CommandResults:
    message = messages.read(plistlib.dumps(plistlib.loads(example(name)) | changes))
    assert isinstance(message, CommandResults)
    return message


def said(name: str, **changes: Any) -> StepResult:
    step_result = command_results.step_result(results(name, **changes))
    assert step_result is not None
    return step_result


def sha1(der: bytes) -> str:
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def row(key: ItemKey, source: Source, state: ItemState = ItemState.SENT, **more: Any) -> LedgerRow:
    return LedgerRow(key=key, source=source, state=state, **{"fingerprint": "f1", **more})


MAIL = row(email_key(ProfileId("m")), Source.EMAIL)
PKCS = row(pkcs_key(ProfileId("p")), Source.PKCS, thumbprint=sha1(LEAF))
IMPORTED = row(imported_key(sha1(LEAF)), Source.IMPORTED, thumbprint=sha1(LEAF))
TRUSTED = row(root_key(hashlib.sha256(ROOT).hexdigest()), Source.ROOT, thumbprint=sha1(ROOT))
ROWS = {ledger.key: ledger for ledger in (MAIL, PKCS, IMPORTED, TRUSTED)}


def profiles(*rows: LedgerRow, **changes: str) -> dict[str, Any]:
    """A ProfileList with these items' profiles."""
    uuids = {mobileconfig.identifier(TENANT, row.key): mobileconfig.profile_uuid(TENANT, row) for row in rows}
    return {"profiles": {"com.elsewhere": "X", f"com.fauxtune.{TENANT}.enrollment": "Y", **uuids, **changes}}


def certificates(*ders: bytes, identities: tuple[bytes, ...] = ()) -> dict[str, Any]:
    return {"certificates": [sha1(der) for der in ders], "identities": [sha1(identity) for identity in identities]}


EVERYTHING = certificates(ROOT, LEAF, identities=(LEAF,))


def held(answers: dict[str, Any], *rows: LedgerRow, acknowledged: frozenset[ItemKey] = frozenset()) -> set[ItemKey]:
    """The items that the inventory shows."""
    listed = {row.key: row for row in rows} if rows else ROWS
    inventory = ADAPTER.inventory(answers, rows=listed, acknowledged=acknowledged)
    assert inventory.complete
    roots = {ledger.key for ledger in listed.values() if ledger.key.split("/")[1] in inventory.roots}
    return {*inventory.identities, *inventory.accounts, *roots}


IPHONE: dict[str, Any] = {"product_name": "iPhone15,2", "os_version": "17.5.1", "model": "MQ0G3"}


def test_what_both_lists_show_is_held() -> None:
    answers = {"ProfileList": profiles(*ROWS.values()), "CertificateList": EVERYTHING}
    assert held(answers) == set(ROWS)
    inventory = ADAPTER.inventory(answers, rows=ROWS, acknowledged=frozenset())
    assert inventory.accounts == {MAIL.key: "f1"}
    assert inventory.identities == {PKCS.key: sha1(LEAF), IMPORTED.key: sha1(LEAF)}


def test_a_certificate_without_its_key_is_no_identity() -> None:
    answers = {"ProfileList": profiles(*ROWS.values()), "CertificateList": certificates(ROOT, LEAF)}
    assert held(answers) == {MAIL.key, TRUSTED.key}


def test_another_revision_of_a_profile_is_not_the_one_that_was_given() -> None:
    older = {key: replace(ledger, fingerprint="f0") for key, ledger in ROWS.items()}
    assert held({"ProfileList": profiles(*older.values()), "CertificateList": EVERYTHING}) == set()


def test_a_profile_whose_uuid_is_not_told_counts_by_its_name() -> None:
    names = {mobileconfig.identifier(TENANT, MAIL.key): ""}
    assert held({"ProfileList": {"profiles": names}}, MAIL) == {MAIL.key}


def test_who_cannot_list_certificates_is_believed_by_its_profiles() -> None:
    """mdmb answers CertificateList with error 12021."""
    assert held({"ProfileList": profiles(PKCS, TRUSTED)}) == {PKCS.key, TRUSTED.key}


def test_who_cannot_list_profiles_is_believed_by_its_certificates() -> None:
    assert held({"CertificateList": EVERYTHING}) == {PKCS.key, IMPORTED.key, TRUSTED.key}
    assert held({"CertificateList": EVERYTHING}, acknowledged=frozenset({MAIL.key})) == set(ROWS)


def test_who_can_list_nothing_has_what_it_confirmed_and_what_it_had() -> None:
    assert held({}, acknowledged=frozenset({PKCS.key})) == {PKCS.key}
    assert held({}, replace(PKCS, state=ItemState.INSTALLED)) == {PKCS.key}


@pytest.mark.parametrize("state", [ItemState.REMOVING, ItemState.KEPT])
def test_what_goes_is_there_as_long_as_any_revision_of_it_is(state: ItemState) -> None:
    going = replace(PKCS, state=state)
    older = replace(PKCS, fingerprint="f0")
    assert held({"ProfileList": profiles(older), "CertificateList": certificates()}, going) == {PKCS.key}
    assert held({"ProfileList": profiles(), "CertificateList": EVERYTHING}, going) == set()


@pytest.mark.parametrize(
    "answer", [{}, {"values": {"DeviceName": "x"}}, {"profiles": {}}, {"certificates": [], "identities": []}]
)
def test_a_question_that_is_answered_with_another_ones_answer_is_not_answered(answer: dict[str, Any]) -> None:
    everywhere = dict.fromkeys(("ProfileList", "CertificateList", "DeviceInformation", "SecurityInfo"), answer)
    assert ADAPTER.inventory(everywhere, rows={}, acknowledged=frozenset()).identities == {}
    assert set(ADAPTER.facts(everywhere, variant=Variant.IOS)) <= {"deviceName"}


def test_texts_about_itself_that_have_no_end_are_left_out() -> None:
    answered = said("device-information", QueryResponses={"DeviceName": "x" * 5_000, "OSVersion": "17.5"})
    assert answered.data == {"values": {"OSVersion": "17.5"}}


def test_the_identifiers_of_other_tenants_and_of_others_are_nobodys() -> None:
    strange = {"com.fauxtune": "", "com.fauxtune.x": "", "com.fauxtune..": "", ".": "", "com.elsewhere.pkcs.p": ""}
    assert held({"ProfileList": {"profiles": strange}}, PKCS) == set()


def test_the_lists_of_the_examples_are_read() -> None:
    shown = {"shown": {sha1(LEAF): base64.b64encode(LEAF).decode()}}
    lists = certificates(*sorted((ROOT, LEAF), key=sha1), identities=(LEAF,))
    assert said("certificate-list").data == lists | shown
    listed = said("profile-list").data
    assert listed is not None
    assert f"com.fauxtune.{TENANT}.enrollment" in listed["profiles"]


def test_of_a_certificate_that_the_device_requested_itself_the_identities_are_shown_that_are_no_other_item() -> None:
    requested = row(scep_key(ProfileId("s")), Source.SCEP, thumbprint="of its predecessor")
    shown = {**EVERYTHING, "shown": {sha1(der): base64.b64encode(der).decode() for der in (LEAF, b"new")}}
    answers = {"ProfileList": profiles(requested, PKCS), "CertificateList": shown}
    rows = {ledger.key: ledger for ledger in (requested, PKCS)}
    inventory = ADAPTER.inventory(answers, rows=rows, acknowledged=frozenset())
    assert inventory.identities == {requested.key: "", PKCS.key: sha1(LEAF)}
    assert inventory.certificates == {sha1(b"new"): b"new"}
    installed = replace(requested, state=ItemState.INSTALLED, thumbprint=sha1(LEAF))
    assert held(answers, installed) == {installed.key}
    assert held(answers, replace(installed, thumbprint="gone")) == set()
    assert held({"ProfileList": profiles()}, requested) == set(), "the revision before is still there"


def test_no_more_of_an_identity_is_remembered_than_there_is_room_for() -> None:
    entries = [{"CommonName": "x", "Data": bytes([number]) * 40, "IsIdentity": True} for number in range(40)]
    entries.insert(0, {"CommonName": "x", "Data": b"x" * 9000, "IsIdentity": True})
    data = said("certificate-list", CertificateList=entries).data
    assert data is not None
    assert (len(data["identities"]), len(data["shown"])) == (41, 32)
    assert sha1(b"x" * 9000) not in data["shown"]


def test_what_a_device_says_of_its_apps_is_read() -> None:
    data = said("managed-application-list").data
    assert data is not None
    seen = ADAPTER.apps(data)
    assert seen is not None
    assert {
        name.rpartition(".")[2]: (app_sighting.is_there, app_sighting.waits) for name, app_sighting in seen.items()
    } == {
        "notes": (True, None),
        "orders": (False, "The device says: Installing."),
        "maps": (False, None),
        "board": (False, None),
    }
    rejected = seen["com.contoso.maps"].problem
    assert rejected is not None
    assert rejected.code == -2016330910, "0x87D13B62"
    data = said("installed-application-list").data
    assert data is not None
    seen = ADAPTER.apps(data)
    assert seen is not None
    assert [(name, app_sighting.is_there, app_sighting.version) for name, app_sighting in seen.items()] == [
        ("com.contoso.notes", True, "3.1")
    ]
    assert ADAPTER.apps({"profiles": {}}) is None, "the answer to another question"
    many = {f"app{number}": {"Status": "Managed"} for number in range(3000)}
    bounded = said("managed-application-list", ManagedApplicationList=many).data
    assert bounded is not None
    assert len(ADAPTER.apps(bounded) or {}) == 2000


def test_a_rejected_app_is_refused_and_one_that_is_there_already_is_not() -> None:
    refused = said("install-application-rejected")
    assert refused.result is Result.REFUSED
    assert refused.problem is not None
    assert "AppStoreDisabled" in refused.problem.message
    assert said("install-application").result is Result.DONE
    assert said("install-application-rejected", RejectionReason="AppAlreadyInstalled").result is Result.DONE


def test_a_device_says_what_it_is_in_graphs_words() -> None:
    answers = {
        "DeviceInformation": said("device-information").data,
        "SecurityInfo": said("security-info-iphone").data,
        "ManagedApplicationFeedback": said("managed-application-feedback").data,
        "ActivationLockBypassCode": said("activation-lock-bypass-code").data,
    }
    known = {name: data for name, data in answers.items() if data is not None}
    facts = ADAPTER.facts(known, variant=Variant.IOS)
    assert accepted(facts) == facts
    assert facts == {
        "activationLockBypassCode": "1GDY4-C8M3N-QE52-KX7T-R0HP-9ZLW",
        "deviceName": "Alice's iPhone",
        "serialNumber": "F2LX30QJN70M",
        "model": "iPhone 14 Pro",
        "productName": "iPhone15,2",
        "chassisType": "phone",
        "osVersion": "17.5.1",
        "osBuildNumber": "21F90",
        "imei": "351234567890124",
        "meid": "35123456789012",
        "iccid": "8941012345678901234",
        "phoneNumber": "+41791234567",
        "subscriberCarrier": "Swisscom",
        "esimIdentifier": "89049032004008882600012345678901",
        "cellularTechnology": "GSM and CDMA",
        "easDeviceId": "9F2B6C0D4E8A41739F2B6C0D4E8A4173",
        "wiFiMacAddress": "A483E7123456",
        "bluetoothMacAddress": "A483E7123457",
        "udid": "00008110-000A1C2E3F40801E",
        "totalStorageSpaceInBytes": 128 * 10**9,
        "freeStorageSpaceInBytes": 129 * 10**9 // 2,
        "batteryLevelPercentage": 84.0,
        "isSupervised": False,
        "isActivationLockEnabled": True,
        "lostModeState": "disabled",
        "isEncrypted": True,
        "isPasscodePresent": True,
        "isPasscodeCompliant": True,
        "jailBroken": "False",
    }


def test_a_mac_says_what_it_is_in_graphs_words() -> None:
    answers = {
        "DeviceInformation": said("device-information-mac").data,
        "SecurityInfo": said("security-info-mac").data,
    }
    known = {name: data for name, data in answers.items() if data is not None}
    facts = ADAPTER.facts(known, variant=Variant.MACOS)
    assert accepted(facts) == facts
    assert facts == {
        "deviceName": "Alice's MacBook Air",
        "serialNumber": "C02ZK1ABCDEF",
        "udid": "8B1F6C02-5F6E-4D53-9C0A-2D5B7E6A9F11",
        "model": "MacBook Air (M2, 2022)",
        "productName": "Mac14,2",
        "chassisType": "laptop",
        "osVersion": "14.5 (23F79)",
        "osBuildNumber": "23F79",
        "processorArchitecture": "arM64",
        "wiFiMacAddress": "A483E7123456",
        "bluetoothMacAddress": "A483E7123457",
        "ethernetMacAddress": "A483E7123458",
        "totalStorageSpaceInBytes": 512 * 10**9,
        "freeStorageSpaceInBytes": 100 * 10**9,
        "batteryLevelPercentage": 50.0,
        "isSupervised": False,
        "isActivationLockEnabled": False,
        "isEncrypted": True,
        "isFirewallEnabled": True,
        "isSecureBootEnabled": True,
        "isSystemIntegrityProtectionEnabled": True,
        "requireUserEnrollmentApproval": False,
    }


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ({"OSVersion": "17.5", "ModelName": "iPhone"}, 256 * 10**9),
        ({"OSVersion": "12.7.5", "ModelName": "MacBook Pro"}, 256 * 10**9),
        ({"OSVersion": "11.7", "ModelName": "MacBook Pro"}, 256 * 2**30),
        ({"ModelName": "MacBook Pro"}, 256 * 10**9),
    ],
)
def test_a_gigabyte_is_a_power_of_ten_but_on_old_macs(values: dict[str, Any], total: int) -> None:
    data = said("device-information", QueryResponses={**values, "DeviceCapacity": 256.0}).data
    assert data is not None
    assert ADAPTER.facts({"DeviceInformation": data}, variant=Variant.IOS)["totalStorageSpaceInBytes"] == total


def test_an_iphone_without_a_passcode_is_not_encrypted() -> None:
    data = said("security-info-iphone", SecurityInfo={"PasscodePresent": False, "HardwareEncryptionCaps": 3}).data
    assert data is not None
    assert ADAPTER.facts({"SecurityInfo": data}, variant=Variant.IOS)["isEncrypted"] is False


def test_of_what_a_stranger_answers_only_the_known_keys_are_kept() -> None:
    values = {f"Key{number}": "x" for number in range(10_000)} | {"OSVersion": "17.5"}
    assert said("device-information", QueryResponses=values).data == {"values": {"OSVersion": "17.5"}}
    feedback = [{"Identifier": "com.example.app", "Feedback": {"JailBroken": "True"}}]
    assert said("managed-application-feedback", ManagedApplicationFeedback=feedback).data == {"values": {}}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"DeviceName": 7, "OSVersion": True, "DeviceCapacity": "big", "IsSupervised": "no"},
        {"DeviceCapacity": -1, "AvailableDeviceCapacity": 1e300},
    ],
)
def test_nonsense_about_itself_is_left_out(values: dict[str, Any]) -> None:
    data = said("device-information", QueryResponses=values).data
    assert data is not None
    assert accepted(ADAPTER.facts({"DeviceInformation": data}, variant=Variant.IOS)) == {}


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("acknowledged", Result.DONE),
        ("not-now", Result.LATER),
        ("command-format-error", Result.REFUSED),
        ("error-pkcs12-password", Result.REFUSED),
        ("error-unknown-command", Result.UNSUPPORTED),
        ("error-not-managed", Result.DONE),
    ],
)
def test_each_status_is_a_result(name: str, result: Result) -> None:
    answer = said(name)
    assert (answer.result, answer.step) == (result, "c1a3f0f0-7d57-4c39-9a0f-3f7d1b0f6a10")


def test_idle_answers_nothing() -> None:
    assert command_results.step_result(results("idle")) is None


def test_a_profile_that_is_not_installed_is_removed() -> None:
    chain = [{"ErrorCode": 4024, "ErrorDomain": "MCInstallationErrorDomain"}]
    assert said("error-not-managed", ErrorChain=chain).result is Result.REFUSED
    assert said("error-not-managed", ErrorChain=chain, RequestType="RemoveProfile").result is Result.DONE


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        # Intune's table of error codes on iOS: 0x87D14A38 and 0x87D155FD.
        ((ErrorLink(9000, "MCCertificateErrorDomain"),), 0x87D14A38 - 2**32),
        ((ErrorLink(12013, "MCMDMErrorDomain"),), 0x87D155FD - 2**32),
        ((ErrorLink(4001, "MCInstallationErrorDomain"), ErrorLink(9000, "MCCertificateErrorDomain")), -2016327112),
        # What lies below Apple's management has no number in Graph.
        ((ErrorLink(4001, "MCInstallationErrorDomain"), ErrorLink(-25299, "NSOSStatusErrorDomain")), -2016332111),
        ((ErrorLink(99998, "MCMDMErrorDomain"),), REMEDIATION_FAILED),
        ((ErrorLink(3840, "NSCocoaErrorDomain"),), REMEDIATION_FAILED),
        ((ErrorLink(-1, "MCMDMErrorDomain"),), REMEDIATION_FAILED),
        ((ErrorLink(2**70, "MCMDMErrorDomain"),), REMEDIATION_FAILED),
        ((), REMEDIATION_FAILED),
    ],
)
def test_the_number_is_that_of_the_innermost_reason(errors: tuple[ErrorLink, ...], code: int) -> None:
    assert command_results.problem(errors).code == code


def test_the_words_begin_with_the_reason() -> None:
    problem = said("error-pkcs12-password").problem
    assert problem is not None
    assert problem.message == (
        "The device refused it: The password for the certificate is incorrect (MCCertificateErrorDomain 9000) "
        "(with The profile could not be installed (MCInstallationErrorDomain 4001))."
    )


def test_endless_words_are_cut() -> None:
    chain = tuple(ErrorLink(9000 + n, "D" * 4000, "w" * 4000) for n in range(50))
    assert len(command_results.problem(chain).message) < 3000


async def test_a_quiet_check_in_asks_nothing_and_costs_one_statement(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet(**IPHONE)
    await device.connect()
    await device.connect()
    with statements(contoso.emulator) as sent:
        assert await device.connect() == []
    assert [each.split()[0] for each in sent if "wire" not in each].count("UPDATE") == 1
    assert len([each for each in sent if each.startswith(("INSERT", "DELETE"))]) == 0
    assert len(sent) <= 2, sent


async def test_a_token_update_has_the_device_asked_at_its_next_check_in(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet(**IPHONE)
    await device.connect()
    assert await device.connect() == []
    device.store.facts = {"OSVersion": "18.1", "UDID": device.udid}
    body = plistlib.dumps(
        {
            "MessageType": "TokenUpdate",
            "Topic": device.topic,
            "UDID": device.udid,
            "Token": b"x" * 32,
            "PushMagic": "magic",
        }
    )
    await contoso.http.put(f"{BASE}/checkin", content=body, headers={"Mdm-Signature": device.signature(body)})
    assert set(await device.connect()) >= set(command_results.INFORMATION)
    assert (await contoso.record(device))["osVersion"] == "18.1"
    assert await device.connect() == []
