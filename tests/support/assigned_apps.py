"""Apps that are assigned, made by operations."""

from __future__ import annotations

from typing import Any

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import GroupId, ProfileId
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.apps import APP_RULES, PUBLISHED, new_app
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.runtime.transaction import Transaction
from tests.support.tenant import Contoso


async def assigned_app(contoso: Contoso, kind: str, name: str, intent: str = "required", **settings: Any) -> str:
    """Create a published app that is assigned to all devices; `to_group`: to the SMIME Pilot instead. Its id."""
    target = NewAssignment(
        kind=TargetKind.ALL_DEVICES,
        group_id=None,
        document={"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"},
        more={"intent": intent, "settings": None},
    )
    if settings.pop("to_group", False):
        target = NewAssignment(
            kind=TargetKind.GROUP, group_id=GroupId(contoso.groups["SMIME Pilot"]), document={}, more={"intent": intent}
        )

    def act(tx: Transaction) -> str:
        document = new_app(kind, {"displayName": name, "publisher": "Contoso", **settings})
        full = {**defaults(entity(kind)), **document, "publishingState": PUBLISHED, **settings}
        row = resources.create(tx, APP_RULES, kind=kind, document=full)
        to = Assignable(ProfileId(row.id), noun="mobileApp", platforms=None)
        resources.assign(tx, APP_RULES, key=row.id, to=to, targets=[target])
        return str(row.id)

    return await contoso.do(act)
