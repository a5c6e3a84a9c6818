"""Reports: the permissions of Graph that a tenant's applications really used."""

from __future__ import annotations

from fauxtune.operations.runtime.permission_check import Use
from fauxtune.storage.queries import applications as queries
from fauxtune.surfaces.control import answers
from fauxtune.surfaces.control.access import Here, calls

router = calls("/tenants/{tenant}/reports", tag="reports")


@router.get("/permissions", summary="Get the permissions that each application used, and those that it does not need")
async def permissions(here: Here) -> answers.PermissionReport:
    """Since the server started. `leastPrivileged` would be enough for all calls."""
    used = here.emulator.permissions.used(here.tenant.id)
    rows = await here.read(queries.all_applications, here.tenant.id)
    return answers.PermissionReport(
        mode=here.emulator.permissions.mode,
        value=[
            _application(row.client_id, name=row.name, roles=row.roles, used=used.get(row.client_id, {}))
            for row in rows
        ],
    )


def _application(
    client_id: str, *, name: str, roles: list[str], used: dict[tuple[str, str], Use]
) -> answers.ApplicationPermissions:
    least: set[str] = set()
    missing: set[str] = set()
    granted = set(roles)
    needed: set[str] = set()
    for use in used.values():
        if not use.needs:
            continue
        least.add(use.needs[0])
        needed.update(granted.intersection(use.needs))
        if use.refused_users or granted.isdisjoint(use.needs):
            missing.add(use.needs[0])
    return answers.ApplicationPermissions(
        client_id=client_id,
        display_name=name,
        granted=sorted(granted),
        used=sorted(needed),
        unused=sorted(granted - needed),
        missing=sorted(missing),
        least_privileged=sorted(least),
        operations=[
            answers.UsedOperation(
                method=method, path=path, needs_one_of=list(use.needs), calls=use.calls, refused=use.refused
            )
            for (method, path), use in sorted(used.items(), key=lambda item: (item[0][1], item[0][0]))
        ],
    )
