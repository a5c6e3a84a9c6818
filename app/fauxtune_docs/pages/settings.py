"""The page on settings: which property of which kind of profile is delivered, and as what; made from the tables."""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.policies.catalog import definitions
from fauxtune.core.policies.catalog_delivery import OF_USERS, OTHERS, POLICIES, is_deliverable
from fauxtune.core.profiles.catalog import COMPLIANCE_KINDS, ENROLLMENT_KINDS, KINDS
from fauxtune.core.profiles.setting_tables.reading import Word, words
from fauxtune_docs.pages.removal import markdown_table

HEAD = """# Settings

This page is generated (`make openapi` writes it): do not edit it.

Restriction profiles, update rings, custom profiles, policies of the settings catalog,
compliance policies and two kinds of enrolment configurations ask devices for settings. A device is given them over its
own protocol: payloads of configuration profiles (Apple), nodes of configuration service providers (Windows), keys of a
policy (Android). `fauxtune-sim settings --state DIR` shows what a simulated device has; `fauxtune-sim refuse setting`
makes it refuse them.

* Two policies that ask for equal values of one setting share it. With different values they are in conflict: both say
  so (`deviceConfigurationStates`, `deviceConfigurationConflictSummary`, the reports), neither value is applied, and the
  device keeps what it had of them before (Unverified).
* Rules that reduce the attack surface, and files, extensions and processes that Defender does not scan, are lists to
  which every policy adds: the device has the members of all. Only one rule with two modes is in conflict, and is held
  back alone. Differs from Intune: lists of devices that may be installed are no settings here.
* A setting without a word on the wire is `notApplicable`. One that the device refuses is an `error` with the device's
  own code: of Windows the SyncML status (0x87D10194 is 404), of Apple the ErrorCode, of Android nothing but words.
* When no policy asks for a setting any more, it is removed ([removal](removal.md)). A Windows device is asked for its
  settings with each inventory, and given again what it has lost.
* Apple: the keys of all policies that are in one type of payload are one profile, which a device takes or refuses as a
  whole. Differs from Intune: there each policy is a profile, and the device combines them.
* Custom profiles for Apple are delivered with their payloads, under an identifier of our own; custom settings for
  Windows are compared with those of other policies. Differs from Intune, which only passes both on.
* Windows Hello for Business and the enrolment status page are enrolment configurations: of each kind a PC is given the
  one with the lowest number that reaches it, else the default, once somebody has changed it. `BlockInStatusPage` has
  what the page offers when it fails: 1 reset, 2 try again, 4 continue. Differs from Intune: a PC is given later changes
  too, shows no page, and stops nobody from working. Nothing is given while Hello is not configured.
* Values of more than 64 KiB, addresses of more than 1,000 characters and secrets of the settings catalog, which are not
  kept, are not delivered.
* What Intune's documents call *remediated* of a compliance policy, a device is given: passcodes of iOS, iPadOS, macOS
  and Windows, and the firewall of macOS (tables below). Its value goes before those of all other policies, and of
  several compliance policies the stricter value counts. A profile that asks for another value says so: `conflict`
  (Unverified), with the compliance policy among its `sources`; diagnosis: `compliance-goes-before`."""


def settings_page() -> str:
    """The page, in Markdown."""
    return "\n\n".join((HEAD, *_kinds(), *_catalog())) + "\n"


def _kinds() -> Iterator[str]:
    known = words()
    for kind in KINDS:
        rows = known.get(kind.name.lower())
        if rows:
            yield f"## {kind.name}"
            yield markdown_table(_HEADS, (_cells(row) for row in rows))
    for kind in ENROLLMENT_KINDS:
        yield f"## {kind.name}"
        yield markdown_table(_HEADS, (_cells(row) for row in known[kind.name.lower()]))
    for kind in COMPLIANCE_KINDS:
        yield f"## {kind.name}"
        rows = known[kind.name.lower()]
        yield markdown_table((*_HEADS, "stricter"), ((*_cells(row), _STRICTER[row.stricter]) for row in rows))


_HEADS = ("property", "on the wire", "form", "values")
_STRICTER = {"most": "the larger value", "least": "the smaller value", "shortest": "the smaller value; 0 is no limit"}


def _cells(row: Word) -> tuple[str, ...]:
    return f"`{row.property}`", f"`{row.address}`", row.form, _values(row.values)


def _values(text: str) -> str:
    if text == "*":
        return "as it is"
    if text == "joined":
        return "join \\|"
    return ", ".join(pair.replace(":", "=", 1) for pair in text.split(","))


def _catalog() -> Iterator[str]:
    yield "## Settings catalog"
    yield (
        "These definitions are delivered. A policy can have others, of which only the id is known here: their nodes "
        "and keys follow from their ids, where this page names them, above or below. All others, lists of Windows and "
        "what an administrative template backs are not applicable. Unverified: that an option has its value at the "
        "end of its id."
    )
    yield markdown_table(
        ("definition", "on the wire"),
        (
            (f"`{definition.id}`", f"`{definition.base_uri}{definition.offset_uri}`")
            for definition in definitions().values()
            if is_deliverable(definition)
        ),
    )
    yield markdown_table(("node", "settings below it"), _nodes())


def _nodes() -> Iterator[tuple[str, ...]]:
    """The nodes that only ids of definitions lead to."""
    tables = (
        ("./Device/Vendor/MSFT/Policy/Config/", POLICIES),
        ("./User/Vendor/MSFT/Policy/Config/", OF_USERS),
        ("./Device/Vendor/MSFT/", OTHERS),
    )
    for start, table in tables:
        for line in table.strip().splitlines():
            above, *names = line.split()
            yield f"`{start}{above}`", ", ".join(f"`{name}`" for name in names)
