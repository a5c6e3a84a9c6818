"""App configurations of Outlook: what they set, and what is refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.profiles.app_configuration import FAMILY, configuration
from fauxtune.core.profiles.family import Profile, Recipient
from tests.support.app_configurations import DIRECTORY, LOCKED, SMIME, android_outlook, ios_outlook, payload

OTHER_APP = "00000000-0000-4000-8000-00000000000a"
HERE = Recipient(has_user=True, variables={"emailaddress": "alice@contoso.example"})


def profile(document: dict[str, Any], kind: str = "iosMobileAppConfiguration") -> Profile:
    return Profile(id="p", kind=kind, version=1, document=document)  # type: ignore[arg-type]


def setting(key: str, value: str, kind: str = "stringType") -> dict[str, Any]:
    return {"appConfigKey": key, "appConfigKeyType": kind, "appConfigKeyValue": value}


def test_settings_have_the_types_that_they_name() -> None:
    document = ios_outlook(smime="true", change="False", ldap="ldap.contoso.example")
    document["settings"] += [setting("days", "30", "integerType"), setting("share", "0.5", "realType")]
    FAMILY.check(document)
    expected = {SMIME: True, LOCKED: False, DIRECTORY: "ldap.contoso.example", "days": 30, "share": 0.5}
    assert configuration(document) == expected


def test_a_payload_of_android_has_typed_values() -> None:
    document = android_outlook(smime=True, change=False)
    FAMILY.check(document)
    assert configuration(document) == {SMIME: True, LOCKED: False}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"targetedMobileApps": []}, "must have the ids of one or more apps"),
        ({"targetedMobileApps": ["another"]}, "must have the ids of one or more apps"),
        ({"settings": []}, "needs one at least"),
        ({"settings": [setting(SMIME, "yes", "booleanType")]}, "is no booleanType: 'yes'"),
        ({"settings": [setting("n", "9" * 30, "integerType")]}, "is no integerType"),
        ({"settings": [setting("n", "nan", "realType")]}, "is no realType"),
        ({"settings": [setting("a", "1"), setting("a", "2")]}, "there twice"),
        ({"settings": [setting(str(number), "1") for number in range(501)]}, "more than 500 keys"),
    ],
)
def test_a_configuration_of_ios_that_can_never_work_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        FAMILY.check(ios_outlook(smime="true") | changes)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("not base64!", "base64 of a JSON object"),
        ("bm8ganNvbg==", "base64 of a JSON object"),
        (payload([], kind="other"), "must hold an object with kind"),
        (payload([]), "a managedProperty at least"),
        (payload(["key"]), "has a key and one of"),
        (payload([{"key": "a"}]), "has a key and one of"),
        (payload([{"key": "a", "valueBool": "true"}]), "a value of another type"),
        (payload([{"key": "a", "valueInteger": True}]), "a value of another type"),
        (payload([{"key": "a", "valueInteger": 2**40}]), "a value of another type"),
        (payload([{"key": "a", "valueStringArray": [1]}]), "a value of another type"),
        ("A" * 65537, "more than 65536 characters"),
    ],
)
def test_a_payload_that_can_never_work_is_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        FAMILY.check(android_outlook(smime=True) | {"payloadJson": text})


def test_a_package_of_another_form_and_settings_of_another_form_are_refused() -> None:
    with pytest.raises(Invalid, match="packageId must be"):
        FAMILY.check(android_outlook(smime=True) | {"packageId": "com.example"})
    with pytest.raises(NotEmulated, match="send the settings in settings"):
        FAMILY.check(ios_outlook(smime="true") | {"encodedSettingXml": "PGRpY3QvPg=="})


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (ios_outlook(smime="true") | {"targetedMobileApps": [OTHER_APP]}, "iosMobileAppConfiguration"),
        (
            android_outlook(smime=True) | {"targetedMobileApps": [OTHER_APP], "packageId": "app:com.example"},
            "androidManagedStoreAppConfiguration",
        ),
    ],
)
def test_a_configuration_of_another_app_is_kept_and_reaches_no_device(document: dict[str, Any], kind: str) -> None:
    FAMILY.check(document)
    assert FAMILY.items(profile(document, kind), HERE) == ()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"packageId": "com.example"}, "packageId must be"),
        ({"payloadJson": "not base64!"}, "base64 of a JSON object"),
        ({"payloadJson": "W10="}, "base64 of a JSON object"),
    ],
)
def test_a_configuration_that_no_app_of_android_could_read_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        FAMILY.check(android_outlook(smime=True) | {"targetedMobileApps": [OTHER_APP]} | changes)


def test_it_is_an_item_of_the_mail_app_and_a_device_without_user_has_none() -> None:
    (item,) = FAMILY.items(profile(ios_outlook(smime="true")), HERE)
    assert item.account is not None
    assert (item.account.address, item.account.settings) == ("alice@contoso.example", {"configuration": {SMIME: True}})
    (item,) = FAMILY.items(profile(ios_outlook(smime="true")), Recipient())
    assert item.problem is not None
