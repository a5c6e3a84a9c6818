"""Configuration profiles as the server writes them, beside the examples that devices read."""

from __future__ import annotations

import plistlib
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from fauxtune.connector.wrapping import Wrapping
from fauxtune.core.model.ids import ItemKey, ProfileId, TenantId
from fauxtune.core.model.items import LedgerRow, email_key, imported_key, pkcs_key, root_key
from fauxtune.core.model.mail_accounts import Account, NamedCertificate
from fauxtune.core.model.states import ItemState, Source
from fauxtune.surfaces.devices.apple import mobileconfig
from fauxtune.surfaces.devices.apple.mobileconfig import Enrollment, Identity
from fauxtune.surfaces.devices.apple.translate import ApplePackaging
from tests.support.apple_examples import FOLDER

Json = dict[str, Any]
TENANT = TenantId("c0ffee00-0000-4000-8000-000000000001")
MAIL, SIGNING = ProfileId("91d7a9a2-54a6-4a0e-8a39-6d0f3f9b7c11"), ProfileId("7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01")
MARK = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
#: How the examples that were written before this server differ, on purpose: texts for people, and names inside.
_OTHERWISE = {"PayloadIdentifier", "PayloadUUID", "PayloadDisplayName", "PayloadOrganization", "PayloadDescription"}


def mobileconfig_example(name: str) -> Json:
    document: Json = plistlib.loads((FOLDER / f"{name}.mobileconfig").read_bytes())
    return document


def row(key: ItemKey, source: Source, **more: Any) -> LedgerRow:
    return LedgerRow(key=key, source=source, state=ItemState.SENT, **{"fingerprint": "f1", **more})


PKCS = row(pkcs_key(SIGNING), Source.PKCS, serial="s1", thumbprint="t1")
EMAIL = row(email_key(MAIL), Source.EMAIL)
ENROLLMENT = Enrollment(
    tenant_id=TENANT,
    organization="Contoso",
    user="alice@contoso.example",
    scep_url="https://localhost:8443/mdm/t/apple/scep",
    check_in_url="https://localhost:8443/mdm/t/apple/checkin",
    server_url="https://localhost:8443/mdm/t/apple/server",
    challenge="token",
)


def root_of(name: str) -> bytes:
    """The certificate in an example."""
    der = mobileconfig_example(name)["PayloadContent"][0]["PayloadContent"]
    assert isinstance(der, bytes)
    return der


def account(certificates: dict[str, NamedCertificate] | None = None, **settings: Any) -> Account:
    return Account(
        kind="iosEasEmailProfileConfiguration",
        host="mail.contoso.example",
        address="alice@contoso.example",
        username="alice@contoso.example",
        settings=settings,
        certificates=certificates or {},
    )


SIGNS = NamedCertificate(pkcs_key(SIGNING), "s1", thumbprint="t1")
OPENS = NamedCertificate(imported_key(MARK), "b1", thumbprint=MARK)
BOTH = {"smimeSigningCertificate": SIGNS, "smimeEncryptionCertificate": OPENS}


def opened(wrapping: Wrapping, *files: bytes) -> list[Json]:
    """The payloads, with these files, each with a password that XML would stumble over."""
    assert wrapping.xml
    filled = wrapping.filled([(file, f"p<{n}>&".encode()) for n, file in enumerate(files)])
    document: list[Json] = plistlib.loads(filled)
    return document


def account_payload(
    os_version: str | None = "17.5.1", certificates: dict[str, NamedCertificate] | None = None, **settings: Any
) -> Json:
    """The payload of an account on its own."""
    wrapping = ApplePackaging().account(EMAIL, account(certificates, **settings), os_version=os_version)
    return opened(wrapping, b"0", b"1", b"2")[-1]


def types(document: object) -> object:
    """What a document looks like, without what it says."""
    if isinstance(document, dict):
        return {key: types(value) for key, value in document.items() if key not in _OTHERWISE}
    return type(document).__name__


def has_the_shape_of(theirs: object, ours: object) -> bool:
    """Is everything there that the other has, of the same type?"""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return all(key in ours and has_the_shape_of(theirs[key], ours[key]) for key in theirs.keys() - _OTHERWISE)
    return type(theirs) is type(ours)


# ------------------------------------------------------------------------------------------------------ enrolment


