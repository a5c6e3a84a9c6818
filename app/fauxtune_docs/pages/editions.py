"""The editions side by side, as a page for people: made from the tables that the code runs on, differences first, and
from every rule that stands as `Changed` beside the code that asks it, which are listed here in the order of the page.

The same tables always give the same page, so that it can be kept beside the code and compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fauxtune.core.engine.device_actions.support import EMULATED, platform_of
from fauxtune.core.engine.device_actions.table import TABLE, WIPE_OPTIONS, WIPED_WHEN_DELETED, Rule
from fauxtune.core.engine.planning.desired import CHOSEN_BY
from fauxtune.core.engine.planning.renewal import EXPIRED_STAYS
from fauxtune.core.engine.removal.decisions import RECORDS_KEPT
from fauxtune.core.engine.removal.lookup import AUTHORITIES, Cell, sources, table
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.connectors import LIFECYCLE, PROGRAMS
from fauxtune.core.model.network import ENDPOINTS
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Source
from fauxtune.core.model.tenants import Changed, Edition
from fauxtune.core.profiles.catalog import KINDS, MATRIX, Kind
from fauxtune.core.profiles.fixed import FIXED
from fauxtune.core.profiles.imported_pfx import UNSUPPORTED_PURPOSES
from fauxtune.core.profiles.scep import LACKS_VARIABLES
from fauxtune.core.profiles.trusted_root import LAST_WITH_ROOTS
from fauxtune.core.profiles.variables import USER_VARIABLES
from fauxtune.operations.checkin.deliverables import TRIES_EVERY_URL
from fauxtune.surfaces.devices.windows.translate import EXPORTABLE
from fauxtune.surfaces.graph.needed_permissions import SCRIPTS
from fauxtune_docs.pages.removal import HAPPENINGS, ISSUERS, SOURCES, markdown_table, verdict

Row = tuple[str, ...]

HEAD = """# Two editions of Intune, side by side

```sh
fauxtune serve --edition 2020-04                    # as Intune was then
fauxtune tenant create before --edition 2020-04     # a tenant beside others
```

This page is generated (`make openapi` writes it): do not edit it. Microsoft's documents changed from 2020 on, and a
tenant goes by one *edition* of them: `2020-04` is the month of the S/MIME overview of 2020-04-20, with the pages that
were public then; `current`, the default, is the documentation as it was read on 2026-11-26. `fauxtune serve --edition`,
`POST /_fauxtune/v1/tenants {"edition"}` and `PATCH` of the setting choose it; when it changes, every device is planned
again.

Which devices may enrol does not depend on the edition. *Differs from Intune:* today's documents dropped Windows Phone
and Windows 10 Mobile. Both can still be taught with here: in the current edition their kinds of profile stay
applicable, and they can be asked for what 2020 named them for. The number behind a cell names its document;
*Unverified* marks what no document says and is our choice."""
DIFFERS = "## What differs"
RULES = "### Rules"
ACTIONS_DIFFER = """### Device actions that differ

*yes*: supported by devices of the kind, and carried to ours. *501*: supported by real ones, not emulated. *-*: refused
with 400, for the reason that stands with the document. An action that differs is listed for every kind of device."""
KINDS_DIFFER = """### Kinds of profile that differ

A kind that is not applicable reaches the device and gives it nothing, with the status `notApplicable`. The documents
are the matrices of {} and of {}."""
REMOVAL_DIFFERS = """### Removal and revocation that differ

*R* is removed from the device, *V* revoked at the certification authority, *-* neither, *new* or *same* what the device
is given instead. What can occur only in one edition, because its action is refused in the other, is not listed."""
CONNECTORS = "### Certificate connectors"
SAME = "## What is the same"
ACTIONS_SAME = "### Device actions"
OPTIONS = "### Parts of a wipe"
KINDS_SAME = """### Kinds of profile that are not applicable in either edition

Besides those whose settings are only kept, and profiles of another platform, which have no status on the device at
all."""
KINDS_NOTE = """*The documents of 2020 disagree.* The matrix of 2019-11-22 gives device owners neither PKCS nor imported
certificates. Imported ones on fully managed devices came with the week of 2020-02-17 ("What's new in Microsoft Intune";
"Configure and use imported PKCS certificates with Intune", 2020-03-04): the newer documents count. "Configure and use
PKCS certificates with Intune" of 2020-02-25 speaks of device owners where it explains extended key usages and roots,
and lists no profile for them: there the matrix counts.

