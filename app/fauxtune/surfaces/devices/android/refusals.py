"""What a device refuses: the entries that its nonComplianceDetails name, in whatever way they name them.

AMAPI, NonComplianceDetail: `fieldPath` is written as in JavaScript, so an entry has its place in the list
(`keyPairs[0]`, `applications[2].managedConfiguration`); an application can be named by `packageName` instead. Our own
form names an entry by its alias, digest or id (`keyPairs[alias=pkcs-...]`, with or without quotes, or the alias alone).
A name of nothing that the device was given is Invalid, so that no refusal is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.engine.planning.ledger import in_policy
from fauxtune.core.errors import Invalid
from fauxtune.core.model.accounts import Account
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem
from fauxtune.core.model.states import Source
from fauxtune.surfaces.devices.android import messages
from fauxtune.surfaces.devices.android.aliases import alias_of, package_of


@dataclass(frozen=True, slots=True)
class _Setting:
    """One list of the policy. `shape` is how its entries are called, `right` an example for the error message."""

    sources: tuple[Source, ...]
    shape: re.Pattern[str]
    right: str


_SETTINGS = {
    "keyPairs": _Setting(
        (Source.PKCS, Source.IMPORTED), re.compile(r"(pkcs|imported)-.+"), "keyPairs[alias=ALIAS], with its alias"
    ),
    "caCerts": _Setting((Source.ROOT,), re.compile(r"[0-9a-f]{64}"), "caCerts[sha256=DIGEST], with its sha256"),
    "applications": _Setting(
        (Source.EMAIL,), re.compile(r"email-.+|\w+(\.\w+)+"), "applications[emailAccount=ID], with its emailAccount.id"
    ),
}
_BY_WORD = {name.casefold(): name for name in _SETTINGS}
_BRACKETS = re.compile(r"\w*\[(?P<inside>[^\]]*)\].*", re.DOTALL)
_DOTTED = re.compile(rf"({'|'.join(_SETTINGS)})[./]", re.IGNORECASE)
_QUOTES = "\"' "
#: No policy has more entries than a number of this length can say.
_LONGEST_PLACE = 5
_SHOWN = 80


def refused(
    report: messages.ReportStatus, rows: Mapping[ItemKey, LedgerRow], *, policy_version: int
) -> dict[ItemKey, Problem]:
    """The refused items, each with the device's reason.

    Invalid for a setting that no policy has, and for a name that no entry has. A report about an older policy than the
    one that stands may name what has gone, and a place in its lists says nothing any more: both are passed over,
    because the device is told of the new policy and says what it refuses of that.
    """
    is_current = report.applied_policy_version == str(policy_version)
    found: dict[ItemKey, Problem] = {}
    for detail in report.non_compliance_details:
        why = detail.current_value or detail.non_compliance_reason
        text = f"The device refused it ({detail.non_compliance_reason}): {why}"
        for key in _meant(detail, rows, is_current=is_current):
            found[key] = Problem(REMEDIATION_FAILED, text)
    return found


def _meant(detail: messages.NonCompliance, rows: Mapping[ItemKey, LedgerRow], *, is_current: bool) -> list[ItemKey]:
    word = _BY_WORD.get(detail.setting_name.casefold())
    if word is None:
        raise Invalid(
            f"settingName is one of {', '.join(_SETTINGS)}, for a policy sets nothing else; "
            f"not '{detail.setting_name[:_SHOWN]}'."
        )
    setting, name = _SETTINGS[word], _name(detail)
    entries = [row for row in rows.values() if row.source in setting.sources]
    if name.isdecimal() and len(name) <= _LONGEST_PLACE:
        if not is_current:
            return []
        found = [row.key for row in entries if in_policy(row)][int(name) : int(name) + 1]
    else:
        plain = name.lower().replace(":", "")
        found = [row.key for row in entries if plain in _names(row)]
        if not found and not is_current and setting.shape.fullmatch(plain):
            return []
    if not found:
        raise Invalid(
            f"fieldPath '{detail.field_path[:_SHOWN]}' names no entry of the policy's {word}: "
            f"an entry is named {setting.right}, or by its place in the policy that was applied last ({word}[0])."
        )
    return found


def _name(detail: messages.NonCompliance) -> str:
    """What the path says of the entry, without list, brackets, key and quotes."""
    path = detail.field_path.strip()
    inside = _BRACKETS.fullmatch(path)
    said = inside["inside"] if inside else _DOTTED.sub("", path, count=1)
    return said.rpartition("=")[2].strip(_QUOTES) or detail.package_name


def _names(row: LedgerRow) -> frozenset[str]:
    """All by which an entry can be named, in lower case."""
    if row.source is Source.ROOT:
        return frozenset((row.key.split("/")[1],))
    package = package_of(Account.decode(row.payload).kind) if row.source is Source.EMAIL and row.payload else None
    return frozenset(each.lower() for each in (alias_of(row.key), package) if each)
