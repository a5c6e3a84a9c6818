"""Which apps a policy of managed apps is for. Graph: managedAppPolicy: targetApps."""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.policies.app_protection import POLICY_RULES, SELECTED, app_document, apps_of_group, check_apps
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json

_GROUP = "appGroupType"


async def target_apps(call: Call) -> Answer:
    """POST .../{policy}/targetApps: the whole new set of apps, or the name of a group of apps."""
    body, shape = call.body(), entity("managedMobileApp")
    sent, group = body.get("apps"), body.get(_GROUP) or SELECTED
    if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
        raise Invalid('The body must be {"apps": [...]}.', target="apps")
    known = entity("iosManagedAppProtection").properties_in(call.version).get(_GROUP)
    if known is not None and group not in known.type.members:  # type: ignore[union-attr]
        raise Invalid(f"appGroupType must be one of {', '.join(known.type.members)}.", target=_GROUP)  # type: ignore[union-attr]
    accepted = [accept(shape, each, partial=False, version=call.version) for each in sent]
    apps = [app_document(each["mobileAppIdentifier"] or {}) for each in accepted]
    await call.run(_target, call.keys["resource"], apps=apps, group=str(group))
    return NO_CONTENT


def _target(tx: Transaction, policy_id: str, *, apps: list[Json], group: str) -> None:
    row = resources.get(tx, POLICY_RULES, key=policy_id)
    apps = list({each["id"]: each for each in (*apps, *apps_of_group(row.kind, group))}.values())
    check_apps(apps)
    document = {**row.document, "apps": apps}
    if _GROUP in document:
        document[_GROUP] = group
    resources.rewritten(tx, row, rules=POLICY_RULES, document=document)
