"""The mail apps of each kind of device, as `apps.txt` says with its documents, and what makes an app use S/MIME.

That is an e-mail profile, or an app configuration of Outlook that switches S/MIME on. Graph:
iosEasEmailProfileConfiguration (smimeSigningEnabled, smimeEncryptByDefaultEnabled, requireSmime),
managedDeviceMobileAppConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Edition, Stated
from fauxtune.core.model.text import JsonObject
from fauxtune.core.tables import Line, table


class Switch(StrEnum):
    """What switches S/MIME on in an app."""

    BY_PROFILE = "byProfile"
    BY_USER = "byUser"
    BY_ITSELF = "byItself"
    NOT_AT_ALL = "notAtAll"


class Choice(StrEnum):
    """The rule by which an app chooses among several certificates."""

    ACCOUNT = "account"
    PRIMARY_ADDRESS = "primaryAddress"
    NEWEST = "newest"
    USER = "user"
    NONE = "none"


class Use(StrEnum):
    """What an app does with a certificate of the user's that is not right."""

    USED = "used"
    REFUSED = "refused"


class Cipher(StrEnum):
    """A way of encrypting that an app reads: a cipher of the content, or RSA with OAEP instead of PKCS#1."""

    TRIPLE_DES = "3DES"
    AES_CBC = "AES-CBC"
    AES_GCM = "AES-GCM"
    OAEP = "OAEP"


@dataclass(frozen=True, slots=True)
class AppRules:
    """What an app does in one edition. Each rule has a value, the words, and the document.

    `associates`: the certificates that Intune delivers become the app's without the user. `reads_while_off`: it shows
    S/MIME mail before S/MIME is switched on. `needs_both`: it wants a certificate for signing and one for encryption,
    which can be the same. `steps`: what the end user does, in the app's own words.
    """

    switch: Stated[Switch]
    steps: str
    associates: Stated[bool]
    choice: Stated[Choice]
    reads_while_off: Stated[bool]
    needs_both: Stated[bool]
    expired: Stated[Use]
    revoked: Stated[Use]
    other_address: Stated[Use]
    ciphers: Stated[frozenset[Cipher]]


@dataclass(frozen=True, slots=True)
class MailApp:
    """A mail app on some kinds of device. `name` is its name there, `package` its identifier in the system."""

    name: str
    title: str
    package: str
    variants: tuple[Variant, ...]
    rules: Mapping[Edition, AppRules]


_ANSWERS: Mapping[str, object] = {"yes": True, "no": False}
_USES: Mapping[str, object] = {use: use for use in Use}
#: The rules, with the values of each by the words of the table.
_VALUES: Mapping[str, Mapping[str, object]] = {
    "switch": {each: each for each in Switch},
    "associates": _ANSWERS,
    "choice": {each: each for each in Choice},
    "reads-while-off": _ANSWERS,
    "needs-both": _ANSWERS,
    "expired": _USES,
    "revoked": _USES,
    "other-address": _USES,
    "ciphers": {"nothing": frozenset(), **{cipher: cipher for cipher in Cipher}},
}
#: Of each edition the members of `AppRules`.
_Rules: TypeAlias = dict[Edition, dict[str, Any]]


def read_apps(lines: Iterable[Line]) -> Iterator[MailApp]:
    """Yield the apps of a table. Raises Mistake."""
    documents: dict[str, str] = {}
    named: dict[str, _Rules] = {}
    for line in lines:
        kind = line.known(line.first, ("document", "rules", "app"), what="kind of line")
        if kind == "document":
            line.only()
            name, documents[name] = line.after_first("NAME TEXT")
            continue
        line.only("like", *(("on",) if kind == "app" else ()), below=True)
        base = named.get(line.option("like", named, default=""), {})
        rules = {edition: dict(base.get(edition, {})) for edition in Edition}
        for each in line.below:
            _read(each, rules, documents=documents)
        if kind == "rules":
            named[line.after_first("NAME")[0]] = rules
        else:
            yield _app(line, rules)


def _read(line: Line, rules: _Rules, *, documents: Mapping[str, str]) -> None:
    """Read a rule, or the steps."""
    if line.first == "steps":
        line.only()
        (steps,) = line.after_first("TEXT")
        for members in rules.values():
            members["steps"] = steps
        return
    rule = line.known(line.first, _VALUES, what="rule")
    line.only("by", "edition")
    word, says = line.after_first("VALUE WORDS")
    values = [_VALUES[rule][line.known(part, _VALUES[rule], what=f"value of {rule}")] for part in word.split(",")]
    value = frozenset(each for each in values if each) if rule == "ciphers" else values[0]
    source = "; ".join(documents[line.known(each, documents, what="document")] for each in line.listed("by"))
    only = line.option("edition", list(Edition), default="")
    for edition, members in rules.items():
        if only in ("", edition):
            members[rule.replace("-", "_")] = Stated(value, says, source)


def _app(line: Line, rules: _Rules) -> MailApp:
    name, title, package = line.after_first("NAME TITLE PACKAGE")
    variants = tuple(Variant(line.known(each, list(Variant), what="kind of device")) for each in line.listed("on"))
    if not variants:
        raise line.mistake("an app is on some kind of device: on=ios,ipados")
    for rule in ("steps", *_VALUES):
        if not all(rule.replace("-", "_") in members for members in rules.values()):
            raise line.mistake(f"this app has no rule '{rule}' in an edition")
    return MailApp(name, title, package, variants, {edition: AppRules(**rules[edition]) for edition in Edition})


#: The apps in the order in which pages list them.
APPS: tuple[MailApp, ...] = tuple(read_apps(table(__package__ or "", "apps.txt")))


def apps_of(variant: Variant) -> tuple[MailApp, ...]:
    """The mail apps of a kind of device."""
    return tuple(app for app in APPS if variant in app.variants)


#: The settings of e-mail profiles by which S/MIME is on; requireSmime is that of Samsung Knox and of old iOS profiles.
_ON = ("requireSmime", "smimeSigningEnabled", "smimeEncryptByDefaultEnabled")
_OUTLOOK = "com.microsoft.outlook.Mail.SMIMEEnabled"


@dataclass(frozen=True, slots=True)
class Switches:
    """What switches S/MIME on. `accounts`: how many accounts the device has."""

    by_profile: bool
    by_configuration: bool
    accounts: int


def switches_of(rows: Iterable[LedgerRow]) -> Switches:
    """Return what the items on a device switch on."""
    settings = [_settings(row) for row in rows if _is_installed(row)]
    return Switches(
        by_profile=any(bool(setting.get(name)) for setting in settings for name in _ON),
        by_configuration=any(setting.get("configuration", {}).get(_OUTLOOK) is True for setting in settings),
        accounts=len(settings),
    )


def _is_installed(row: LedgerRow) -> bool:
    return row.source is Source.EMAIL and row.payload is not None and row.state is ItemState.INSTALLED


def _settings(row: LedgerRow) -> JsonObject:
    return Account.decode(row.payload or b"").settings
