"""Mail accounts on Windows devices, and the mail application of Windows 10 Mobile, which finds its certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune_sim.keys.keystore import KeyEntry
from fauxtune_sim.mail.accounts import Setting
from fauxtune_sim.mail.smime_settings import change_setting, mail_defaults
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows import mail

TODAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
GUID = "4f0b1d2e-9a8b-4c7d-8e6f-0123456789ab"
ACCOUNT = f"./User/Vendor/MSFT/ActiveSync/Accounts/%7B{GUID}%7D"
EMAIL2 = f"./User/Vendor/MSFT/EMAIL2/%7B{GUID}%7D"


def set_up(words: Any, account: str = ACCOUNT, *, address: str = "alice@contoso.example") -> str:
    leaves = {
        "EmailAddress": address,
        "UserName": address,
        "Password": "hidden",
        "ServerName": "mail.contoso.example",
        "AccountName": "Work",
        "AccountType": "Exchange",
        "Options/UseSSL": "1",
        "Options/Schedule": "-1",
        "Options/ContentTypes/%7Bc6d47067-6e92-480e-b0fc-4ba82182fac7%7D/Enabled": "1",
    }
    return str(words.atomic(*(words.add(f"{account}/{name}", value, "chr") for name, value in leaves.items())))


@pytest.mark.parametrize("platform", [Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81])
def test_an_account_appears_in_the_mail_application(desks: Any, platform: Platform) -> None:
    desk = desks(platform)
    account = ACCOUNT.replace("./User/", "./") if platform is Platform.WINDOWS_PHONE_81 else ACCOUNT
    assert {code for _, code in desk.say(desk.words.delete(account), set_up(desk.words, account))} == {404, 200}
    (held,) = desk.device.accounts.values()
    assert (held.id, held.address, held.host) == (GUID, "alice@contoso.example", "mail.contoso.example")
    assert held.configuration["Options/Schedule"] == "-1"
    assert "hidden" not in str(held)
    assert desk.read(f"{account}/Password") == "****"


def test_an_account_without_a_server_is_none_yet(desk: Any) -> None:
    assert desk.code(desk.words.add(f"{ACCOUNT}/EmailAddress", "a@b.c")) == 200
    assert desk.device.accounts == {}
    assert desk.code(desk.words.add(f"{ACCOUNT}/ServerName", "mail.b.c")) == 200
    assert desk.code(desk.words.replace(f"{ACCOUNT}/ServerName", "post.b.c")) == 200
    (held,) = desk.device.accounts.values()
    assert held.host == "post.b.c"
    assert desk.code(desk.words.delete(ACCOUNT)) == 200
    assert desk.device.accounts == {}


def test_trap_24_braces_are_encoded_and_there(desk: Any) -> None:
    assert desk.code(desk.words.add(ACCOUNT.replace("%7B", "{").replace("%7D", "}"))) == 400
    assert desk.code(desk.words.add(ACCOUNT.replace("%7B", "").replace("%7D", ""))) == 406


def test_trap_24_setting_an_account_up_again_deletes_it(desk: Any) -> None:
    words = desk.words
    desk.say(set_up(words))
    again = [words.add(f"{ACCOUNT}/EmailAddress", "a@b.c"), words.add(f"{ACCOUNT}/ServerName", "mail.b.c")]
    assert desk.say(*again) == [("Add", 418), ("Add", 418)]
    assert desk.device.accounts == {}
    assert not desk.machine.state.nodes
    codes = [code for _, code in desk.say(words.delete(ACCOUNT), set_up(words))]
    assert codes[:2] == [404, 200]
    assert len(desk.device.accounts) == 1


def test_an_atomic_that_sets_an_account_up_again_is_rolled_back(desk: Any) -> None:
    desk.say(set_up(desk.words))
    before = desk.machine.snapshot()
    assert desk.say(set_up(desk.words))[:2] == [("Atomic", 507), ("Add", 418)]
    assert desk.machine.snapshot() == before
    assert desk.code(desk.words.add(f"{ACCOUNT}/Domain", "contoso")) == 200


def test_imap_accounts_come_by_email2(desk: Any) -> None:
    words = desk.words
    leaves = {"REPLYADDR": "a@b.c", "INSERVER": "imap.b.c", "SERVICETYPE": "IMAP4", "AUTHSECRET": "hidden"}
    atomic = words.atomic(
        *(words.add(f"{EMAIL2}/{name}", value) for name, value in leaves.items()),
        words.add(f"{EMAIL2}/TAGPROPS/8128000B", "1"),
    )
    assert {code for _, code in desk.say(atomic)} == {200}
    (held,) = desk.device.accounts.values()
    assert (held.address, held.host) == ("a@b.c", "imap.b.c")
    assert held.configuration["TAGPROPS/8128000B"] == "1"


def give(desk: Any, *identities: Any) -> None:
    store = desk.device.keystore
    for identity in identities:
        kept: KeyEntry
        for kept in identity.entries.values():
            store.install(kept)
    mail.choose_certificates(desk.device, TODAY)


def test_windows_10_mobile_finds_the_newest_valid_certificate_of_the_address(desks: Any, pki: Any) -> None:
    desk = desks(Platform.WINDOWS_10_MOBILE)
    desk.say(set_up(desk.words, address="Alice@Contoso.example"))
    newest = pki.issue(alias="newest", begin=TODAY - timedelta(days=2))
    give(
        desk,
        pki.store(
            pki.issue(alias="old", begin=TODAY - timedelta(days=90)),
            newest,
            pki.issue(alias="expired", begin=TODAY - timedelta(days=1), end=TODAY - timedelta(hours=1)),
            pki.issue(alias="early", begin=TODAY + timedelta(days=1)),
            pki.issue("bob@contoso.example", alias="bob", begin=TODAY - timedelta(days=1)),
            pki.issue(alias="login", begin=TODAY - timedelta(days=1), extended=ExtendedKeyUsageOID.CLIENT_AUTH),
        ),
    )
    defaults = mail_defaults(desk.device)
    assert defaults is not None
    assert defaults.signs
    assert not defaults.encrypts
    assert (defaults.signing_identity, defaults.encryption_identity) == (newest.thumbprint, newest.thumbprint)


def test_key_usage_splits_signing_and_encryption(desks: Any, pki: Any) -> None:
    desk = desks(Platform.WINDOWS_10_MOBILE)
    desk.say(set_up(desk.words))
    signing, encryption = pki.issue(alias="s", encrypt=False), pki.issue(alias="e", sign=False)
    give(desk, pki.store(signing, encryption))
    defaults = mail_defaults(desk.device)
    assert defaults is not None
    assert (defaults.signing_identity, defaults.encryption_identity) == (signing.thumbprint, encryption.thumbprint)


def test_what_the_user_switched_stays_when_certificates_change(desks: Any, pki: Any) -> None:
    desk = desks(Platform.WINDOWS_10_MOBILE)
    desk.say(set_up(desk.words))
    give(desk, pki.store(pki.issue(alias="one")))
    change_setting(desk.device, GUID, setting=Setting.SIGN, value=False)
    give(desk, pki.store(pki.issue(alias="two", begin=TODAY - timedelta(days=1))))
    desk.say(desk.words.replace(f"{ACCOUNT}/ServerName", "post.contoso.example"))
    defaults = mail_defaults(desk.device)
    assert defaults is not None
    assert not defaults.signs


@pytest.mark.parametrize("platform", [Platform.WINDOWS, Platform.WINDOWS_PHONE_81])
def test_elsewhere_nothing_is_chosen_by_itself(desks: Any, pki: Any, platform: Platform) -> None:
    desk = desks(platform)
    desk.say(set_up(desk.words, ACCOUNT.replace("./User/", "./") if platform is Platform.WINDOWS_PHONE_81 else ACCOUNT))
    give(desk, pki.store(pki.issue()))
    assert mail_defaults(desk.device) is None


def test_an_account_that_the_owner_refuses_is_not_set_up(desk: Any) -> None:
    desk.device.refuse("email", 406)
    codes = desk.say(set_up(desk.words))
    assert codes[0] == ("Atomic", 507)
    assert ("Add", 406) in codes
    assert desk.device.accounts == {}
    assert desk.code(desk.words.delete(ACCOUNT)) == 404
