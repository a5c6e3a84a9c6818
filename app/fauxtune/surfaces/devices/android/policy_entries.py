"""The entries of an Android device's policy: how they are named, settings as keys of it, and entries that are refused.

An alias tells the kind of an item: `pkcs-<profile id>`, `scep-<profile id>`, `imported-<thumbprint>`,
`email-<profile id>`.

Android Management API: enterprises.policies, NonComplianceDetail. Inside the service the address of a setting is a path
with slashes: `passwordPolicies/SCOPE_DEVICE/passwordMinimumLength` is in the requirements for the whole device.

What a device refuses is in its nonComplianceDetails: `fieldPath` is written as in JavaScript, so an entry is named by
its index (`keyPairs[0]`, `applications[2].managedConfiguration`); an application can be named by `packageName` instead.
As an extension an entry can be named by its alias, digest or id (`keyPairs[alias=pkcs-...]`, with or without quotes, or
the alias alone). A name that no entry has is Invalid, so that no refusal is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fauxtune.core.engine.planning.ledger import in_policy
from fauxtune.core.errors import Invalid
from fauxtune.core.model import mail_accounts
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import (
    REMEDIATION_FAILED,
    LedgerRow,
    Problem,
    email_key,
    imported_key,
    key_name,
    key_source,
    pkcs_key,
    scep_key,
)
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.settings import Unit
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.setting_tables.reading import words
from fauxtune.surfaces.devices.android import messages

#: Differs from Intune: Nine and Samsung Email are configured with the names of Gmail; Nine's own are not public, and
#: Samsung's are calls of the Knox SDK.
_PACKAGES = {
    "androidforworkgmaileasconfiguration": "com.google.android.gm",
    "androidworkprofilegmaileasconfiguration": "com.google.android.gm",
    "androidforworknineworkeasconfiguration": "com.ninefolders.hd3.work.intune",
    "androidworkprofilenineworkeasconfiguration": "com.ninefolders.hd3.work.intune",
    mail_accounts.FOR_ANDROID.configured_by.lower(): mail_accounts.FOR_ANDROID.identifier,
    "androideasemailprofileconfiguration": "com.samsung.android.email.provider",
}
_PASSWORDS, _SCOPE = "passwordPolicies", "passwordScope"
_DIVIDERS = re.compile(r"[\[\].]+")


def alias_of(key: ItemKey) -> str:
    """Return the keystore alias of an item: `pkcs/x` is `pkcs-x`."""
    return f"{key_source(key).value}-{key_name(key)}"


def key_of(alias: str) -> ItemKey | None:
    """Return the item of a keystore alias, or None for any other alias."""
    source, _, name = alias.partition("-")
    if source == "pkcs":
        return pkcs_key(ProfileId(name))
    if source == "scep":
        return scep_key(ProfileId(name))
    if source == "email":
        return email_key(ProfileId(name))
    return imported_key(name) if source == "imported" else None


def package_of(kind: str) -> str | None:
    """Return the package of an e-mail profile of this kind, or None for a kind of another platform."""
    return _PACKAGES.get(kind.lower())


def keys_of(units: Iterable[Unit]) -> dict[str, Any]:
    """Return the keys of a policy that these settings are."""
    policy: dict[str, Any] = {}
    for setting in (each for unit in units for each in unit.delivered):
        *above, last = setting.address.split("/")
        place = policy
        for name in above:
            place = place.setdefault(name, {})
        place[last] = setting.value
    if _PASSWORDS in policy:
        policy[_PASSWORDS] = [{_SCOPE: scope, **rules} for scope, rules in sorted(policy[_PASSWORDS].items())]
    return policy


def applied(rows: Iterable[LedgerRow]) -> dict[ItemKey, str]:
    """Return the settings of a policy that a device has applied, with their fingerprints: it names those that it has
    not.
    """
    return {row.key: row.fingerprint or "" for row in rows if row.source is Source.SETTING and in_policy(row)}


def named(name: str, path: str, *, rows: Iterable[LedgerRow]) -> list[ItemKey]:
    """Return the settings that a device names by `settingName` and `fieldPath`: all below the name without a path."""
    known = [row for row in rows if row.source is Source.SETTING and _first(row).casefold() == name.casefold()]
    wanted = _normal(path)
    chosen = [row for row in known if _normal(key_name(row.key)) == wanted]
    return [row.key for row in chosen or known]


def _first(row: LedgerRow) -> str:
    return key_name(row.key).partition("/")[0]


def _normal(path: str) -> str:
    return _DIVIDERS.sub("/", path.replace(f"{_SCOPE}=", "")).strip("/").casefold()


@dataclass(frozen=True, slots=True)
class _List:
    """One list of the policy. `shape`: the form of its entries' names; `right`: an example for the error message."""

    sources: tuple[Source, ...]
    shape: re.Pattern[str]
    right: str


