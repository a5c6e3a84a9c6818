"""The types of Graph: its schema from `types.txt`, and what the overlays know beyond it. THE list of served entities.

An entity is served when an overlay names it; the other types of the schema can be built as well, and appear nowhere.
Source: Graph's metadata; names of types in requests are found in any casing, with or without `#` and namespace.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from types import MappingProxyType

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.overlays.app_configurations import APP_CONFIGURATIONS
from fauxtune.core.graph.overlays.app_protection import APP_PROTECTION
from fauxtune.core.graph.overlays.applications import APPLICATIONS
from fauxtune.core.graph.overlays.apps import APPS
from fauxtune.core.graph.overlays.assignments import ASSIGNMENTS
from fauxtune.core.graph.overlays.autopilot import AUTOPILOT
from fauxtune.core.graph.overlays.catalog import CATALOG
from fauxtune.core.graph.overlays.certificates import CERTIFICATES
from fauxtune.core.graph.overlays.cloud_pc import CLOUD_PC
from fauxtune.core.graph.overlays.compliance import COMPLIANCE
from fauxtune.core.graph.overlays.compliance_states import COMPLIANCE_STATES
from fauxtune.core.graph.overlays.conditional_access import CONDITIONAL_ACCESS
from fauxtune.core.graph.overlays.devices import DEVICES
from fauxtune.core.graph.overlays.directory import DIRECTORY
from fauxtune.core.graph.overlays.enrollment import ENROLLMENT
from fauxtune.core.graph.overlays.escrow import ESCROW
from fauxtune.core.graph.overlays.group_policy import GROUP_POLICY
from fauxtune.core.graph.overlays.intents import INTENTS
from fauxtune.core.graph.overlays.notification_templates import NOTIFICATIONS
from fauxtune.core.graph.overlays.profiles import PROFILES
from fauxtune.core.graph.overlays.reports import REPORTS
from fauxtune.core.graph.overlays.roles import ROLES
from fauxtune.core.graph.overlays.scripts import SCRIPTS
from fauxtune.core.graph.overlays.statuses import STATUSES
from fauxtune.core.graph.overlays.subscriptions import SUBSCRIPTIONS
from fauxtune.core.graph.overlays.tenant import TENANT
from fauxtune.core.graph.overlays.tenant_administration import TENANT_ADMINISTRATION
from fauxtune.core.graph.overlays.updates import UPDATES
from fauxtune.core.odata.schema.model import Model
from fauxtune.core.odata.schema.namespace import bare_name
from fauxtune.core.odata.schema.table import SchemaTable
from fauxtune.core.odata.schema.types import ComplexType, Entity, EnumType

OVERLAYS = (
    *DIRECTORY,
    *APPLICATIONS,
    *ESCROW,
    *DEVICES,
    *ASSIGNMENTS,
    *STATUSES,
    *COMPLIANCE_STATES,
    *PROFILES,
    *APP_CONFIGURATIONS,
    *APPS,
    *APP_PROTECTION,
    *CERTIFICATES,
    *REPORTS,
    *SUBSCRIPTIONS,
    *TENANT,
    *COMPLIANCE,
    *SCRIPTS,
    *UPDATES,
    *CATALOG,
    *AUTOPILOT,
    *ENROLLMENT,
    *CONDITIONAL_ACCESS,
    *CLOUD_PC,
    *NOTIFICATIONS,
    *ROLES,
    *TENANT_ADMINISTRATION,
    *GROUP_POLICY,
    *INTENTS,
)
#: v1.0 has an older name for the work profile; what it shows for agents that it does not know is "unknown".
_FALLBACKS = {"policyPlatformType": "androidForWork", "managementAgentType": "unknown"}


def _model() -> Model:
    text = pkgutil.get_data(__package__ or "", "types.txt")
    assert text is not None
    return Model(SchemaTable(text.decode("ascii")), OVERLAYS, fallbacks=_FALLBACKS)


MODEL = _model()
_DESCRIBED = frozenset(MODEL.described)
ENTITIES: tuple[Entity, ...] = tuple(
    kind
    for kind in map(MODEL.structured, (name for name in MODEL.table.names() if name in _DESCRIBED))
    if isinstance(kind, Entity) and kind.name != "entity"
)

_BY_NAME = MappingProxyType({kind.name.lower(): kind for kind in ENTITIES})


def entity(type_name: str) -> Entity:
    """The entity of `#microsoft.graph.user`, `microsoft.graph.user` or `user`. Raises Invalid for an unknown type."""
    known = _BY_NAME.get(bare_name(type_name).lower())
    if known is None:
        raise Invalid(
            f"The type 'microsoft.graph.{bare_name(type_name)}' could not be resolved by the model.",
            target="@odata.type",
        )
    return known


def closed(type_name: str) -> Entity:
    """The properties of its own of an entity, even if it is open. Raises KeyError for an unknown name."""
    return MODEL.closed(type_name)


def complex_type(name: str) -> ComplexType:
    """The complex type of this name, served or not. Raises KeyError for an unknown one."""
    return MODEL.complex_type(name)


def enumeration(name: str) -> EnumType:
    """The enumeration of this name, served or not. Raises KeyError for an unknown one."""
    return MODEL.enumeration(name)


@cache
def derived_from(base: Entity) -> tuple[Entity, ...]:
    """The concrete entities of this type, itself included unless it is abstract."""
    return tuple(kind for kind in ENTITIES if kind.is_a(base) and not kind.abstract)
