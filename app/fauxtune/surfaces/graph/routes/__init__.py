"""The list of Graph's routes. Any other path is a 400, as the real service answers it.

One module an area; a route is a line of data in it.
"""

from __future__ import annotations

from fauxtune.core.graph.index import ENTITIES
from fauxtune.core.odata.paths.table import Route, RouteTable
from fauxtune.core.odata.schema.types import Version
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.families.index import FAMILIES
from fauxtune.surfaces.graph.resources.envelope import Description
from fauxtune.surfaces.graph.routes.absent import ABSENT, ABSENT_OPERATIONS, ABSENT_PARTS, absent_writes
from fauxtune.surfaces.graph.routes.apps import APP_CONFIGURATIONS, APP_PARTS
from fauxtune.surfaces.graph.routes.assignments import ASSIGNMENTS
from fauxtune.surfaces.graph.routes.certificates import CERTIFICATES, CONNECTORS
from fauxtune.surfaces.graph.routes.compliance import COMPLIANCE
from fauxtune.surfaces.graph.routes.devices import MANAGED_DEVICES
from fauxtune.surfaces.graph.routes.directory import DIRECTORY, SUBSCRIPTIONS
from fauxtune.surfaces.graph.routes.enrollment import ENROLLMENT
from fauxtune.surfaces.graph.routes.envelope import envelope_of
from fauxtune.surfaces.graph.routes.escrow import ESCROW
from fauxtune.surfaces.graph.routes.families import absent_of, routes_of
from fauxtune.surfaces.graph.routes.profiles import PROFILES, REFERENCES
from fauxtune.surfaces.graph.routes.reports import ABSENT_REPORTS, REPORTS
from fauxtune.surfaces.graph.routes.scripts import SCRIPT_RUNS
from fauxtune.surfaces.graph.routes.statuses import STATUSES
from fauxtune.surfaces.graph.routes.tenant import TENANT

#: Answers for the documents about all routes.
DESCRIPTION = Description(lambda: ROUTES)

_AREAS: tuple[tuple[str, tuple[Route[Handler], ...]], ...] = (
    ("The directory", DIRECTORY),
    ("Managed devices", MANAGED_DEVICES),
    ("What devices have escrowed", ESCROW),
    ("Profiles", (*PROFILES, *REFERENCES)),
    ("Assignments and their filters", ASSIGNMENTS),
    ("App configurations", APP_CONFIGURATIONS),
    ("Statuses of profiles", STATUSES),
    *((area, routes_of(family)) for area, families in FAMILIES.items() for family in families),
    ("Apple's and Google's programmes", ENROLLMENT),
    ("Reports", REPORTS),
    ("Compliance of devices", COMPLIANCE),
    ("Runs of scripts", SCRIPT_RUNS),
    ("Change notifications", SUBSCRIPTIONS),
    ("Contents and relationships of apps", APP_PARTS),
    ("Imported certificates and connectors", (*CERTIFICATES, *CONNECTORS)),
    ("The tenant", TENANT),
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
    *ABSENT_REPORTS,
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