@pytest.mark.parametrize("name", ["enrollment-scep", "enrollment-pkcs12"])
def test_the_enrolment_profile_has_what_the_example_has(name: str) -> None:
    identity = Identity(b"pfx", "password") if name.endswith("pkcs12") else None
    example = mobileconfig_example(name)
    result = replace(ENROLLMENT, identity=identity, authorities=(root_of("profile-root"),))
    document = plistlib.loads(mobileconfig.enrollment_profile(result))
    assert document["PayloadIdentifier"] == example["PayloadIdentifier"] == f"com.fauxtune.{TENANT}.enrollment"
    assert [each["PayloadType"] for each in document["PayloadContent"]] == [
        f"com.apple.security.{name.rpartition('-')[2]}",
        "com.apple.mdm",
        "com.apple.security.root",
    ]
    for ours, theirs in zip(document["PayloadContent"], example["PayloadContent"], strict=False):
        assert has_the_shape_of(theirs, ours)


def test_the_identity_is_first_and_the_mdm_payload_second_and_names_it() -> None:
    """Fleet's test client reads PayloadContent[0] and [1]; mdmb enrols only where SignMessage is true."""
    first, second = plistlib.loads(mobileconfig.enrollment_profile(ENROLLMENT))["PayloadContent"]
    assert second["IdentityCertificateUUID"] == first["PayloadUUID"]
    assert second["Topic"] == f"com.apple.mgmt.External.{TENANT}"
    assert (second["SignMessage"], second["CheckOutWhenRemoved"], second["AccessRights"]) == (True, True, 8191)
    scep = first["PayloadContent"]
    assert (scep["Keysize"], scep["Key Type"], scep["Key Usage"], scep["Challenge"]) == (2048, "RSA", 5, "token")


def test_mdmb_can_make_the_identifier_of_the_scep_payload_a_common_name() -> None:
    """mdmb: a common name that the profile does not give is the SCEP payload's identifier; X.520: 64 characters."""
    first = plistlib.loads(mobileconfig.enrollment_profile(ENROLLMENT))["PayloadContent"][0]
    assert len(first["PayloadIdentifier"]) <= 64
    assert {kind for names in first["PayloadContent"]["Subject"] for kind, _value in names} <= {"O", "CN"}


def test_identifiers_and_uuids_are_each_only_there_once_and_the_same_again() -> None:
    result = replace(ENROLLMENT, authorities=(root_of("profile-root"), root_of("profile-root")))
    document = plistlib.loads(mobileconfig.enrollment_profile(result))
    parts = [document, *document["PayloadContent"]]
    for key in ("PayloadIdentifier", "PayloadUUID"):
        assert len({part[key] for part in parts}) == len(parts)
    assert mobileconfig.enrollment_profile(result) == mobileconfig.enrollment_profile(result)


# ---------------------------------------------------------------------------------------------------------- items


@pytest.mark.parametrize(("name", "kind"), [("profile-root", "root"), ("profile-intermediate", "root")])
def test_a_root_is_a_profile_of_its_own(name: str, kind: str) -> None:
    example = mobileconfig_example(name)
    sha256, store = example["PayloadIdentifier"].split(".")[-2:]
    item = row(root_key(sha256, store), Source.ROOT)
    document = plistlib.loads(
        mobileconfig.root_profile(TENANT, item, certificate=root_of(name), on_mac="PayloadScope" in example)
    )
    assert document["PayloadIdentifier"] == example["PayloadIdentifier"]
    assert document.get("PayloadScope") == example.get("PayloadScope")
    (ours,), (theirs,) = document["PayloadContent"], example["PayloadContent"]
    assert types(ours) == types(theirs)
    assert (ours["PayloadContent"], ours["PayloadType"]) == (theirs["PayloadContent"], f"com.apple.security.{kind}")


def test_an_encrypted_profile_is_that_of_the_example() -> None:
    example = mobileconfig_example("profile-encrypted")
    sealed = example["EncryptedPayloadContent"]
    document = plistlib.loads(mobileconfig.encrypted_profile(TENANT, PKCS, sealed=sealed, on_mac=False))
    assert types(document) == types(example)
    assert document["PayloadIdentifier"] == example["PayloadIdentifier"]
    assert "PayloadContent" not in document


def test_a_certificate_with_its_key_is_that_of_the_example() -> None:
    example = mobileconfig_example("profile-pkcs")
    payloads = ApplePackaging().identity(PKCS, profiles=list).filled([(b"here stands a PKCS#12 file", b"secret")])
    document = plistlib.loads(mobileconfig.plain_profile(TENANT, PKCS, payloads=payloads, on_mac=False))
    assert document["PayloadIdentifier"] == example["PayloadIdentifier"]
    (ours,), (theirs,) = document["PayloadContent"], example["PayloadContent"]
    for key in ("PayloadType", "PayloadContent", "Password"):
        assert ours[key] == theirs[key]


