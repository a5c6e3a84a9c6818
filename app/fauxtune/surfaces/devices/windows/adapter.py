"""What a Windows device holds and what it is: its answers to the Gets of the inventory, read for the engine.

The nodes are in `csp`; Microsoft: "Configuration service provider reference".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow, key_name, key_source
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.checkin.steps import AppSighting
from fauxtune.surfaces.devices.windows import apps, csp, facts, scep, settings
from fauxtune.surfaces.devices.windows.csp import TREES
from fauxtune.surfaces.devices.windows.session_state import USER_IS_HERE


class WindowsAdapter:
    """The PlatformAdapter of Windows devices; without state."""

    def inventory_parts(self, variant: Variant) -> tuple[str, ...]:
        """Return the nodes below which the device holds items."""
        return (*TREES[variant].collections, csp.SCEP, csp.SETTINGS, csp.USER_SETTINGS)

    def is_needed(self, part: str, *, keys: Collection[ItemKey]) -> bool:
        """Return whether a device with these items is asked for this node: only some request certificates by SCEP, or
        have settings.
        """
        if part in (csp.SETTINGS, csp.USER_SETTINGS):
            return settings.is_asked(part, keys)
        return part != csp.SCEP or any(key_source(key) is Source.SCEP for key in keys)

    def information_parts(self, variant: Variant, *, known: JsonObject) -> tuple[str, ...]:
        """Return the one question for all nodes that show facts."""
        return (csp.FACTS,)

    def parts_that_tell(self, key: ItemKey) -> frozenset[str]:
        """Return the nodes below which the item is. A root whose profile names no store may be in either store."""
        match key_source(key):
            case Source.ROOT:
                store = csp.STORES.get(key_name(key).partition("/")[2])
                return frozenset({csp.ROOTS, csp.INTERMEDIATES} if store is None else {store})
            case Source.SCEP:
                return frozenset({csp.SCEP})
            case Source.SETTING:
                return frozenset({settings.part_of(key)})
            case Source.EMAIL:
                return frozenset({csp.ACCOUNTS})
            case _:
                return frozenset({csp.IDENTITIES})

    def inventory(
        self,
        answers: Mapping[str, JsonObject],
        *,
        rows: Mapping[ItemKey, LedgerRow],
        acknowledged: AbstractSet[ItemKey],
    ) -> Inventory:
        """Return what the device holds. An account does not show its settings: confirmed ones are taken as set."""
        children = {
            part: csp.children(str(data.get("children") or ""))
            for part, data in answers.items()
            if part not in (csp.SCEP, csp.SETTINGS, csp.USER_SETTINGS)
        }
        roots, identities, accounts = set(), {}, {}
        requested = [row for row in rows.values() if row.source is Source.SCEP]
        for key, row in rows.items():
            was_held = key in acknowledged or row.state in settings.HELD_BEFORE
            thumbprint = (row.thumbprint or "").upper()
            if row.source in (Source.SCEP, Source.SETTING):
                continue
            if row.source is Source.ROOT:
                if _is_in(thumbprint, children, parts=self.parts_that_tell(key), otherwise=was_held):
                    roots.add(key_name(key))
            elif row.source is Source.EMAIL:
                name = key_name(key).upper()
                is_there = _is_in(name, children, parts=self.parts_that_tell(key), otherwise=was_held)
                if is_there and was_held and row.fingerprint is not None:
                    accounts[key] = row.fingerprint
            elif thumbprint and _is_in(thumbprint, children, parts=self.parts_that_tell(key), otherwise=was_held):
                identities[key] = row.thumbprint or ""
        accounts |= settings.held(rows.values(), answers, acknowledged=acknowledged)
        held = Inventory(identities=identities, roots=frozenset(roots), accounts=accounts)
        if not requested:
            return held
        requests = scep.inventory(answers.get(csp.SCEP), rows=requested, acknowledged=acknowledged)
        return replace(
            held, identities={**identities, **requests.identities}, refused=requests.refused, pending=requests.pending
        )

    def apps(self, data: JsonObject) -> dict[str, AppSighting]:
        """Return what the nodes of apps mean, by the identifiers of the apps."""
        return apps.sightings(data)

    def sealed_key(self, answers: Mapping[str, JsonObject]) -> bytes | None:
        """Return None: a Windows device hands its keys over by `escrow`."""
        return None

    def facts(self, answers: Mapping[str, JsonObject], *, variant: Variant) -> JsonObject:
        """Return the device's properties by Graph's names, without those that it left out."""
        answer = answers.get(csp.FACTS, {})
        known = facts.facts(answer.get("values", {}), is_phone=variant is not Variant.WINDOWS)
        # A phone has one user, who never logs in.
        is_logged_on = variant is Variant.WINDOWS and answer.get(USER_IS_HERE) is True
        return {**known, "isUserLoggedOn": True} if is_logged_on else known


def _is_in(name: str, children: Mapping[str, frozenset[str]], *, parts: AbstractSet[str], otherwise: bool) -> bool:
    """Whether one of the nodes has this child; `otherwise` if the device answered for none of them."""
    answered = [children[part] for part in parts if part in children]
    return any(name in names for names in answered) if answered else otherwise
