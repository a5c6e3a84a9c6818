"""Settings as nodes of configuration service providers: each is replaced, read back, and deleted when no policy asks
for it any more.

Microsoft: "Policy CSP"; MS-MDM (Replace creates the node of a policy). A device that has another value than it was
given does not have the setting: it is given again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from fauxtune.core.engine.planning.ledger import NOT_WANTED
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow, key_name, key_source
from fauxtune.core.model.settings import (
    MEMBER,
    Setting,
    Unit,
    joined,
    members,
    node_of,
)
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.surfaces.devices.windows import csp
from fauxtune.surfaces.devices.windows.messages.syncml import Command
from fauxtune.surfaces.devices.windows.status_mapping import MUST

#: The states of items that the device had at its last inventory.
HELD_BEFORE = (ItemState.INSTALLED, ItemState.KEPT, ItemState.REMOVING)


def is_asked(part: str, keys: Iterable[ItemKey]) -> bool:
    """Return whether a device with these items has settings that this question shows."""
    return any(key_source(key) is Source.SETTING and part_of(key) == part for key in keys)


def part_of(key: str) -> str:
    """Return the question that shows a setting, by the key of its item."""
    return csp.USER_SETTINGS if key_name(key).startswith(csp.USER) else csp.SETTINGS


def install(unit: Unit) -> tuple[Command, ...]:
    """Return the commands that give a device its settings."""
    return tuple(
        Command("Replace", node.address, _text(node), "chr" if node.form == MEMBER else node.form, role=MUST)
        for node in _nodes(unit)
    )


def _nodes(unit: Unit) -> Iterator[Setting]:
    """The settings of a unit, a node each: the members of a list are one."""
    lists: dict[str, list[str]] = {}
    for setting in unit.delivered:
        if setting.form == MEMBER:
            lists.setdefault(node_of(setting.address), []).append(str(setting.value))
        else:
            yield setting
    for node, values in lists.items():
        yield Setting(node, MEMBER, joined(sorted(values)))


def nodes(row: LedgerRow) -> tuple[str, ...]:
    """Return the nodes of the settings that the device has, or is to have."""
    return tuple(node.address for node in _nodes(_unit(row)))


def questions(part: str, held: Iterable[LedgerRow]) -> tuple[str, ...]:
    """Return the nodes that a question is about, of the items that a device holds."""
    rows = (row for row in held if row.source is Source.SETTING and row.fingerprint is not None)
    present = (row for row in rows if part_of(row.key) == part and row.state not in NOT_WANTED)
    return tuple(node for row in present for node in nodes(row))


def held(
    rows: Iterable[LedgerRow], answers: Mapping[str, JsonObject], *, acknowledged: AbstractSet[ItemKey]
) -> dict[ItemKey, str]:
    """Return the settings that the device has, each with its fingerprint."""
    present = {}
    for row in rows:
        was_held = row.key in acknowledged or row.state in HELD_BEFORE
        if row.source is Source.SETTING and _is_in(row, answers.get(part_of(row.key)), otherwise=was_held):
            present[row.key] = row.fingerprint or ""
    return present


def _is_in(row: LedgerRow, answer: JsonObject | None, *, otherwise: bool) -> bool:
    """Whether the device has the settings of a row; `otherwise` if it was not asked for them."""
    if answer is None or row.state in NOT_WANTED:
        return otherwise
    values = answer.get("values", {})
    return all(_is_same(node, values.get(node.address)) for node in _nodes(_unit(row)))


def _unit(row: LedgerRow) -> Unit:
    return Unit.decode(row.payload or b"[]")


def _text(setting: Setting) -> str:
    value = setting.value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_same(setting: Setting, reported: str | None) -> bool:
    if reported is None:
        return False
    expected, given = _text(setting), reported.strip()
    if setting.form == MEMBER:
        return sorted(members(given)) == sorted(members(expected))
    return given.lower() == expected.lower() if setting.form == "bool" else given == expected.strip()
