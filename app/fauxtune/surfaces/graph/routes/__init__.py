"""The list of Graph's routes. Any other path is a 400, as the real service answers it.

Routes are declared at their handlers (`surfaces/graph/declared.py`), or made from families; here they are put in order.
"""

from __future__ import annotations

from fauxtune.core.graph.index import ENTITIES
from fauxtune.core.odata.paths.table import Route, RouteTable
from fauxtune.core.odata.schema.types import Version
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.families import apps, autopilot, enrollment, scripts
from fauxtune.surfaces.graph.families.index import FAMILIES
from fauxtune.surfaces.graph.resources import (
    app_configurations,
    app_contents,
    applications,
    assignment_filters,
    assignments,
    certificates,
    changes,
    compliance_states,
    compliance_statuses,
    device_actions,
    device_apps,
    device_categories,
    device_configurations,
    directory_objects,
    escrow,
    groups,
    managed_devices,
    profile_statuses,
    reports,
    tenant,
    users,
)
from fauxtune.surfaces.graph.resources.envelope import Description, envelope_of
from fauxtune.surfaces.graph.routes.absent import ABSENT, ABSENT_OPERATIONS, ABSENT_PARTS, absent_writes
from fauxtune.surfaces.graph.routes.families import absent_of, routes_of, routes_of_own

#: Answers for the documents about all routes.
DESCRIPTION = Description(lambda: ROUTES)

_DIRECTORY = (
    *routes_of_own(users.USERS_OF_TENANT),
    *users.OF_USER,
    *users.ME,
    *routes_of_own(groups.GROUPS_OF_TENANT),
    *groups.OF_GROUP,
    *routes_of_own(directory_objects.DEVICES),
    *groups.OF_DEVICE,
    *directory_objects.ONE_OBJECT,
    *directory_objects.BY_IDS,
    *groups.OF_OBJECT,
    *tenant.ORGANIZATIONS,
    *tenant.DOMAINS,
    *tenant.LICENCES,
    *routes_of_own(applications.APPLICATIONS),
    *applications.PASSWORDS,
    *applications.CREDENTIALS,
    *routes_of_own(applications.PRINCIPALS),
    *applications.OF_PRINCIPAL,
    *routes_of_own(applications.GRANTS),
    *changes.DELTAS,
)
_MANAGED_DEVICES = (
    *managed_devices.RECORDS,
    *managed_devices.OF_DEVICE,
    *device_categories.OF_DEVICE,
    *device_actions.LOGS,
    *device_actions.ACTIONS,
    *device_actions.BULK_ACTION,
    *managed_devices.OVERVIEW,
    *routes_of_own(device_categories.CATEGORIES),
)
_ASSIGNMENTS = (
    *assignments.OF_PROFILES,
    *assignments.IN_NEW_FORM,
    *assignments.IN_OLD_FORM,
    *routes_of_own(assignment_filters.FILTERS),
    *assignment_filters.FILTER_PARTS,
    *assignment_filters.EVALUATION,
    *assignment_filters.EVALUATIONS,
)
_AREAS: tuple[tuple[str, tuple[Route[Handler], ...]], ...] = (
    ("The directory", _DIRECTORY),
    ("Managed devices", _MANAGED_DEVICES),
    ("What devices have escrowed", (*escrow.KEYS, *escrow.CREDENTIALS, *escrow.OF_DEVICE)),
    ("Profiles", (*routes_of_own(device_configurations.CONFIGURATIONS), *device_configurations.REFERENCES)),
    ("Assignments and their filters", _ASSIGNMENTS),
    (
        "App configurations",
        (
            *routes_of_own(app_configurations.CONFIGURATIONS),
            *app_configurations.OF_CONFIGURATION,
            *app_configurations.ASSIGNED,
        ),
    ),
    (
        "Statuses of profiles",
        (*profile_statuses.OF_PROFILE, *profile_statuses.OF_DEVICE, *profile_statuses.OF_TENANT),
    ),
    *((area, routes_of(family)) for area, families in FAMILIES.items() for family in families),
    (
        "Apple's and Google's programmes",
        (*enrollment.EVENTS, *enrollment.PUSH, *enrollment.PLAY, *autopilot.SYNCHRONIZATION),
    ),
    ("Reports", (*reports.JOBS, *reports.CACHED, *reports.REPORTS)),
    (
        "Compliance of devices",
        (*compliance_states.OF_DEVICE, *compliance_statuses.OF_POLICY, *compliance_statuses.OF_TENANT),
    ),
    ("Runs of scripts", (*scripts.SCRIPT_PARTS, *scripts.DEVICE_STATES, *scripts.REMEDIATIONS)),
    ("Change notifications", tuple(changes.SUBSCRIPTIONS)),
    (
        "Contents and relationships of apps",
        (
            *app_contents.VERSIONS,
            *app_contents.FILES,
            *app_contents.SCRIPTS,
            *apps.APP_SERVICE,
            *apps.OF_APP,
            *device_apps.DETECTED,
            *device_apps.OF_DEVICE,
            *device_apps.OF_USER,
        ),
    ),
    (
        "Imported certificates and connectors",
        (*certificates.IMPORTED, *certificates.NDES, *certificates.CONNECTORS_IN_DETAIL),
    ),
    (
        "The tenant",
        (*tenant.SERVICE, *tenant.EVENTS, *routes_of_own(tenant.TAGS), *tenant.TAG_PARTS, *tenant.TAG_ASSIGNMENTS),
    ),
    ("Graph itself", envelope_of(DESCRIPTION)),
)
_SERVED: dict[str, tuple[Route[Handler], ...]] = {}
for _area, _routes in _AREAS:
    _SERVED[_area] = (*_SERVED.get(_area, ()), *_routes)
_ANSWERED = tuple(route for area in _SERVED.values() for route in area)
_PLACES = {route.template for route in _ANSWERED}
#: A branch that is answered is not refused, whatever the list of what is absent says of it.
_REFUSED = (
    *ABSENT,
    *ABSENT_OPERATIONS,
    *(route for route in ABSENT_PARTS if route.template not in _PLACES),
)
#: By the headings of the page that describes them.
AREAS: dict[str, tuple[Route[Handler], ...]] = {
    **_SERVED,
    "Not emulated": (
        *_REFUSED,
        *absent_of([family for families in FAMILIES.values() for family in families], [*_ANSWERED, *_REFUSED]),
        *absent_writes([*_ANSWERED, *_REFUSED]),
    ),
}
ROUTES: tuple[Route[Handler], ...] = tuple(route for area in AREAS.values() for route in area)
#: What each version knows: v1.0 answers for beta's own paths as for any unknown one.
TABLES: dict[Version, RouteTable[Handler]] = {
    version: RouteTable(
        [route for route in ROUTES if version is Version.BETA or not route.beta_only],
        types=[entity.name for entity in ENTITIES],
    )
    for version in Version
}