_LISTS = {
    "keyPairs": _List(
        (Source.PKCS, Source.IMPORTED, Source.SCEP),
        re.compile(r"(pkcs|imported|scep)-.+"),
        "keyPairs[alias=ALIAS], with its alias",
    ),
    "caCerts": _List((Source.ROOT,), re.compile(r"[0-9a-f]{64}"), "caCerts[sha256=DIGEST], with its sha256"),
    "applications": _List(
        (Source.EMAIL,), re.compile(r"email-.+|\w+(\.\w+)+"), "applications[emailAccount=ID], with its emailAccount.id"
    ),
}
_BY_WORD = {name.casefold(): name for name in _LISTS}
_BRACKETS = re.compile(r"\w*\[(?P<inside>[^\]]*)\].*", re.DOTALL)
_DOTTED = re.compile(rf"({'|'.join(_LISTS)})[./]", re.IGNORECASE)
#: AMAPI, NonComplianceReason: the setting is expected to be applied shortly. No refusal.
_PENDING = "PENDING"
#: AMAPI: the app is not installed, or not uninstalled.
_OF_APPS = ("APP_NOT_INSTALLED", "APP_INSTALLED")
_QUOTES = "\"' "
#: The most digits of an index: no policy has more entries.
_LONGEST_PLACE = 5
_SHOWN = 80


@cache
def _keys_of_policies() -> frozenset[str]:
    """Keys that a policy can have: a report about an older policy may name them."""
    of_android = (rows for kind, rows in words().items() if kind.startswith("android"))
    return frozenset(word.address.partition("/")[0] for rows in of_android for word in rows)


def refused(
    report: messages.ReportStatus, rows: Mapping[ItemKey, LedgerRow], *, policy_version: int
) -> dict[ItemKey, Problem]:
    """Return the refused items, each with the device's reason.

    Raises Invalid for a setting that no policy has, and for a name that no entry has. A report about an older policy
    may name entries that have gone, and its indexes are meaningless: both are ignored, because the device will apply
    the new policy and report again.
    """
    is_current = report.applied_policy_version == str(policy_version)
    problems: dict[ItemKey, Problem] = {}
    for detail in report.non_compliance_details:
        if is_about_app(detail):
            continue
        why = detail.current_value or detail.non_compliance_reason
        text = f"The device refused it ({detail.non_compliance_reason}): {why}"
        keys = _entries(detail, rows, is_current=is_current)
        for key in keys if detail.non_compliance_reason != _PENDING else ():
            problems[key] = Problem(REMEDIATION_FAILED, text)
    return problems


def is_about_app(detail: messages.NonCompliance) -> bool:
    """Whether an app is meant that could not be installed or uninstalled, and no account in its configuration."""
    return bool(detail.package_name) and detail.non_compliance_reason in _OF_APPS


def _entries(detail: messages.NonCompliance, rows: Mapping[ItemKey, LedgerRow], *, is_current: bool) -> list[ItemKey]:
    word = _BY_WORD.get(detail.setting_name.casefold())
    own = named(detail.setting_name, detail.field_path, rows=rows.values()) if word is None else []
    if own or (word is None and not is_current and detail.setting_name in _keys_of_policies()):
        return own
    if word is None:
        raise Invalid(
            f"settingName must be one of {', '.join(_LISTS)} or a key of the device's policy, "
            f"not '{detail.setting_name[:_SHOWN]}'."
        )
    setting, name = _LISTS[word], _name(detail)
    entries = [row for row in rows.values() if row.source in setting.sources]
    if name.isdecimal() and len(name) <= _LONGEST_PLACE:
        if not is_current:
            return []
        keys = [row.key for row in entries if in_policy(row)][int(name) : int(name) + 1]
    else:
        plain = name.lower().replace(":", "")
        keys = [row.key for row in entries if plain in _names(row)]
        if not keys and not is_current and setting.shape.fullmatch(plain):
            return []
    if not keys:
        raise Invalid(
            f"fieldPath '{detail.field_path[:_SHOWN]}' names no entry of the policy's {word}: "
            f"name it as {setting.right}, or by its index in the policy that was applied last ({word}[0])."
        )
    return keys


def _name(detail: messages.NonCompliance) -> str:
    """The entry's name in the path, without list, brackets, key and quotes."""
    path = detail.field_path.strip()
    inside = _BRACKETS.fullmatch(path)
    name = inside["inside"] if inside else _DOTTED.sub("", path, count=1)
    return name.rpartition("=")[2].strip(_QUOTES) or detail.package_name


def _names(row: LedgerRow) -> frozenset[str]:
    """The names of an entry, in lower case."""
    if row.source is Source.ROOT:
        return frozenset((row.key.split("/")[1],))
    package = package_of(Account.decode(row.payload).kind) if row.source is Source.EMAIL and row.payload else None
    return frozenset(name.lower() for name in (alias_of(row.key), package) if name)