*The documents disagree* about imported certificates on dedicated devices: "Configure and use imported
PKCS certificates with Intune" (2023-04-27) lists fully managed, corporate-owned and personal work profile devices, the
matrix of 2024-10-04 ticks dedicated ones as well. Here their profile applies; a device without a user has no imported
certificates anyway."""
REMOVAL_SAME = """### Removal and revocation

All other cells: see [what is removed and what is revoked](removal.md)."""


class Notes:
    """Numbers for documents, in the order in which they are first named."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of this note."""
        return self._numbers.setdefault(text, len(self._numbers) + 1)

    def __str__(self) -> str:
        return "\n".join(f"{number}. {text}." for text, number in self._numbers.items())


def editions_page(changes: Sequence[Changed[Any]]) -> str:
    """The page, in Markdown. `changes` are all rules that stand as `Changed` beside the code that asks them."""
    parts = (
        HEAD,
        DIFFERS,
        RULES,
        *_changes(changes),
        ACTIONS_DIFFER,
        *_actions({action: rules for action, rules in TABLE.items() if _differs(rules)}),
        KINDS_DIFFER.format(*_in_order(MATRIX)),
        markdown_table(("kinds", "devices", *Edition), _kinds(same=False)),
        KINDS_NOTE,
        REMOVAL_DIFFERS,
        *_removal(),
        CONNECTORS,
        markdown_table(("program", "edition", "roles", "instances", "newest version"), _programs()),
        SAME,
        ACTIONS_SAME,
        _matrix({action.value: (rules[Edition.CURRENT], action) for action, rules in _unchanged().items()}),
        OPTIONS,
        _matrix({name: (rule, None) for name, rule in WIPE_OPTIONS.items()}),
        KINDS_SAME,
        markdown_table(("kinds", "devices"), [row[:2] for row in _kinds(same=True)]),
        REMOVAL_SAME,
    )
    return "\n\n".join(parts) + "\n"


def _changes(changes: Sequence[Changed[Any]]) -> Iterator[str]:
    notes = Notes()
    rows = [
        (change.subject, *(f"{stated.says} ({notes.number(stated.source)})" for stated in _in_order(change.stated)))
        for change in changes
    ]
    yield markdown_table(("subject", *Edition), rows)
    yield str(notes)


def _in_order(stated: Mapping[Edition, Any]) -> list[Any]:
    return [stated[edition] for edition in Edition]


# ------------------------------------------------------------------------------------------------------------- actions


def _differs(rules: Mapping[Edition, Rule]) -> bool:
    """True if some device gets another answer, whatever documents and reasons say."""
    return len({(rule.variants, rule.supervised, str(sorted(rule.versions.items()))) for rule in rules.values()}) > 1


def _unchanged() -> dict[DeviceAction, Mapping[Edition, Rule]]:
    return {action: rules for action, rules in TABLE.items() if not _differs(rules)}


def _actions(supported: Mapping[DeviceAction, Mapping[Edition, Rule]]) -> Iterator[str]:
    """A line for each action and each group of kinds that fare alike; those that differ stand first."""
    notes, rows = Notes(), []
    for action, rules in supported.items():
        groups: dict[Row, list[Variant]] = {}
        for variant in Variant:
            groups.setdefault(
                tuple(_support(rules[edition], variant, action=action) for edition in Edition), []
            ).append(variant)
        numbers = [notes.number(_reason(rule)) for rule in _in_order(rules)]
        for cells in sorted(groups, key=lambda group: len(set(group)) == 1):
            results = [f"{cell} ({number})" for cell, number in zip(cells, numbers, strict=True)]
            rows.append((f"`{action}`", ", ".join(groups[cells]), *results))
    yield markdown_table(("action", "devices", *Edition), rows)
    yield str(notes)


def _reason(rule: Rule) -> str:
    return rule.source + (f". Of others: {rule.otherwise}" if rule.otherwise else "")


def _support(rule: Rule, variant: Variant, *, action: DeviceAction | None) -> str:
    if variant not in rule.variants:
        return "-"
    carried = action is None or action in EMULATED[platform_of(variant)]
    limits = ["supervised"] if variant in rule.supervised else []
    if variant in rule.versions:
        first, last = rule.versions[variant]
        limits.append(f"version {first} and later" if first > 1 else f"version {last} and earlier")
    return ", ".join(("yes" if carried else "501", *limits))


