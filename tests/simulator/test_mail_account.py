"""What the end user does in a mail app: until S/MIME is switched on nothing is signed; then by the app's own rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli import mail_commands
from fauxtune_sim.cli.mail_commands import MailOptions
from fauxtune_sim.cli.mailbox_commands import AccountChange, apply_change, change_account, show_account
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.mail.accounts import AppSettings, MailAccount, Setting
from fauxtune_sim.mail.app_choice import app_on, app_protection, check_capabilities, check_reading, signer_of
from fauxtune_sim.mail.smime_settings import SmimeSettings
from fauxtune_sim.platforms import Mode, Platform
from tests.simulator.conftest import TODAY

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki

Make = Callable[..., Device]
ALICE = "alice@contoso.example"
DAY = timedelta(days=1)


@pytest.fixture
def device(pki: Pki, tmp_path: Path) -> Callable[..., Device]:
    """`device(identity, ...)`: a saved device that holds these keys."""

    def device(*identities: Identity, platform: Platform = Platform.ANDROID) -> Device:
        phone = Device.new("phone", platform=platform, folder=tmp_path / "phone")
        phone.keystore = pki.store(*identities)
        phone.save()
        return phone

    return device


def signer(phone: Device, app: str, *, wanted: str | None = None) -> str:
    there = app_on(phone, app)
    choice = app_protection(phone, there, sign=True, encrypt=None)
    return signer_of(phone, there, address=ALICE, at=TODAY, wanted=wanted or choice.signer).thumbprint


@pytest.mark.parametrize("app", ["outlook", "gmail", "nine"])
@pytest.mark.parametrize("wish", [{"sign": True, "encrypt": None}, {"sign": None, "encrypt": True}])
def test_an_app_refuses_with_the_command_to_paste_until_its_user_switches_smime_on(
    device: Make, app: str, wish: dict[str, Any]
) -> None:
    phone = device()
    with pytest.raises(NotAllowedHere, match=f"mail account set --state .*phone --app {app} --smime on$") as refused:
        app_protection(phone, app_on(phone, app), **wish)
    assert "\n" not in str(refused.value)
    there = apply_change(phone, AccountChange(smime=True, app=app))
    assert app_protection(phone, there, sign=True, encrypt=True).sign
    assert not app_protection(phone, there, sign=None, encrypt=None).sign


def test_what_the_user_sets_stays_in_the_folder_until_management_goes(device: Make, tmp_path: Path, pki: Pki) -> None:
    one = pki.issue()
    device(one)
    change = AccountChange(smime=True, sign=one.thumbprint[:8], encrypt=True, app="gmail")
    output = change_account(tmp_path / "phone", change)
    assert "it signs every mail" in output.lines[0]
    loaded = load_device(tmp_path / "phone")
    assert loaded.mail_apps["gmail"] == AppSettings(
        smime=True, signs=True, encrypts=True, signing_identity=one.thumbprint
    )
    assert app_on(loaded).app.name == "gmail"
    loaded.remove_management("it was retired")
    assert load_device(tmp_path / "phone").mail_apps == {}


def test_switching_smime_off_forgets_the_choices(device: Make, tmp_path: Path) -> None:
    device()
    change_account(tmp_path / "phone", AccountChange(smime=True, encrypt=True, app="nine"))
    output = change_account(tmp_path / "phone", AccountChange(smime=False, app="nine"))
    assert output.document["apps"][0]["encrypts"] is False
    with pytest.raises(NotAllowedHere, match="add --smime on"):
        change_account(tmp_path / "phone", AccountChange(encrypt=True, app="nine"))


def test_all_apps_of_a_device_are_shown_with_what_to_do(device: Make, tmp_path: Path) -> None:
    device()
    output = show_account(tmp_path / "phone")
    assert [row["app"] for row in output.document["apps"]] == ["outlook", "gmail", "nine", "web"]
    *others, web = output.lines
    assert all("S/MIME is off. Its user switches it on: " in line for line in others)
    assert web == "Outlook on the web (web): Nothing helps: this app has no S/MIME. Use another one."
    with pytest.raises(NotFoundHere, match="has no app pegasus: outlook, gmail, nine, web"):
        show_account(tmp_path / "phone", "pegasus")


def test_an_app_without_smime_does_nothing_with_the_certificates_of_its_device(device: Make, tmp_path: Path) -> None:
    phone = device()
    with pytest.raises(NotAllowedHere, match=r"Outlook on the web on .* has no S/MIME, whatever the device holds"):
        change_account(tmp_path / "phone", AccountChange(smime=True, app="web"))
    there = app_on(phone, "web")
    assert not there.is_on
    with pytest.raises(NotAllowedHere, match="use another mail app"):
        app_protection(phone, there, sign=True, encrypt=None)
    with pytest.raises(NotAllowedHere, match="use another mail app"):
        check_reading(phone, "web")


def test_a_device_without_mail_apps_says_so() -> None:
    shared = Device.new("shared", platform=Platform.ANDROID, mode=Mode.DEDICATED)
    with pytest.raises(NotAllowedHere, match="has no mail app: --as-tool"):
        app_on(shared)


def test_where_the_user_chooses_several_certificates_are_a_question(device: Make, pki: Pki) -> None:
    old, new = pki.issue(alias="old", begin=TODAY - 20 * DAY), pki.issue(alias="new", begin=TODAY - 2 * DAY)
    apply_change(phone := device(old), AccountChange(smime=True, app="gmail"))
    assert signer(phone, "gmail") == old.thumbprint
    phone.keystore = pki.store(old, new)
    with pytest.raises(MailRefused, match="Gmail asks its user which certificate") as refused:
        signer(phone, "gmail")
    assert old.thumbprint[:8] in str(refused.value)
    apply_change(phone, AccountChange(sign=old.thumbprint, app="gmail"))
    assert signer(phone, "gmail") == old.thumbprint


def test_outlook_takes_the_newest_of_its_address_and_lets_nobody_choose(device: Make, pki: Pki) -> None:
    old, new = pki.issue(alias="old", begin=TODAY - 20 * DAY), pki.issue(alias="new", begin=TODAY - 2 * DAY)
    bob = pki.issue("bob@contoso.example", alias="bob", begin=TODAY - DAY)
    phone = device(new, old, bob)
    apply_change(phone, AccountChange(smime=True, sign="on", app="outlook"))
    assert signer(phone, "outlook") == new.thumbprint
    with pytest.raises(MailRefused, match="lets nobody choose"):
        signer(phone, "outlook", wanted=old.thumbprint)
    with pytest.raises(NotAllowedHere, match="lets nobody choose"):
        apply_change(phone, AccountChange(sign=old.thumbprint, app="outlook"))


def test_outlook_needs_both_uses_and_reads_only_while_smime_is_on(device: Make, pki: Pki) -> None:
    phone = device(pki.issue(alias="s", encrypt=False))
    outlook, gmail = (app_on(phone, name).app for name in ("outlook", "gmail"))
    with pytest.raises(MailRefused, match=f"has no valid one of {ALICE} for encryption"):
        check_capabilities(phone, outlook, address=ALICE, at=TODAY)
    check_capabilities(phone, gmail, address=ALICE, at=TODAY)
    with pytest.raises(NotAllowedHere, match="S/MIME is off in Outlook"):
        check_reading(phone, "outlook")
    check_reading(phone, "gmail")
    check_reading(phone, None)
    apply_change(phone, AccountChange(smime=True, app="outlook"))
    check_reading(phone, "outlook")


def test_no_app_signs_with_what_is_expired_or_of_another_address_and_says_why(device: Make, pki: Pki) -> None:
    expired = pki.issue(alias="expired", end=TODAY - DAY)
    bob = pki.issue("bob@contoso.example", alias="bob")
    early = pki.issue(alias="early", begin=TODAY + DAY)
    phone = device(expired, bob, early)
    apply_change(phone, AccountChange(smime=True, app="gmail"))
    with pytest.raises(MailRefused, match="no signing certificate for alice@") as refused:
        signer(phone, "gmail")
    for reason in ("expired on", "is for bob@contoso.example", "is not valid before"):
        assert reason in str(refused.value)
    apply_change(phone, AccountChange(sign=expired.thumbprint, app="gmail"))
    with pytest.raises(MailRefused, match=f"the chosen certificate {expired.thumbprint[:8]} expired on"):
        signer(phone, "gmail")


def test_the_beginning_of_a_thumbprint_must_name_one_signing_certificate(device: Make, pki: Pki) -> None:
    phone = device(pki.issue(alias="s"), pki.issue(alias="e", sign=False))
    apply_change(phone, AccountChange(smime=True, app="gmail"))
    for beginning, why in (("xyz", "no key"), (phone.keystore.entries["e"].sha1, "no key")):
        with pytest.raises(NotFoundHere, match=f"holds {why} for a signing certificate"):
            apply_change(phone, AccountChange(sign=beginning, app="gmail"))


def iphone(**settings: Any) -> Device:
    """An iPhone whose profile has set up an account with these S/MIME settings."""
    phone = Device.new("iphone", platform=Platform.IOS)
    phone.accounts["a"] = MailAccount(
        "a", "com.apple.mobilemail", "1", address=ALICE, smime=SmimeSettings(**settings).document()
    )
    return phone


def test_a_profile_that_switches_smime_on_names_the_flag_that_refuses_the_user(pki: Pki) -> None:
    phone = iphone(signs=True, signing_identity=pki.issue().thumbprint)
    assert app_on(phone).app.name == "mail"
    assert app_on(phone).is_on
    with pytest.raises(NotAllowedHere, match=r"change sign \(SMIMESigningUserOverrideable\)"):
        apply_change(phone, AccountChange(smime=False, app="mail"))
    with pytest.raises(
        NotAllowedHere, match=r"does not let its user change it \(SMIMEEncryptByDefaultUserOverrideable\)"
    ):
        app_protection(phone, app_on(phone), sign=None, encrypt=True)


def test_a_profile_lets_its_user_change_what_its_flags_allow(pki: Pki) -> None:
    phone = iphone(signing_identity=pki.issue().thumbprint, changeable=frozenset({Setting.SIGN}))
    assert not app_on(phone).is_on
    with pytest.raises(NotAllowedHere, match="S/MIME is off in Mail"):
        app_protection(phone, app_on(phone, "mail"), sign=True, encrypt=None)
    there = apply_change(phone, AccountChange(smime=True, app="mail"))
    assert app_protection(phone, there, sign=None, encrypt=None).sign
    assert not apply_change(phone, AccountChange(smime=False, app="mail")).is_on


def test_windows_10_mobile_signs_without_its_user(device: Make, pki: Pki) -> None:
    one = pki.issue()
    lumia = device(one, platform=Platform.WINDOWS_10_MOBILE)
    assert signer(lumia, "mail") == one.thumbprint
    with pytest.raises(NotAllowedHere, match="no switch turns it off"):
        apply_change(lumia, AccountChange(smime=False))


async def test_as_a_tool_the_command_signs_without_an_app_and_says_so(device: Make, tmp_path: Path, pki: Pki) -> None:
    one = pki.issue("bob@contoso.example")
    device(one)
    (tmp_path / "bob.pem").write_bytes(one.certificate.public_bytes(Encoding.PEM))
    options = MailOptions(
        state=tmp_path / "phone",
        out=tmp_path / "letter.eml",
        to_certificates=[tmp_path / "bob.pem"],
        sign=True,
        sender=ALICE,
        sign_with=one.thumbprint,
        as_tool=True,
    )
    output = await mail_commands.send(options)
    assert output.document["app"] is None
    assert "note: no mail app did this: the command used the keys of the device as a tool" in output.lines
    assert (tmp_path / "letter.eml").read_bytes().count(b"application/pkcs7-signature") >= 1
