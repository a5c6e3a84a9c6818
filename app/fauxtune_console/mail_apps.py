"""The mail apps on a device in words: how S/MIME is switched on in each, and what the end user has to do.

The rules are those of `core.mail.apps` in the tenant's edition. Whether an e-mail profile switches S/MIME on is read in
the account that the device was given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fauxtune.core.mail.apps import MailApp, Switch, apps_of
from fauxtune.core.mail.switches import switches_of
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.tenants import Edition
from fauxtune_console.device_words import Said

_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class AppLine:
    """One app. `command` is what the end user of a simulated device types, empty if nothing has to be done."""

    key: str
    title: str
    state: Said
    steps: str
    choice: str
    command: str


def app_lines(variant: Variant, edition: Edition, *, rows: Iterable[LedgerRow]) -> list[AppLine]:
    """Return the mail apps of a device that holds these items."""
    on = switches_of(rows)
    return [
        _configured(app) if on.by_configuration and app.name == "outlook" else _line(app, edition, on=on.by_profile)
        for app in apps_of(variant)
    ]


def _configured(app: MailApp) -> AppLine:
    """Return the line of Outlook on a device whose app configuration switches S/MIME on."""
    state = Said("good", "by the app configuration that the device holds")
    choice = app.rules[Edition.CURRENT].choice.says
    return AppLine(f"app:{app.name}", app.title, state=state, steps=_NOTHING, choice=choice, command="")


def _line(app: MailApp, edition: Edition, *, on: bool) -> AppLine:
    rules = app.rules[edition]
    switch = rules.switch.value
    done = switch is Switch.BY_ITSELF or (switch is Switch.BY_PROFILE and on)
    command = f"fauxtune-sim mail account set --state FOLDER --app {app.name} --smime on"
    return AppLine(
        key=f"app:{app.name}",
        title=app.title,
        state=_state(switch, on=on),
        steps=_NOTHING if done else rules.steps,
        choice=rules.choice.says,
        command="" if done or switch is Switch.NOT_AT_ALL else command,
    )


def _state(switch: Switch, *, on: bool) -> Said:
    match switch:
        case Switch.BY_ITSELF:
            return Said("good", "by the app itself")
        case Switch.BY_PROFILE if on:
            return Said("good", "by the e-mail profile that the device holds")
        case Switch.BY_PROFILE:
            return Said("wait", "by its user: no e-mail profile on the device switches it on")
        case Switch.BY_USER:
            return Said("wait", "by its user")
        case Switch.NOT_AT_ALL:
            return Said("off", "not at all: this app has no S/MIME")
