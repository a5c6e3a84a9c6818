"""E-mail profiles: their mailbox, and the certificates that the settings enable."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import Item
from fauxtune.core.profiles.email import FAMILY
from fauxtune.core.profiles.family import Profile, Recipient

IOS, KNOX = "iosEasEmailProfileConfiguration", "androidEasEmailProfileConfiguration"
GMAIL = "androidWorkProfileGmailEasConfiguration"
IDENTITY, SIGNING, ENCRYPTION = ProfileId("identity"), ProfileId("signing"), ProfileId("encryption")
ALL = {"identityCertificate": IDENTITY, "smimeSigningCertificate": SIGNING, "smimeEncryptionCertificate": ENCRYPTION}
ALICE = Recipient(
    variables={
        "userprincipalname": "alice@contoso.example",
        "emailaddress": "Alice.Archer@contoso.example",
        "onpremisessamaccountname": "aarcher",
    },
    has_user=True,
    names={IDENTITY: "Identity", SIGNING: "Signing", ENCRYPTION: "Encryption"},
)


def item(
    recipient: Recipient = ALICE, *, kind: str = IOS, references: dict[str, ProfileId] | None = None, **what: Any
) -> Item:
    document = {"hostName": "mail.contoso.example", "smimeSigningEnabled": None, **what}
    if kind != IOS:
        document.pop("smimeSigningEnabled")
    bound = ALL if references is None else references
    (found,) = FAMILY.items(Profile(ProfileId("mail"), kind, version=1, document=document, references=bound), recipient)
    return found


def needs(**what: Any) -> list[str]:
    result = item(**what)
    assert result.problem is None, result.problem
    return [need.navigation for need in result.needs]


def test_without_settings_that_ask_for_it_no_certificate_counts_however_many_are_bound() -> None:
    assert needs() == []
    assert needs(authenticationMethod="usernameAndPassword", smimeSigningEnabled=False, requireSmime=False) == []


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"authenticationMethod": "certificate"}, ["identityCertificate"]),
        ({"smimeSigningEnabled": True}, ["smimeSigningCertificate"]),
        ({"signingCertificateType": "certificate"}, ["smimeSigningCertificate"]),
        ({"smimeEncryptByDefaultEnabled": True}, ["smimeEncryptionCertificate"]),
        ({"smimeEnablePerMessageSwitch": True}, ["smimeEncryptionCertificate"]),
        ({"encryptionCertificateType": "certificate"}, ["smimeEncryptionCertificate"]),
        ({"requireSmime": True}, ["smimeSigningCertificate", "smimeEncryptionCertificate"]),
        ({"smimeSigningEnabled": True, "signingCertificateType": "none"}, []),
        ({"smimeEncryptByDefaultEnabled": True, "encryptionCertificateType": "none", "requireSmime": True}, ["S"]),
    ],
)
def test_each_switch_asks_for_its_certificate_and_the_type_has_the_last_word(
    settings: dict[str, Any], wanted: list[str]
) -> None:
    assert needs(**settings) == ["smimeSigningCertificate" if each == "S" else each for each in wanted]


def test_require_smime_alone_means_what_is_bound_on_ios_and_signing_on_knox() -> None:
    assert needs(requireSmime=True, references={}) == []
    assert needs(requireSmime=True, references={"smimeSigningCertificate": SIGNING}) == ["smimeSigningCertificate"]
    knox = {"identityCertificate": IDENTITY, "smimeSigningCertificate": SIGNING}
    assert needs(kind=KNOX, requireSmime=True, references=knox) == ["smimeSigningCertificate"]
    problem = item(kind=KNOX, requireSmime=True, references={}).problem
    assert problem is not None
    assert "smimeSigningCertificate does not refer to a profile" in problem.message


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"authenticationMethod": "certificate"}, "identityCertificate does not refer to a profile"),
        ({"smimeSigningEnabled": True}, "smimeSigningCertificate does not refer to a profile"),
        ({"encryptionCertificateType": "certificate"}, "smimeEncryptionCertificate does not refer to a profile"),
        ({"authenticationMethod": "derivedCredential"}, "derived credential"),
        ({"signingCertificateType": "derivedCredential"}, "derived credential"),
    ],
)
def test_what_is_asked_for_and_not_there_is_a_problem_that_names_it(settings: dict[str, Any], why: str) -> None:
    result = item(references={}, **settings)
    assert result.problem is not None
    assert why in result.problem.message
    assert result.account is None


@pytest.mark.parametrize(
    ("settings", "address", "username"),
    [
        ({}, "alice@contoso.example", "alice@contoso.example"),
        ({"emailAddressSource": "primarySmtpAddress"}, "Alice.Archer@contoso.example", "alice@contoso.example"),
        ({"usernameSource": "primarySmtpAddress"}, "alice@contoso.example", "Alice.Archer@contoso.example"),
        ({"usernameSource": "username"}, "alice@contoso.example", "alice"),
        ({"usernameAADSource": "samAccountName"}, "alice@contoso.example", "contoso.example\\aarcher"),
        (
            {"usernameAADSource": "samAccountName", "userDomainNameSource": "netBiosDomainName"},
            "alice@contoso.example",
            "CONTOSO\\aarcher",
        ),
        (
            {"usernameAADSource": "samAccountName", "customDomainName": "corp.example"},
            "alice@contoso.example",
            "corp.example\\aarcher",
        ),
    ],
)
def test_address_and_user_name_come_from_the_attributes_that_the_profile_names(
    settings: dict[str, Any], address: str, username: str
) -> None:
    account = item(**settings).account
    assert account is not None
    assert (account.address, account.username, account.host) == (address, username, "mail.contoso.example")


@pytest.mark.parametrize(
    ("recipient", "settings", "why"),
    [
        (Recipient(), {}, "needs a user"),
        (Recipient(has_user=True, variables={"userprincipalname": "a@b"}), {}, "no mail address"),
        (
            Recipient(has_user=True, variables={"userprincipalname": "a@b", "emailaddress": "a@b"}),
            {"usernameAADSource": "samAccountName"},
            "no value for samAccountName",
        ),
    ],
)
def test_without_a_user_a_mailbox_or_a_user_name_the_profile_fails(
    recipient: Recipient, settings: dict[str, Any], why: str
) -> None:
    problem = item(recipient, **settings).problem
    assert problem is not None
    assert why in problem.message


def test_the_fingerprint_follows_the_settings_and_not_what_the_profile_is_called() -> None:
    def fingerprint(**what: Any) -> str:
        account = item(**what).account
        assert account is not None
        return account.fingerprint

    plain = fingerprint(requireSsl=True, displayName="Mail", version=1)
    assert plain == fingerprint(requireSsl=True, displayName="Post", version=2, description="new")
    assert len({plain, fingerprint(requireSsl=False), fingerprint(emailAddressSource="primarySmtpAddress")}) == 3


def test_a_profile_without_a_server_is_refused() -> None:
    for document in ({}, {"hostName": ""}, {"hostName": None}):
        with pytest.raises(Invalid, match="hostName is required"):
            FAMILY.check(document)


def test_one_application_has_one_account_and_ios_one_for_host_and_address() -> None:
    assert item(kind=GMAIL, hostName="a").slot == item(kind="androidForWorkGmailEasConfiguration", hostName="b").slot
    assert item(kind=GMAIL).slot != item(kind="androidWorkProfileNineWorkEasConfiguration").slot
    assert item(hostName="A.example").slot == item(hostName="a.example").slot
    assert item(hostName="a.example").slot != item(hostName="b.example").slot
    assert item(kind=KNOX).slot is None
