"""The mail apps of each kind of device, as a page for people: made from the table itself.

One table always gives one page, so that the page can be kept beside the code and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fauxtune.core.mail.apps import APPS, AppRules, Choice, MailApp, Switch, Use
from fauxtune.core.model.tenants import Edition, Stated
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune_docs.pages.editions import Notes
from fauxtune_docs.pages.removal import markdown_table

HEAD = """# Mail apps as they are

```sh
fauxtune mail matrix alice      # which of her devices can read which mail, and why the others cannot
```

This page is generated (`make openapi` writes it): do not edit it. The same as data: `fauxtune.core.mail.apps`.

Intune delivers S/MIME certificates to devices. What happens then is the mail app's affair: on an iPhone the e-mail
profile can do everything, in most other apps the end user has to switch S/MIME on and to choose certificates. A tenant
goes by one *edition* of Microsoft's documents ([the editions](editions.md)); the console shows each device with its
apps. The number behind a cell names the rule in full and its document;
*unverified* marks what no document says and is our choice.

A simulated device behaves like this table: see [Mail](mail.md). *Differs from Intune:* which apps are installed is not
managed here; every app of the table is on the device. Devices of Android's dedicated mode have no user, and AOSP
devices have none of these apps."""
STEPS = """## What the end user does

The words are those of the apps, shortened. Unverified where the app has changed them."""
#: An app on more kinds of device than this is on all modes of Android that have a user and Google's services.
_MANY = 2
#: data. Heading -> the rule of an app.
SWITCHING: dict[str, Callable[[AppRules], Stated[Any]]] = {
    "S/MIME is switched on": lambda rules: rules.switch,
    "certificates are associated by themselves": lambda rules: rules.associates,
    "which certificate, if there are several": lambda rules: rules.choice,
    "needs signing and encryption": lambda rules: rules.needs_both,
    "shows S/MIME mail before": lambda rules: rules.reads_while_off,
}
USING: dict[str, Callable[[AppRules], Stated[Any]]] = {
    "an expired certificate": lambda rules: rules.expired,
    "a revoked certificate": lambda rules: rules.revoked,
    "a certificate of another address": lambda rules: rules.other_address,
    "reads": lambda rules: rules.ciphers,
}
#: data. The values of the rules in words.
WORDS: dict[str, str] = {
    Switch.BY_PROFILE: "by profile",
    Switch.BY_USER: "by the user",
    Switch.BY_ITSELF: "by itself",
    Switch.NOT_AT_ALL: "not at all",
    Choice.ACCOUNT: "the account's",
    Choice.PRIMARY_ADDRESS: "that of the primary SMTP address",
    Choice.NEWEST: "the newest valid one",
    Choice.USER: "the user's choice",
    Choice.NONE: "none",
    Use.USED: "used",
    Use.REFUSED: "refused",
}


def mail_apps_page() -> str:
    """The page, in Markdown."""
    parts = [HEAD]
    for edition in Edition:
        parts.append(f"## Edition {edition}")
        notes = Notes()
        for title, columns in (("Switching on and choosing", SWITCHING), ("Certificates that are not right", USING)):
            parts.append(f"### {title} ({edition})")
            rows = [(_name(app), *_cells(app.rules[edition], columns, notes=notes)) for app in APPS]
            parts.append(markdown_table(("app", *columns), rows))
        parts.append(str(notes))
    steps = [(_name(app), app.rules[Edition.CURRENT].steps) for app in APPS]
    return "\n\n".join((*parts, STEPS, markdown_table(("app", "steps"), steps))) + "\n"


def _name(app: MailApp) -> str:
    places = ("Android",) if len(app.variants) > _MANY else [VARIANTS[variant] for variant in app.variants]
    return f"{app.title} (`{app.name}`) on {', '.join(places)}"


def _cells(rules: AppRules, columns: dict[str, Callable[[AppRules], Stated[Any]]], *, notes: Notes) -> Iterator[str]:
    for rule in columns.values():
        stated = rule(rules)
        unverified = ", *unverified*" if "Unverified:" in stated.says else ""
        yield f"{_value(stated.value)}{unverified} ({notes.number(f'{stated.says} *{stated.source}*')})"


def _value(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return WORDS[str(value)]
