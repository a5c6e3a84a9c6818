"""THE list of Graph's entities that are emulated, and the look-up of an entity by its type's name.

Source: Graph's metadata; names are found in any casing, with or without `#` and namespace.
"""

from __future__ import annotations

from types import MappingProxyType

from fauxtune.core.errors import Invalid
from fauxtune.core.graph import (
    android_profiles,
    app_configurations,
    apple_profiles,
    assignments,
    configuration,
    directory,
    email_profiles,
    other_profiles,
    windows_profiles,
)
from fauxtune.core.graph.certificates import USER_PFX_CERTIFICATE
from fauxtune.core.graph.connectors import CERTIFICATE_CONNECTOR, NDES_CONNECTOR
from fauxtune.core.graph.device_protection import WINDOWS_PROTECTION_STATE
from fauxtune.core.graph.devices import DEVICE_CATEGORY, MANAGED_DEVICE, MANAGED_DEVICE_OVERVIEW
from fauxtune.core.graph.statuses import STATUSES
from fauxtune.core.graph.tenant import (
    AUDIT_EVENT,
    DEVICE_MANAGEMENT,
    ROLE_SCOPE_TAG,
    ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
)
from fauxtune.core.odata.schema.namespace import bare_name
from fauxtune.core.odata.schema.types import Entity

ENTITIES: tuple[Entity, ...] = (
    directory.DIRECTORY_OBJECT,
    directory.USER,
    directory.GROUP,
    directory.DEVICE,
    directory.LICENSE_DETAILS,
    directory.SUBSCRIBED_SKU,
    directory.ENDPOINT,
    directory.ORGANIZATION,
    directory.DOMAIN,
    MANAGED_DEVICE,
    MANAGED_DEVICE_OVERVIEW,
    DEVICE_CATEGORY,
    WINDOWS_PROTECTION_STATE,
    configuration.DEVICE_CONFIGURATION,
    configuration.DEVICE_CONFIGURATION_ASSIGNMENT,
    assignments.DEVICE_CONFIGURATION_GROUP_ASSIGNMENT,
    assignments.ASSIGNMENT_FILTER,
    assignments.EVALUATION_STATUS_DETAILS,
    *STATUSES,
    *android_profiles.PROFILES,
    *apple_profiles.PROFILES,
    *windows_profiles.PROFILES,
    *email_profiles.PROFILES,
    *other_profiles.PROFILES,
    *app_configurations.ENTITIES,
    USER_PFX_CERTIFICATE,
    NDES_CONNECTOR,
    CERTIFICATE_CONNECTOR,
    AUDIT_EVENT,
    ROLE_SCOPE_TAG,
    ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
    DEVICE_MANAGEMENT,
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


def derived_from(base: Entity) -> tuple[Entity, ...]:
    """The concrete entities of this type, itself included unless it is abstract."""
    return tuple(kind for kind in ENTITIES if kind.is_a(base) and not kind.abstract)
