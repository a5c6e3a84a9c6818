"""Steps as commands of Windows, and what the device's inventory says about items.

What the nodes of apps on a PC mean.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fauxtune.core.engine.device_actions.support import EMULATED
from fauxtune.core.model.actions import DeviceAction, StepKind
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import Claim, LedgerRow, email_key, imported_key, pkcs_key, root_key
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.checkin.steps import AppSighting, Step
from fauxtune.operations.devices.actions import ENDS, Order
from fauxtune.surfaces.devices.windows import csp, translate
from fauxtune.surfaces.devices.windows.adapter import WindowsAdapter
from fauxtune.surfaces.devices.windows.apps import sightings
from fauxtune.surfaces.devices.windows.messages.syncml import Command
from fauxtune.surfaces.devices.windows.status_mapping import action_answer
from fauxtune.surfaces.devices.windows.translate import TranslationContext, commands
from tests.support.authorities import Authorities
from tests.support.clock import NOW

PROFILE = ProfileId("7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01")
MARK = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
DESKTOP, MOBILE, PHONE = Variant.WINDOWS, Variant.WINDOWS_10_MOBILE, Variant.WINDOWS_PHONE_81
WIRE = WindowsAdapter()
BELOW_PFX = f"/ClientCertificateInstall/PFXCertInstall/{MARK.upper()}"


def row(key: ItemKey, source: Source, state: ItemState = ItemState.SENT, **known: Any) -> LedgerRow:
    return LedgerRow(key, source, state, fingerprint="f", claims=(Claim(PROFILE, "a"),), **known)


def root(store: str = "computerCertStoreRoot", **known: Any) -> LedgerRow:
    return row(root_key("ab" * 32, store), Source.ROOT, thumbprint=MARK, **known)


def pkcs(state: ItemState = ItemState.SENT, **known: Any) -> LedgerRow:
    return row(pkcs_key(PROFILE), Source.PKCS, state, **({"thumbprint": MARK} | known))


def around(variant: Variant = DESKTOP, *, provider: str | None = "useSoftwareKsp", **known: Any) -> TranslationContext:
    return TranslationContext(variant, profiles={PROFILE: {"keyStorageProvider": provider}}, **known)


def install(item: Deliverable, place: TranslationContext) -> tuple[Command, ...]:
    return commands(Step("s", StepKind.INSTALL, item=item), place)


def remove(known: LedgerRow, place: TranslationContext) -> list[tuple[str, str]]:
    step = Step("s", StepKind.REMOVE, item=Deliverable(known))
    return [(command.name, command.uri) for command in commands(step, place)]


def action_commands(action: DeviceAction, scope: str = "", *, variant: Variant = DESKTOP, **details: Any) -> list[str]:
    order = Order(id="o", action=action, created_at=NOW, scope=scope, details=details)
    result = commands(Step("s", StepKind.ACTION, order=order), around(variant))
    return [f"{command.name} {command.uri} {command.data or ''}".strip() for command in result]


CODE, FAMILY = "{6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11}", "Contoso.Board_8wekyb3d8bbwe"
MSI = "./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/%7B6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11%7D"
MODERN = "./User/Vendor/MSFT/EnterpriseModernAppManagement"


def seen(**values: str) -> AppSighting:
    names = {"status": f"{MSI}/Status", "version": f"{MSI}/Version", "error": f"{MSI}/LastError"}
    return sightings({"values": {names[name]: value for name, value in values.items()}})[CODE]


def package(packages: str = "", **values: str) -> AppSighting:
    nodes = {f"{MODERN}/AppInstallation/{FAMILY}/{name}": value for name, value in values.items()}
    if packages:
        nodes[f"{MODERN}/AppManagement/nonStore/{FAMILY}"] = packages
    return sightings({"values": nodes})[FAMILY]


# ------------------------------------------------------------------------------------------------------- trusted roots


@pytest.mark.parametrize(
    ("store", "node"),
    [
        ("computerCertStoreRoot", "./Device/Vendor/MSFT/RootCATrustedCertificates/Root"),
        ("computerCertStoreIntermediate", "./Device/Vendor/MSFT/RootCATrustedCertificates/CA"),
        ("userCertStoreIntermediate", "./User/Vendor/MSFT/RootCATrustedCertificates/CA"),
        ("trusted", "./Device/Vendor/MSFT/RootCATrustedCertificates/Root"),
    ],
)
def test_a_root_goes_into_the_store_that_its_profile_names(store: str, node: str) -> None:
    for variant in (DESKTOP, MOBILE):
        (told,) = install(Deliverable(root(store), certificate=b"\x30\x00"), around(variant))
        assert (told.name, told.uri, told.data) == ("Add", f"{node}/{MARK.upper()}/EncodedCertificate", "MAA=")
        assert remove(root(store), around(variant)) == [("Delete", f"{node}/{MARK.upper()}")]


def test_windows_phone_81_tells_roots_from_intermediates_by_their_issuer(authorities: Authorities) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    for authority, store in ((authorities.root, "Root"), (authorities.issuing, "CA")):
        der = authority.certificate.public_bytes(Encoding.DER)
        (told,) = install(Deliverable(root("trusted", payload=der), certificate=der), around(PHONE))
        assert told.uri == f"./Vendor/MSFT/CertificateStore/{store}/System/{MARK.upper()}/EncodedCertificate"


# -------------------------------------------------------------------------------------------------------- certificates


@pytest.mark.parametrize(
    ("provider", "location", "exportable"),
    [
        ("useTpmKspOtherwiseFail", "1", "false"),
        ("useTpmKspOtherwiseUseSoftwareKsp", "2", "false"),
        ("useSoftwareKsp", "3", "false"),
        ("usePassportForWorkKspOtherwiseFail", "4", "false"),
        (None, "2", "false"),
        ("unknown", "2", "false"),
    ],
)
def test_the_profile_says_where_the_key_goes(provider: str | None, location: str, exportable: str) -> None:
    result = install(Deliverable(pkcs(), pfx=b"p", sealed=b"s"), around(provider=provider))
    values = {part.uri.rpartition("/")[2]: part.data for part in result[1].parts}
    assert (values["KeyLocation"], values["PFXKeyExportable"]) == (location, exportable)
    assert ("ContainerName" in values) == (location == "4")


@pytest.mark.parametrize(
    ("variant", "scope"), [(DESKTOP, "./User/Vendor/MSFT"), (MOBILE, "./User/Vendor/MSFT"), (PHONE, "./Vendor/MSFT")]
)
def test_an_identity_is_deleted_then_added_in_one_atomic_then_asked_about(variant: Variant, scope: str) -> None:
    imported = row(imported_key(MARK), Source.IMPORTED, thumbprint=MARK)
    for known in (pkcs(), imported):
        result = install(Deliverable(known, pfx=b"p", sealed=b"s"), around(variant))
        assert [(command.name, command.uri) for command in result] == [
            ("Delete", f"{scope}{BELOW_PFX}"),
            ("Atomic", ""),
            ("Get", f"{scope}{BELOW_PFX}/Status"),
        ]
        parts = {part.uri.removeprefix(f"{scope}{BELOW_PFX}/"): (part.format, part.data) for part in result[1].parts}
        assert parts == {
            "KeyLocation": ("int", "3"),
            "PFXCertBlob": ("chr", "cA=="),
            "PFXCertPassword": ("chr", "cw=="),
            "PFXCertPasswordEncryptionType": ("int", "1"),
            "PFXKeyExportable": ("bool", "false"),
        }


def test_of_a_renewed_certificate_all_that_it_was_is_removed() -> None:
    place = around(given={pkcs_key(PROFILE): ("AA", MARK.upper())})
    scope = "./User/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall"
    assert remove(pkcs(), place) == [("Delete", f"{scope}/AA"), ("Delete", f"{scope}/{MARK.upper()}")]


# ------------------------------------------------------------------------------------------------------------ accounts


def account(**changes: Any) -> dict[str, str | None]:
    settings = changes.pop("settings", {})
    result = Account(
        "k", host="mail.example", address="a@example", username=changes.pop("username", "a@example"), settings=settings
    )
    known = row(email_key(PROFILE), Source.EMAIL)
    answer = install(Deliverable(known, account=result), around(changes.pop("variant", DESKTOP)))
    assert [command.name for command in answer] == ["Delete", "Atomic"]
    assert {part.format for part in answer[1].parts} == {"chr"}
    return {part.uri.removeprefix(f"{answer[0].uri}/"): part.data for part in answer[1].parts}


def test_an_account_has_its_settings_in_the_words_of_activesync() -> None:
    result = account(
        username="CONTOSO\\alice",
        settings={
            "accountName": "Work",
            "requireSsl": True,
            "emailSyncSchedule": "thirtyMinutes",
            "durationOfEmailToSync": "twoWeeks",
            "syncCalendar": True,
        },
    )
    contents = {key: result.pop(key) for key in list(result) if "ContentTypes" in key}
    assert result == {
        "EmailAddress": "a@example",
        "UserName": "alice",
        "Domain": "CONTOSO",
        "ServerName": "mail.example",
        "AccountName": "Work",
        "AccountType": "Exchange",
        "Options/UseSSL": "1",
        "Options/Schedule": "30",
        "Options/MailAgeFilter": "4",
    }
    assert sorted(str(content) for content in contents.values()) == ["0", "0", "1", "1"]
    assert contents["Options/ContentTypes/%7B4a5d9fe0-f139-4a63-a5a4-4f31ceea02ad%7D/Enabled"] == "1"


def test_what_the_user_is_to_choose_is_left_out() -> None:
    result = account(settings={"emailSyncSchedule": "basedOnMyUsage", "durationOfEmailToSync": "userDefined"})
    assert not {"Domain", "Options/Schedule", "Options/MailAgeFilter"} & set(result)
    assert (result["UserName"], result["AccountName"], result["Options/UseSSL"]) == ("a@example", "a@example", "0")


def test_an_account_is_removed_by_its_percent_encoded_id() -> None:
    known = row(email_key(PROFILE), Source.EMAIL)
    tail = f"/Vendor/MSFT/ActiveSync/Accounts/%7B{PROFILE}%7D"
    assert remove(known, around()) == [("Delete", f"./User{tail}")]
    assert remove(known, around(PHONE)) == [("Delete", f".{tail}")]


# ------------------------------------------------------------------------------------------------------------- actions


def test_every_action_that_is_carried_to_windows_has_a_command() -> None:
    # A remediation is run by the management agent.
    ends = {*ENDS, DeviceAction.SYNC, DeviceAction.REMEDIATE}
    for platform in (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81):
        for action in EMULATED[platform] - ends:
            assert action_commands(action, variant=Variant(platform.value), deviceName="DESK"), action


@pytest.mark.parametrize(
    ("details", "node"),
    [
        ({}, "doWipe"),
        ({"useProtectedWipe": True}, "doWipeProtected"),
        ({"keepUserData": True}, "doWipePersistUserData"),
        ({"keepEnrollmentData": True, "useProtectedWipe": True}, "doWipePersistUserData"),
    ],
)
def test_a_wipe_is_done_in_the_way_that_was_asked_for(details: dict[str, Any], node: str) -> None:
    assert action_commands(DeviceAction.WIPE, "DEVICE", **details) == [f"Exec ./Device/Vendor/MSFT/RemoteWipe/{node}"]


def test_what_ends_an_enrolment_and_what_locks_a_phone() -> None:
    unenroll = "/Vendor/MSFT/DMClient/Unenroll"
    for action in (DeviceAction.RETIRE, DeviceAction.DELETE):
        assert action_commands(action, "COMPANY_DATA") == [f"Exec ./Device{unenroll} MS DM Server"]
        assert action_commands(action, "COMPANY_DATA", variant=MOBILE) == [f"Exec ./Device{unenroll} SCConfigMgr"]
        assert action_commands(action, "COMPANY_DATA", variant=PHONE) == [f"Exec .{unenroll} SCConfigMgr"]
    assert action_commands(DeviceAction.WIPE, "DEVICE", variant=PHONE) == ["Exec ./Vendor/MSFT/RemoteWipe/doWipe"]
    assert action_commands(DeviceAction.LOCK, variant=MOBILE) == ["Exec ./Device/Vendor/MSFT/RemoteLock/Lock"]
    assert action_commands(DeviceAction.LOCK, variant=PHONE) == ["Exec ./Vendor/MSFT/RemoteLock/Lock"]
    assert action_commands(DeviceAction.SHUT_DOWN, variant=PHONE) == []


@pytest.mark.parametrize(
    ("action", "details", "command"),
    [
        (DeviceAction.DEFENDER_SCAN, {"quickScan": True}, "Exec ./Device/Vendor/MSFT/Defender/Scan 1"),
        (DeviceAction.DEFENDER_SCAN, {}, "Exec ./Device/Vendor/MSFT/Defender/Scan 2"),
        (DeviceAction.CLEAN_WINDOWS, {}, "Exec ./Device/Vendor/MSFT/CleanPC/CleanPCWithoutRetainingUserData"),
        (DeviceAction.RENAME, {"deviceName": "D"}, "Replace ./DevDetail/Ext/Microsoft/DNSComputerName D"),
    ],
)
def test_an_action_is_the_node_of_its_provider(action: DeviceAction, details: dict[str, Any], command: str) -> None:
    assert action_commands(action, **details) == [command]


@pytest.mark.parametrize(
    ("latitude", "longitude"), [("north", "1"), ("nan", "1"), ("91", "1"), ("1", "-181"), ("", "")]
)
def test_a_place_that_does_not_exist_is_no_location(latitude: str, longitude: str) -> None:
    node = "./Device/Vendor/MSFT/RemoteFind/Location"
    assert action_answer({f"{node}/Latitude": latitude, f"{node}/Longitude": longitude}) is None
    here = {f"{node}/Latitude": "47.5", f"{node}/Longitude": "8.5", f"{node}/Accuracy": "x"}
    assert action_answer(here) == {"location": {"latitude": 47.5, "longitude": 8.5}}


# ----------------------------------------------------------------------------------------------------------- questions


def test_each_kind_of_device_is_asked_about_the_nodes_that_it_has() -> None:
    for variant in (DESKTOP, MOBILE, PHONE):
        parts = (*WIRE.inventory_parts(variant), *WIRE.information_parts(variant, known={}))
        result = [
            command for part in parts for command in commands(Step("s", StepKind.QUESTION, part=part), around(variant))
        ]
        assert {each.name for each in result} == {"Get"}
        assert len({each.uri for each in result}) == len(result)
        scoped = [each.uri for each in result if each.uri.startswith(("./User/", "./Device/"))]
        assert bool(scoped) == (variant is not PHONE)
    assert commands(Step("s", StepKind.QUESTION, part="nothing of ours"), around()) == ()


def held(**children: str) -> dict[str, Any]:
    return {part: {"children": text} for part, text in children.items()}


def test_certificates_are_there_when_their_thumbprints_are_in_any_case() -> None:
    rows = {ledger.key: ledger for ledger in (root(), pkcs())}
    inventory = WIRE.inventory(held(roots=MARK, identities=f"ff/{MARK.upper()}"), rows=rows, acknowledged=frozenset())
    assert inventory.identities == {pkcs_key(PROFILE): MARK}
    assert inventory.roots == {f"{'ab' * 32}/computerCertStoreRoot"}
    none = WIRE.inventory(held(roots="", identities="ff"), rows=rows, acknowledged=frozenset(rows))
    assert (none.identities, none.roots, none.complete) == ({}, frozenset(), True)


def test_the_same_certificate_in_two_stores_is_two_things() -> None:
    rows = {ledger.key: ledger for ledger in (root(), root("computerCertStoreIntermediate"))}
    inventory = WIRE.inventory(held(roots="", intermediates=MARK), rows=rows, acknowledged=frozenset())
    assert inventory.roots == {f"{'ab' * 32}/computerCertStoreIntermediate"}


def test_what_the_device_cannot_say_is_believed_if_it_confirmed_or_had_it() -> None:
    rows = {ledger.key: ledger for ledger in (pkcs(), root())}
    unknown = WIRE.inventory({}, rows=rows, acknowledged=frozenset())
    assert (unknown.identities, unknown.roots) == ({}, frozenset())
    believed = WIRE.inventory({}, rows=rows, acknowledged=frozenset(rows))
    assert (len(believed.identities), len(believed.roots)) == (1, 1)
    had = {pkcs_key(PROFILE): pkcs(ItemState.INSTALLED)}
    assert WIRE.inventory({}, rows=had, acknowledged=frozenset()).identities == {pkcs_key(PROFILE): MARK}


def test_an_account_is_the_one_that_was_given_if_the_device_confirmed_that() -> None:
    key = email_key(PROFILE)
    known = row(key, Source.EMAIL)
    there = held(accounts=f"%7B{PROFILE.upper()}%7D")
    assert WIRE.inventory(there, rows={key: known}, acknowledged=frozenset()).accounts == {}
    assert WIRE.inventory(there, rows={key: known}, acknowledged=frozenset({key})).accounts == {key: "f"}
    for state in (ItemState.INSTALLED, ItemState.KEPT, ItemState.REMOVING):
        had = {key: replace(known, state=state)}
        assert WIRE.inventory(there, rows=had, acknowledged=frozenset()).accounts == {key: "f"}
        assert WIRE.inventory(held(accounts=""), rows=had, acknowledged=frozenset()).accounts == {}


def test_facts_go_by_graphs_names_and_what_is_empty_is_not_told() -> None:
    values = {
        "./DevDetail/SwV": "10.0.19045.1",
        "./DevDetail/OEM": "Contoso",
        "./DevInfo/Mod": "",
        "./DevDetail/Ext/WLANMACAddress": "00:15:5D:00:00:01",
    }
    assert WIRE.facts({csp.FACTS: {"values": values}}, variant=Variant.WINDOWS) == {
        "osVersion": "10.0.19045.1",
        "manufacturer": "Contoso",
        "wiFiMacAddress": "00155D000001",
    }
    assert WIRE.facts({}, variant=Variant.WINDOWS) == {}


def test_commands_for_the_user_are_told_from_others() -> None:
    assert translate.needs_user(install(Deliverable(pkcs(), pfx=b"p", sealed=b"s"), around()))
    assert not translate.needs_user(install(Deliverable(pkcs(), pfx=b"p", sealed=b"s"), around(PHONE)))
    assert not translate.needs_user(install(Deliverable(root(), certificate=b"c"), around()))


def test_an_msi_file_that_is_installed_says_its_version() -> None:
    assert seen(status="70", version="4.2.0", error="0") == AppSighting(is_there=True, version="4.2.0")


@pytest.mark.parametrize(("status", "word"), [("30", "could not be loaded"), ("60", "could not be installed")])
def test_a_failed_msi_file_says_the_windows_error(status: str, word: str) -> None:
    problem = seen(status=status, error="-2147023293").problem
    assert problem is not None
    assert problem.code == 0x80070643 - (1 << 32)
    assert problem.message == f"The app {word}: 0x80070643."
    nameless = seen(status=status, error="nonsense").problem
    assert nameless is not None
    assert nameless.message == f"The app {word}."


@pytest.mark.parametrize(("status", "word"), [("50", "being installed"), ("48", "has to log in"), ("99", "status 99")])
def test_an_msi_file_under_way_says_what_it_waits_for(status: str, word: str) -> None:
    assert word in str(seen(status=status).waits)


def test_a_package_is_there_if_its_family_has_one_and_says_what_it_waits_for() -> None:
    assert package("Contoso.Board_1.2.3.0_x64__8wekyb3d8bbwe") == AppSighting(is_there=True, version="1.2.3.0")
    assert package(Status="3") == AppSighting(is_there=True)
    assert "being installed" in str(package(Status="1").waits)
    problem = package(Status="2", LastError="0x80073CF9").problem
    assert problem is not None
    assert problem.message.endswith("0x80073CF9.")


def test_what_is_about_no_app_is_left_out() -> None:
    assert sightings({}) == {}
    assert sightings({"values": {"./DevDetail/SwV": "10.0", f"{MSI}": "", f"{MODERN}/AppManagement": "x"}}) == {}