def test_a_macs_profile_may_open_the_key_to_all_applications_and_no_other_device_is_told_so() -> None:
    for on_mac, profiles, said in (
        (True, [{"allowAllAppsAccess": False}, {"allowAllAppsAccess": True}], True),
        (True, [{"allowAllAppsAccess": None}, {}], None),
        (False, [{"allowAllAppsAccess": True}], None),
    ):
        (payload,) = opened(ApplePackaging(on_mac=on_mac).identity(PKCS, profiles=partial(list, profiles)), b"pfx")
        assert payload.get("AllowAllAppsAccess") is said


@pytest.mark.parametrize(
    ("key", "identifier"),
    [
        (pkcs_key(SIGNING), f"pkcs.{SIGNING}"),
        (imported_key(MARK), f"imported.{MARK}"),
        (email_key(MAIL), f"email.{MAIL}"),
        (root_key("ab", "trusted"), "root.ab.trusted"),
    ],
)
def test_an_item_is_known_by_the_same_name_for_ever(key: ItemKey, identifier: str) -> None:
    assert mobileconfig.identifier(TENANT, key) == f"com.fauxtune.{TENANT}.{identifier}"


def test_the_uuid_changes_with_what_the_device_must_be_given_again_and_with_nothing_else() -> None:
    before = mobileconfig.profile_uuid(TENANT, PKCS)
    assert mobileconfig.profile_uuid(TENANT, replace(PKCS, state=ItemState.INSTALLED, purpose="x")) == before
    assert mobileconfig.profile_uuid(TENANT, replace(PKCS, fingerprint="f2")) != before
    assert mobileconfig.profile_uuid(TENANT, replace(PKCS, key=pkcs_key(MAIL))) != before


def test_a_renewed_certificate_is_another_payload() -> None:
    """Apple: payloads whose identifier and UUID are both the same are updated in place."""

    def payload(item: LedgerRow) -> Json:
        (found,) = opened(ApplePackaging().identity(item, profiles=list), b"pfx")
        return found

    first, again = payload(replace(PKCS, serial=None, thumbprint=None)), payload(PKCS)
    assert first["PayloadIdentifier"] == again["PayloadIdentifier"]
    assert first["PayloadUUID"] != again["PayloadUUID"]


# -------------------------------------------------------------------------------------------------------- accounts


def test_an_account_brings_the_certificates_that_it_names() -> None:
    """Apple: SMIMESigningCertificateUUID is the PayloadUUID of an identity in the same profile."""
    wrapping = ApplePackaging().account(EMAIL, account(BOTH, smimeSigningEnabled=True), os_version="17.5.1")
    # Files go by the names of the navigations in order: encryption, signing.
    opens, signs, mail = opened(wrapping, b"opens", b"signs")
    assert [each["PayloadType"] for each in (opens, signs, mail)] == [
        "com.apple.security.pkcs12",
        "com.apple.security.pkcs12",
        "com.apple.eas.account",
    ]
    assert (opens["PayloadContent"], signs["PayloadContent"]) == (b"opens", b"signs")
    assert (opens["Password"], signs["Password"]) == ("p<0>&", "p<1>&")
    assert mail["SMIMEEncryptionCertificateUUID"] == opens["PayloadUUID"]
    assert mail["SMIMESigningCertificateUUID"] == signs["PayloadUUID"]


def test_one_certificate_for_both_is_there_once() -> None:
    named = dict.fromkeys(("smimeSigningCertificate", "smimeEncryptionCertificate", "identityCertificate"), SIGNS)
    wrapping = ApplePackaging().account(EMAIL, account(named), os_version="17.5.1")
    identity, mail = opened(wrapping, b"a", b"b", b"c")
    keys = ("SMIMESigningCertificateUUID", "SMIMEEncryptionCertificateUUID", "PayloadCertificateUUID")
    assert {mail[key] for key in keys} == {identity["PayloadUUID"]}


def test_the_payload_of_a_certificate_stays_while_only_settings_change() -> None:
    one, other = (
        opened(ApplePackaging().account(EMAIL, account(BOTH, useOAuth=switch), os_version=None), b"a", b"b")
        for switch in (True, False)
    )
    assert one[:2] == other[:2]
    assert (one[2]["PayloadUUID"], one[2]["OAuth"], other[2]["OAuth"]) == (other[2]["PayloadUUID"], True, False)


