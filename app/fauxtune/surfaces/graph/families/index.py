"""All families, by the headings of the page that describes them: every module of this folder that has `FAMILIES`."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from fauxtune.surfaces.graph import families
from fauxtune.surfaces.graph.families.family import Family

#: The modules that the page shows first, in its order; the others follow in the order of their names.
_FIRST = (
    *("apps", "app_protection", "compliance", "scripts", "updates", "catalog", "enrollment", "autopilot"),
    *("notification_templates", "roles", "tenant_administration", "group_policy", "conditional_access", "cloud_pc"),
    "intents",
)


def _found() -> Iterator[tuple[str, tuple[Family, ...]]]:
    names = {each.name for each in pkgutil.iter_modules(families.__path__)} - {"family", "index"}
    for name in (*_FIRST, *sorted(names - {*_FIRST})):
        module = import_module(f"{families.__name__}.{name}")
        yield module.HEADING, module.FAMILIES


FAMILIES: dict[str, tuple[Family, ...]] = {}
for _heading, _families in _found():
    FAMILIES[_heading] = (*FAMILIES.get(_heading, ()), *_families)
