"""Profiles, and the references between them: a few lines for each navigation that any type of profile declares."""

from __future__ import annotations

from collections.abc import Callable

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, Fidelity, approximated
from fauxtune.core.profiles.references import NAMES
from fauxtune.operations.insight.audit_rules import PROFILE, changes
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by
from fauxtune.surfaces.graph.resources import device_configurations
from fauxtune.surfaces.graph.routes.families import routes_of_own

PROFILES: tuple[Route[Handler], ...] = routes_of_own(device_configurations.CONFIGURATIONS)


DEVICE_CONFIGURATION = entity("deviceConfiguration")

_ONE = "deviceManagement/deviceConfigurations/{profile}"
_CHANGED = {
    "PUT": approximated("the type is checked, and the version raised: what the service does beyond is not documented"),
    "DELETE": approximated("404 where nothing is set, else the version is raised: neither is documented"),
}
_DERIVED = approximated("derived credentials do not exist here: nothing can be bound")


def _route(
    method: str, tail: str, *, handler: Callable[[str], Handler], summary: str, name: str, status: int = 200
) -> Route[Handler]:
    fidelity: Fidelity = _CHANGED.get(method, EXACT)
    return Route(
        method,
        f"{_ONE}/{name}{tail}",
        handler(name) if method == "GET" else audited_by(changes(PROFILE), handler(name)),
        summary.format(name),
        returns=None if tail else DEVICE_CONFIGURATION,
        status=status,
        beta_only=True,
        permissions=needs.READ_CONFIGURATION if method == "GET" else needs.WRITE_CONFIGURATION,
        source=f"Graph: deviceConfiguration (beta): {name}",
        fidelity=_DERIVED if name == "derivedCredentialSettings" else fidelity,
    )


REFERENCES: tuple[Route[Handler], ...] = tuple(
    route
    for name in NAMES
    for route in (
        _route(
            "GET",
            "",
            handler=device_configurations.read_target,
            summary="Get the {} that a profile refers to",
            name=name,
        ),
        _route("GET", "/$ref", handler=device_configurations.read_reference, summary="Get the reference {}", name=name),
        _route(
            "PUT",
            "/$ref",
            handler=device_configurations.set_reference,
            summary="Set the reference {}",
            name=name,
            status=204,
        ),
        _route(
            "DELETE",
            "/$ref",
            handler=device_configurations.clear_reference,
            summary="Clear the reference {}",
            name=name,
            status=204,
        ),
    )
)
