"""The table of mail apps: complete, with a document for every rule, and with what the documents say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest

from fauxtune.core.mail.apps import APPS, Choice, MailApp, Switch, Use, apps_of
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.tenants import Edition, Stated


def stated(app: MailApp) -> Iterator[Stated[object]]:
    for rules in app.rules.values():
        yield from (value for field in fields(rules) if isinstance(value := getattr(rules, field.name), Stated))


def the(variant: Variant, name: str) -> MailApp:
    (app,) = [app for app in apps_of(variant) if app.name == name]
    return app


def test_every_device_with_a_user_has_a_mail_app_but_for_aosp() -> None:
    without = {variant for variant in Variant if not apps_of(variant)}
    assert without == {Variant.ANDROID_DEDICATED, Variant.ANDROID_AOSP}
    assert not FACTS[Variant.ANDROID_DEDICATED].has_user


def test_an_app_has_one_name_on_a_device() -> None:
    for variant in Variant:
        names = [app.name for app in apps_of(variant)]
        assert len(names) == len(set(names)), variant


def test_every_rule_has_words_and_a_document_or_says_that_there_is_no_document() -> None:
    for app in APPS:
        assert set(app.rules) == set(Edition)
        assert all(rules.steps for rules in app.rules.values())
        for rule in stated(app):
            assert rule.says
            assert rule.source
            assert rule.source != "The choice of this emulator" or rule.says.startswith("Unverified: ")


@pytest.mark.parametrize(
    ("variant", "name", "switch"),
    [
        (Variant.IOS, "mail", Switch.BY_PROFILE),
        (Variant.IPADOS, "outlook", Switch.BY_USER),
        (Variant.MACOS, "mail", Switch.BY_USER),
        (Variant.WINDOWS, "mail", Switch.BY_USER),
        (Variant.WINDOWS, "outlook", Switch.BY_USER),
        (Variant.WINDOWS_10_MOBILE, "mail", Switch.BY_ITSELF),
        (Variant.ANDROID_WORK_PROFILE, "gmail", Switch.BY_USER),
        (Variant.ANDROID_WORK_PROFILE, "nine", Switch.BY_USER),
        (Variant.ANDROID_KNOX, "samsung", Switch.BY_PROFILE),
    ],
)
def test_smime_is_switched_on_as_the_documents_say(variant: Variant, name: str, switch: Switch) -> None:
    assert {rules.switch.value for rules in the(variant, name).rules.values()} == {switch}


def test_outlook_gets_certificates_by_itself_on_iphones_since_january_2020_and_on_android_later() -> None:
    for variant, before in ((Variant.IOS, True), (Variant.ANDROID_FULLY_MANAGED, False)):
        rules = the(variant, "outlook").rules
        assert [rules[edition].associates.value for edition in Edition] == [before, True]
        current = rules[Edition.CURRENT]
        assert (current.choice.value, current.other_address.value) == (Choice.PRIMARY_ADDRESS, Use.REFUSED)
        assert not current.reads_while_off.value


def test_what_microsoft_says_of_windows_mail_is_no_choice_of_ours() -> None:
    for rules in the(Variant.WINDOWS, "mail").rules.values():
        settled = (rules.choice, rules.expired, rules.reads_while_off)
        assert [each.value for each in settled] == [Choice.USER, Use.REFUSED, True]
        assert all("Configure S/MIME for Windows" in each.source and "Unverified" not in each.says for each in settled)


def test_one_app_of_a_phone_can_do_nothing_with_a_certificate() -> None:
    for variant in (Variant.IOS, Variant.ANDROID_WORK_PROFILE, Variant.ANDROID_KNOX):
        rules = the(variant, "web").rules[Edition.CURRENT]
        assert (rules.switch.value, rules.choice.value, rules.ciphers.value) == (
            Switch.NOT_AT_ALL,
            Choice.NONE,
            frozenset(),
        )
