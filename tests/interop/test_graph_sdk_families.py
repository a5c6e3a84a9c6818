"""The resources of every family as typed objects of Microsoft's SDK of beta: made, read, changed, assigned, deleted."""

from __future__ import annotations

import asyncio
import importlib
import json
from typing import Any

import pytest

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.schema.types import Edm, Entity, Owner, Version
from fauxtune.surfaces.graph.resources.served_family import Served
from tests.families.samples import every_family, name_of, sample
from tests.interop.sdk import WARNINGS, ServedTenant, both, everything, snake
from tests.interop.sdk_documents import typed, written

pytestmark = WARNINGS

#: In no version of the SDK.
UNKNOWN = {"inventoryPolicies"}
#: Graph's schema has `assign` for them, and the SDK of beta has no builder for it.
WITHOUT_ASSIGN = {
    "managedAppPolicies",
    "iosManagedAppProtections",
    "androidManagedAppProtections",
    "mdmWindowsInformationProtectionPolicies",
    "windowsInformationProtectionPolicies",
}
#: Those that need nothing else. What is below another family is made by a path of its own.
FAMILIES = [
    served
    for served in every_family()
    if "create" in served.family.verbs
    and not served.above
    and not sample(served).needs
    and name_of(served) not in UNKNOWN
]


def builder_of(graph: Any, path: str) -> Any:
    """The SDK's builder of a path without keys."""
    for segment in path.split("/"):
        graph = getattr(graph, snake(segment).replace("__", "_"))
    return graph


def item_of(builder: Any, key: str) -> Any:
    """The SDK's builder of an item."""
    (by_id,) = [name for name in dir(builder) if name.startswith("by_")]
    return getattr(builder, by_id)(key)


def has(got: Any, sent: Any) -> bool:
    """Whether all that was sent came back."""
    if isinstance(sent, dict):
        return all(has(got.get(key), value) for key, value in sent.items() if "@" not in key and value != "")
    if isinstance(sent, list):
        return isinstance(got, list) and len(got) == len(sent) and all(map(has, got, sent))
    return bool(got == sent)


@pytest.mark.parametrize("served", FAMILIES, ids=name_of)
async def test_each_body_comes_back_as_it_was_sent(served_tenant: ServedTenant, served: Served) -> None:
    async with both("beta", served_tenant) as sdk:
        builder = builder_of(sdk.graph, served.template)
        model, found = served.family.entity, sample(served)
        for whole in found.bodies:
            kind = entity(whole.get("@odata.type", model))
            # The SDK for Python writes a duration in words that are no duration.
            body = {key: value for key, value in whole.items() if not _is_duration(kind, key)}
            hidden = _hidden(kind)
            sent = typed(sdk, _model(model), document=json.dumps(body).encode())
            answer = await builder.post(sent)
            assert type(answer) is type(sent)
            wanted = {key: value for key, value in written(sent).items() if key not in hidden}
            assert has(written(answer), wanted)
            one = item_of(builder, answer.id)
            assert (await one.get()).id == answer.id
            assert answer.id in [each.id for each in await everything(sdk.graph, await builder.get())]
            if "update" in served.family.verbs:
                change = {"@odata.type": body.get("@odata.type", f"#microsoft.graph.{model}"), **found.change}
                changed = await one.patch(typed(sdk, _model(model), document=json.dumps(change).encode()))
                assert changed is None or has(written(changed), found.change)
            if served.family.assigned is not None and served.family.assigned.action:
                assert hasattr(one, "assign") == (name_of(served) not in WITHOUT_ASSIGN)
                if hasattr(one, "assign"):
                    await _assign(sdk, one, served=served)
            if "delete" in served.family.verbs:
                await one.delete()


async def _assign(sdk: Any, one: Any, *, served: Served) -> None:
    assigned = served.family.assigned
    assert assigned is not None
    module = type(one.assign).__module__.replace("request_builder", "post_request_body")
    body = importlib.import_module(module).AssignPostRequestBody()
    assert hasattr(body, snake(assigned.key)), f"{served.family.path} is assigned by another member"
    document = {**sample(served).assignment, "target": await _target(sdk, served)}
    sent = typed(sdk, _model(assigned.entity), document=json.dumps(document).encode())
    setattr(body, snake(assigned.key), [sent])
    while getattr(await one.get(), "publishing_state", None) == "processing":
        await asyncio.sleep(0.2)  # an app of the store is published some seconds after it was made
    await one.assign.post(body)
    (got,) = (await one.assignments.get()).value
    assert type(got.target) is type(sent.target)
    assert has(written(got), {key: value for key, value in written(sent).items() if key != "target"})


async def _target(sdk: Any, served: Served) -> dict[str, Any]:
    """All devices; a group where an assignment takes nothing else."""
    kind = sample(served).targets[0]
    if kind == "groupAssignmentTarget":
        return {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    group = (await sdk.graph.groups.get()).value[0]
    return {"@odata.type": f"#microsoft.graph.{kind}", "groupId": group.id}


def _is_duration(kind: Entity, name: str) -> bool:
    prop = kind.find(name)
    return prop is not None and prop.type is Edm.DURATION


def _hidden(kind: Entity) -> set[str]:
    """What an answer does not have: parts, secrets, and what the server sets."""
    properties = kind.properties_in(Version.BETA).values()
    secret = {prop.name for prop in properties if prop.write_only or prop.owner is Owner.SERVER}
    return secret | {navigation.name for navigation in kind.every_navigation()}


def _model(name: str) -> str:
    return f"{name[0].upper()}{name[1:]}"
