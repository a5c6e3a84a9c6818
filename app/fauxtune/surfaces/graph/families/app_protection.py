"""App protection and app configuration policies of managed apps; what such apps report.

#: data
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.policies.app_protection import POLICY_RULES, REGISTRATION_RULES, STATUS_RULES
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import app_policies

_NO_APPS = stored("kept and assigned; no app on a device reads it")
_ALL = "deviceAppManagement"
_ASSIGNED = Assigned("targetedManagedAppPolicyAssignment", for_apps=True)
_ASSIGNED_ITEM = Assigned("targetedManagedAppPolicyAssignment", for_apps=True, expandable="item")
_TARGET_APPS = Action(
    "targetApps", app_policies.target_apps, "Replace the apps that a policy is for", required="apps", fidelity=_NO_APPS
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
