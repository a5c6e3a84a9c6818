"""Profiles.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.fidelity import approximated
from fauxtune.operations.insight.audit_rules import PROFILE, changes, creates, deletes
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by
from fauxtune.surfaces.graph.resources import device_configurations as profiles

_ALL = "deviceManagement/deviceConfigurations"
_ONE = f"{_ALL}/{{profile}}"
_BASE = entity("deviceConfiguration")
_READ, _WRITE = needs.READ_CONFIGURATION, needs.WRITE_CONFIGURATION

_SHOWN = approximated(
    "v1.0 shows of kinds that beta alone knows what all have: what the real service does is not known"
)
_CHECKED = approximated(
    "settings that can never work are 400, with the reason: the real service's checks are not published"
)
_NO_RULE = approximated("400 while other profiles refer to it: what the real service does then is not documented")

PROFILES: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        _ALL,
        profiles.list_profiles,
        "List profiles",
        returns=_BASE,
        many=True,
        permissions=_READ,
        source="Graph: deviceConfiguration: list",
        fidelity=_SHOWN,
    ),
    Route(
        "POST",
        _ALL,
        audited_by(creates(PROFILE), profiles.create_profile),
        "Create a profile",
        accepts=_BASE,
        returns=_BASE,
        status=201,
        permissions=_WRITE,
        source="Graph: deviceConfiguration: create",
        fidelity=_CHECKED,
    ),
    Route(
        "GET",
        f"{_ALL}/$count",
        profiles.count_profiles,
        "Count profiles",
        permissions=_READ,
        source="Graph: deviceConfiguration: list",
    ),
    Route(
        "GET",
        _ONE,
        profiles.get_profile,
        "Get a profile",
        returns=_BASE,
        permissions=_READ,
        source="Graph: deviceConfiguration: get",
        fidelity=_SHOWN,
    ),
    Route(
        "PATCH",
        _ONE,
        audited_by(changes(PROFILE), profiles.update_profile),
        "Update a profile",
        accepts=_BASE,
        returns=_BASE,
        permissions=_WRITE,
        source="Graph: deviceConfiguration: update",
        fidelity=_CHECKED,
    ),
    Route(
        "DELETE",
        _ONE,
        audited_by(deletes(PROFILE), profiles.delete_profile),
        "Delete a profile",
        status=204,
        permissions=_WRITE,
        source="Graph: deviceConfiguration: delete",
        fidelity=_NO_RULE,
    ),
)
