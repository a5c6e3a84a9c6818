"""THE list of families, by the headings of the page that describes them."""

from __future__ import annotations

from fauxtune.surfaces.graph.families.app_protection import APP_PROTECTION
from fauxtune.surfaces.graph.families.apps import APPS
from fauxtune.surfaces.graph.families.autopilot import AUTOPILOT
from fauxtune.surfaces.graph.families.catalog import CATALOG
from fauxtune.surfaces.graph.families.cloud_pc import CLOUD_PC
from fauxtune.surfaces.graph.families.compliance import COMPLIANCE
from fauxtune.surfaces.graph.families.conditional_access import CONDITIONAL_ACCESS
from fauxtune.surfaces.graph.families.enrollment import ENROLLMENT
from fauxtune.surfaces.graph.families.family import Family
from fauxtune.surfaces.graph.families.group_policy import GROUP_POLICY
from fauxtune.surfaces.graph.families.intents import INTENTS
from fauxtune.surfaces.graph.families.notification_templates import NOTIFICATIONS
from fauxtune.surfaces.graph.families.roles import ROLES
from fauxtune.surfaces.graph.families.scripts import SCRIPTS
from fauxtune.surfaces.graph.families.tenant_administration import TENANT_ADMINISTRATION
from fauxtune.surfaces.graph.families.updates import UPDATES

FAMILIES: dict[str, tuple[Family, ...]] = {
    "Apps": APPS,
    "App protection": APP_PROTECTION,
    "Compliance": COMPLIANCE,
    "Scripts": SCRIPTS,
    "Updates of Windows": UPDATES,
    "The settings catalog": CATALOG,
    "Enrolment": ENROLLMENT,
    "Windows Autopilot": AUTOPILOT,
    "Notifications": NOTIFICATIONS,
    "Roles": ROLES,
    "Administration of the tenant": TENANT_ADMINISTRATION,
    "Administrative templates": GROUP_POLICY,
    "Conditional access": CONDITIONAL_ACCESS,
    "Windows 365": CLOUD_PC,
    "Intents and their templates": INTENTS,
}