def test_an_account_has_what_the_example_has() -> None:
    theirs = mobileconfig_example("profile-email")["PayloadContent"][-1]
    ours = account_payload(
        certificates={**BOTH, "identityCertificate": SIGNS}, durationOfEmailToSync="oneWeek", easServices="email"
    )
    assert has_the_shape_of(theirs, ours)
    assert (ours["EnableMail"], ours["EnableNotes"], ours["MailNumberOfPastDaysToSync"]) == (True, False, 7)


SWITCHES = {
    "requireSsl": "SSL",
    "useOAuth": "OAuth",
    "blockMovingMessagesToOtherEmailAccounts": "PreventMove",
    "blockSendingEmailFromThirdPartyApps": "PreventAppSheet",
    "blockSyncingRecentlyUsedEmailAddresses": "disableMailRecentsSyncing",
    "smimeSigningEnabled": "SMIMESigningEnabled",
    "smimeSigningUserOverrideEnabled": "SMIMESigningUserOverrideable",
    "smimeSigningCertificateUserOverrideEnabled": "SMIMESigningCertificateUUIDUserOverrideable",
    "smimeEncryptByDefaultEnabled": "SMIMEEncryptByDefault",
    "smimeEncryptByDefaultUserOverrideEnabled": "SMIMEEncryptByDefaultUserOverrideable",
    "smimeEncryptionCertificateUserOverrideEnabled": "SMIMEEncryptionCertificateUUIDUserOverrideable",
    "smimeEnablePerMessageSwitch": "SMIMEEnableEncryptionPerMessageSwitch",
}


@pytest.mark.parametrize(("graph", "apple"), SWITCHES.items())
def test_each_switch_of_graph_is_one_of_apples(graph: str, apple: str) -> None:
    switched: dict[str, Any] = {graph: True}
    on, off = account_payload(**switched), account_payload()
    assert {key for key in on if on[key] != off[key]} == {apple}
    assert (on[apple], off[apple]) == (True, False)
    assert account_payload(**{graph: None})[apple] is False


@pytest.mark.parametrize(
    ("duration", "days"),
    [("oneDay", 1), ("threeDays", 3), ("oneWeek", 7), ("twoWeeks", 14), ("oneMonth", 31), ("unlimited", 0)],
)
def test_how_much_mail_is_synchronised_is_told_in_days(duration: str, days: int) -> None:
    assert account_payload(durationOfEmailToSync=duration)["MailNumberOfPastDaysToSync"] == days
    assert "MailNumberOfPastDaysToSync" not in account_payload(durationOfEmailToSync="userDefined")


def test_the_oldest_switch_turns_on_what_the_profile_refers_to() -> None:
    with_both = account_payload(certificates=BOTH, requireSmime=True)
    assert (with_both["SMIMESigningEnabled"], with_both["SMIMEEncryptByDefault"]) == (True, True)
    without = account_payload(requireSmime=True)
    assert (without["SMIMESigningEnabled"], without["SMIMEEncryptByDefault"]) == (False, False)


@pytest.mark.parametrize(
    ("os_version", "keys"),
    [
        ("9.3.6", {"SMIMEEnabled", "SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"}),
        ("10.3.4", {"SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"}),
        ("11.4.1", {"SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"}),
        ("12.0", set()),
        ("17.5.1", set()),
        (None, {"SMIMEEnabled", "SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"}),
        ("", {"SMIMEEnabled", "SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"}),
        ("seventeen", {"SMIMEEnabled", "SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"}),
    ],
)
def test_what_a_later_system_ignores_is_told_to_earlier_and_unknown_ones(
    os_version: str | None, keys: set[str]
) -> None:
    """Apple: SMIMEEnabled is ignored from iOS 10 on; the other two are deprecated from iOS 12 on."""
    old = {"SMIMEEnabled", "SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"}
    result = account_payload(os_version, smimeEncryptByDefaultEnabled=True, smimeEnablePerMessageSwitch=True)
    assert old & result.keys() == keys
    assert all(result[key] for key in keys)


@pytest.mark.parametrize("text", ["{{password:0}}", "{{pfx:0}}", "<string>0</string>", "a\x00b\ud800\uffff", "]]>&lt;"])
def test_no_text_of_a_profile_gets_at_a_password(text: str) -> None:
    hostile = replace(account(BOTH, accountName=text), host=text, address=text, username=text)
    wrapping = ApplePackaging().account(EMAIL, hostile, os_version="17.5.1")
    filled = wrapping.filled([(b"pfx0", b"geheim"), (b"pfx1", b"geheim")])
    assert filled.count(b"geheim") == 2
    *_identities, mail = plistlib.loads(filled)
    assert mail["Host"] == text.replace("\x00", "").replace("\ud800", "").replace("\uffff", "")