def _matrix(rules: Mapping[str, tuple[Rule, DeviceAction | None]]) -> str:
    """One line for each name; kinds of device that support the same stand in one column."""
    columns: dict[Row, list[Variant]] = {}
    for variant in Variant:
        column = tuple(_support(rule, variant, action=action) for rule, action in rules.values())
        columns.setdefault(column, []).append(variant)
    return markdown_table(
        ("", *(", ".join(variants) for variants in columns.values()), "document", "otherwise"),
        [
            (f"`{name}`", *(column[index] for column in columns), rule.source, rule.otherwise)
            for index, (name, (rule, _)) in enumerate(rules.items())
        ],
    )


# --------------------------------------------------------------------------------------------- kinds, cells, connectors


def _kinds(*, same: bool) -> list[Row]:
    """The kinds that some devices do not take though they take others of their platform; equal ones in one line."""
    groups: dict[tuple[Row, Row], list[str]] = {}
    for kind in KINDS:
        for cells, variants in _applicability(kind).items():
            if "not applicable" in cells and (len(set(cells)) == 1) is same:
                groups.setdefault((variants, cells), []).append(f"`{kind.name}`")
    return [(", ".join(names), ", ".join(variants), *cells) for (variants, cells), names in groups.items()]


def _applicability(kind: Kind) -> dict[Row, Row]:
    """What it is in each edition -> the devices of which that is so."""
    groups: dict[Row, Row] = {}
    for variant in (each for each in Variant if each in kind.reached):
        result = tuple(
            "applicable" if kind.applies(variant, edition=edition) else "not applicable" for edition in Edition
        )
        groups[result] = (*groups.get(result, ()), variant)
    return groups


def _removal() -> Iterator[str]:
    """A line for each pair of verdicts with their documents, whatever the source, the event and the kind of device."""
    notes = Notes()
    groups: dict[tuple[str, ...], tuple[dict[str, None], dict[str, None], dict[str, None]]] = {}
    for variant in Variant:
        for source, authority in _issued(variant):
            for happening, words in HAPPENINGS.items():
                cells = _cells(variant, cell=(source, happening, authority))
                if len({letters for letters, _ in cells}) > 1:
                    result = tuple(f"{letters} ({notes.number(note)})" for letters, note in cells)
                    whats, whens, devices = groups.setdefault(result, ({}, {}, {}))
                    whats[_what(source, authority)], whens[words], devices[variant.value] = None, None, None
    rows = [(*(", ".join(name) for name in names), *cells) for cells, names in groups.items()]
    yield markdown_table(("what", "when", "devices", *Edition), rows)
    yield str(notes)


def _issued(variant: Variant) -> Iterator[tuple[Source, Authority]]:
    for source in sources(variant):
        for authority in AUTHORITIES.get(source, (Authority.MICROSOFT,)):
            yield source, authority


def _cells(variant: Variant, *, cell: Cell) -> list[tuple[str, str]]:
    """Verdict and document of each edition in which it can occur."""
    results = [table(variant, edition)[cell] for edition in Edition if cell in table(variant, edition)]
    against = (f". The documents disagree: {result.disagreement}" if result.disagreement else "" for result in results)
    return [(verdict(each), each.source + more) for each, more in zip(results, against, strict=True)]


def _what(source: Source, authority: Authority) -> str:
    return f"{SOURCES[source]}{ISSUERS.get(authority, '')}"


def _programs() -> list[Row]:
    return [
        (facts.title, facts.edition, ", ".join(facts.roles), str(facts.most), facts.newest)
        for facts in PROGRAMS.values()
    ]


EDITION_RULES: tuple[Changed[Any], ...] = (
    WIPED_WHEN_DELETED,
    RECORDS_KEPT,
    CHOSEN_BY,
    USER_VARIABLES,
    LACKS_VARIABLES,
    TRIES_EVERY_URL,
    EXPIRED_STAYS,
    EXPORTABLE,
    FIXED,
    UNSUPPORTED_PURPOSES,
    LAST_WITH_ROOTS,
    LIFECYCLE,
    ENDPOINTS,
    SCRIPTS,
)
