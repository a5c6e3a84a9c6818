"""Sentences on what goes wrong: fault rules of the tenant, known by their names."""

from __future__ import annotations

from typing import Any

from fauxtune.core.model.words.provider_state_words import Reading
from fauxtune.core.model.words.provider_states import ORDINALS
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.tenants import faults

_GRAPH = {"surface": "graph"}
_FIREWALL = {"kind": "networkBlocked", "hosts": ["manage.microsoft.com", "*.manage.microsoft.com"]}
#: Seconds by which answers are later.
_SLOW = 2


async def graph_throttles(scene: Scene, reading: Reading) -> None:
    """Answer some or all requests to Graph with 429."""
    nth = reading.words.get("nth")
    every = 1 if nth is None else ORDINALS.index(nth.lower()) + 2
    await _have(scene, reading, match=_GRAPH, when={"every": every}, effect={"status": 429, "retryAfter": 1})


async def graph_is_unavailable(scene: Scene, reading: Reading) -> None:
    """Answer all requests to Graph with 503."""
    await _have(scene, reading, match=_GRAPH, effect={"status": 503})


async def graph_answers_slowly(scene: Scene, reading: Reading) -> None:
    """Delay all answers of Graph."""
    await _have(scene, reading, match=_GRAPH, effect={"latency": _SLOW})


async def nobody_can_sign_in(scene: Scene, reading: Reading) -> None:
    """Answer requests for tokens with an error."""
    effect = {"kind": "tokenError", "error": "temporarilyUnavailable"}
    await _have(scene, reading, match={"surface": "identity"}, effect=effect)


async def connectors_are_blocked(scene: Scene, reading: Reading) -> None:
    """Block Intune's hosts for all connectors."""
    await _have(scene, reading, match={"surface": "connector"}, effect=_FIREWALL)


async def devices_are_blocked(scene: Scene, reading: Reading) -> None:
    """Block Intune's hosts for all devices."""
    await _have(scene, reading, match={"surface": "devices"}, effect=_FIREWALL)


async def nothing_fails(scene: Scene, reading: Reading) -> None:
    """Delete all fault rules."""
    if await scene.look(faults.all_faults):
        await scene.run(faults.delete_faults)


async def _have(scene: Scene, reading: Reading, **rule: dict[str, Any]) -> None:
    """Have a rule with this name that is switched on."""
    name = reading.wording[:1].upper() + reading.wording[1:].lower()
    if not any(row.name == name and row.enabled for row in await scene.look(faults.all_faults)):
        (row,) = await scene.run(faults.add_faults, new=[faults.NewFault(rule, name)])
        scene.values["faultId"] = row.id
