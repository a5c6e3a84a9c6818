"""App protection and app configuration policies of managed apps, which apps they are for, and what such apps report.

Graph: managedAppPolicy: targetApps.
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.core.policies.app_protection import (
    POLICY_RULES,
    REGISTRATION_RULES,
    SELECTED,
    STATUS_RULES,
    app_document,
    apps_of_group,
    check_apps,
)
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family

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
    apps = list({app["id"]: app for app in (*apps, *apps_of_group(row.kind, group))}.values())
    check_apps(apps)
    document = {**row.document, "apps": apps}
    if _GROUP in document:
        document[_GROUP] = group
    resources.rewritten(tx, row, rules=POLICY_RULES, document=document)


_NO_APPS = stored("kept and assigned; no app on a device reads it")
_ALL = "deviceAppManagement"
_ASSIGNED = Assigned("targetedManagedAppPolicyAssignment", for_apps=True)
_ASSIGNED_ITEM = Assigned("targetedManagedAppPolicyAssignment", for_apps=True, expandable="item")
_TARGET_APPS = Action(
    "targetApps", target_apps, "Replace the apps that a policy is for", required="apps", fidelity=_NO_APPS
)


def _policies(path: str, entity: str, *, noun: str, assigned: Assigned | None, apps: str = "apps") -> Family:
    """Return the family of one kind of policies, which are stored with those of all other kinds."""
    return Family(
        f"{_ALL}/{path}",
        entity,
        noun,
        POLICY_RULES if apps else replace(POLICY_RULES, members=()),
        read=needs.READ_APPS,
        write=needs.WRITE_APPS,
        audit=("ManagedAppPolicy", "Application"),
        without=reasons.APP_PROTECTION,
        assigned=assigned,
        shown_members=apps,
        among=True,
        actions=(_TARGET_APPS,) if apps else (),
        fidelity=_NO_APPS,
    )


HEADING = "App protection"
FAMILIES: tuple[Family, ...] = (
    _policies("managedAppPolicies", "managedAppPolicy", noun="a managed app policy", assigned=_ASSIGNED_ITEM),
    _policies(
        "iosManagedAppProtections", "iosManagedAppProtection", noun="an app protection for iOS", assigned=_ASSIGNED
    ),
    _policies(
        "androidManagedAppProtections",
        "androidManagedAppProtection",
        noun="an app protection for Android",
        assigned=_ASSIGNED,
    ),
    _policies(
        "windowsManagedAppProtections",
        "windowsManagedAppProtection",
        noun="an app protection for Windows",
        assigned=_ASSIGNED,
    ),
    _policies(
        "defaultManagedAppProtections", "defaultManagedAppProtection", noun="a default app protection", assigned=None
    ),
    _policies(
        "mdmWindowsInformationProtectionPolicies",
        "mdmWindowsInformationProtectionPolicy",
        noun="an information protection policy of managed devices",
        assigned=_ASSIGNED,
        apps="",
    ),
    _policies(
        "windowsInformationProtectionPolicies",
        "windowsInformationProtectionPolicy",
        noun="an information protection policy",
        assigned=_ASSIGNED,
        apps="",
    ),
    _policies(
        "targetedManagedAppConfigurations",
        "targetedManagedAppConfiguration",
        noun="a configuration of managed apps",
        assigned=_ASSIGNED_ITEM,
    ),
    Family(
        f"{_ALL}/managedAppRegistrations",
        "managedAppRegistration",
        "a registration of a managed app",
        REGISTRATION_RULES,
        read=needs.READ_APPS,
        write=needs.WRITE_APPS,
        audit=("ManagedAppRegistration", "Application"),
        without=reasons.APP_PROTECTION,
        verbs="list get",
        fidelity=approximated("always empty: no app on a device registers itself"),
    ),
    Family(
        f"{_ALL}/managedAppStatuses",
        "managedAppStatus",
        "a status of managed apps",
        STATUS_RULES,
        read=needs.READ_APPS,
        write=needs.WRITE_APPS,
        audit=("ManagedAppStatus", "Application"),
        without=reasons.APP_PROTECTION,
        verbs="list get",
        fidelity=approximated("always empty: no app on a device reports anything"),
    ),
)
