"""Changes of single parts that Graph has, where here an action replaces all of them: 501 with the way that works.

A verb that no document of a collection has is refused as the service words it (400, `NoSuchVerb`): states, reports and
catalogues are only read. Source of these: Microsoft's SDK of beta, 2026-10 (`tests/interop/test_sdk_paths.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes.absent import absent

_ASSIGN = "an assignment is not changed by itself: POST .../{action} replaces all of them"
#: Why the parts of this name are not made, changed or deleted one by one.
REASONS = {
    "apps": "apps are not added one by one: POST .../targetApps replaces all of them",
    "assignments": _ASSIGN,
    "contentVersions": "a version of an app's content is only added, and goes with its app",
    "files": "a file of an app's content is only added, and goes with its app",
    "groupAssignments": _ASSIGN,
    "items": "items are not changed one by one: POST .../update of the policy set replaces all of them",
    "relationships": "a relationship is not changed by itself: POST .../updateRelationships replaces all of them",
    "roleAssignments": "assignments of roles are made at /deviceManagement/roleAssignments",
    "scripts": "a script of an app's content is added and deleted, and not changed",
}
_SERVICES = ("deviceManagement/", "deviceAppManagement/")


def absent_writes(routes: Iterable[Route[Handler]]) -> Iterator[Route[Handler]]:
    """Yield the refusals of what none of the routes answers, below the lists of such parts that they serve."""
    known = list(routes)
    served = {(route.method, _shape(route.template)) for route in known}
    #: OpenAPI forbids a path that differs from another one only by the names of its keys.
    named = {_shape(route.template): route.template for route in known}
    for route in known:
        name = route.segments[-1] if route.segments else ""
        is_part = route.method == "GET" and route.many and bool(route.key_names) and name in REASONS
        if not is_part or not route.template.startswith(_SERVICES):
            continue
        one = f"{route.template}/{{part_of_it}}"
        one = named.get(_shape(one), one)
        above = route.template.rpartition("/")[0]
        action = "assign" if ("POST", _shape(f"{above}/assign")) in served else "update"
        for method, template in (("POST", route.template), ("PATCH", one), ("DELETE", one)):
            if not {(method, _shape(template)), (EVERY, _shape(template))} & served:
                yield absent(
                    method,
                    template,
                    summary=f"Change single {name}",
                    why=REASONS[name].format(action=action),
                    beta_only=route.beta_only,
                )


def _shape(template: str) -> str:
    """The template with its keys left open: routes name them differently."""
    return "/".join("{}" if segment.startswith("{") else segment.lower() for segment in template.split("/"))
