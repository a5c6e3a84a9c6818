"""The block of mail apps on a device's page: what its e-mail profile does, and what it leaves to the end user."""

from __future__ import annotations

from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Edition
from fauxtune_console.device_words import AppLine, app_lines


def account(state: ItemState = ItemState.INSTALLED, **settings: bool) -> LedgerRow:
    stored = Account(
        kind="iosEasEmailProfileConfiguration", host="mail", address="a@b.example", username="a", settings=settings
    )
    return LedgerRow(ItemKey("email/1"), source=Source.EMAIL, state=state, payload=stored.encode())


def apps(*rows: LedgerRow, variant: Variant = Variant.IOS, edition: Edition = Edition.CURRENT) -> dict[str, AppLine]:
    return {line.title: line for line in app_lines(variant, edition, rows=rows)}


def test_a_profile_that_signs_leaves_nothing_to_do_in_mail_and_everything_in_outlook() -> None:
    lines = apps(account(smimeSigningEnabled=True))
    assert (lines["Mail"].state.css, lines["Mail"].steps, lines["Mail"].command) == ("good", "nothing", "")
    assert "--app outlook" in lines["Outlook"].command


def test_without_such_a_profile_on_the_device_its_user_switches_smime_on() -> None:
    for rows in ((), (account(),), (account(ItemState.SENT, smimeSigningEnabled=True),)):
        line = apps(*rows)["Mail"]
        assert (line.state.css, line.steps.partition(",")[0]) == ("wait", "Settings")


def test_an_app_configuration_switches_smime_on_in_outlook_alone() -> None:
    smime = "com.microsoft.outlook.Mail.SMIMEEnabled"
    for value, css in ((True, "good"), (False, "wait")):
        stored = Account(
            kind="iosMobileAppConfiguration",
            host="",
            address="",
            username="",
            settings={"configuration": {smime: value}},
        )
        row = LedgerRow(ItemKey("email/2"), source=Source.EMAIL, state=ItemState.INSTALLED, payload=stored.encode())
        lines = apps(row)
        assert (lines["Outlook"].state.css, lines["Mail"].state.css) == (css, "wait")


def test_the_rule_of_the_choice_is_that_of_the_edition() -> None:
    choices = {edition: apps(edition=edition)["Mail"].choice for edition in Edition}
    assert "valid longest" in choices[Edition.APRIL_2020]
    assert "begins to be valid last" in choices[Edition.CURRENT]


def test_a_device_without_mail_apps_has_no_lines() -> None:
    assert apps(variant=Variant.ANDROID_DEDICATED) == {}
