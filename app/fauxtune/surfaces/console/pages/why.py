"""Why a certificate or an app is missing: what breaks the way from it to a device, and where that is mended."""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.operations.insight import diagnosis
from fauxtune.surfaces.console.call import TenantCall
from fauxtune.surfaces.console.causes import by_cause

#: Devices of a profile that are examined, so that the page comes at once; on demand it shows as many as it can.
_FEW = 5


async def why(call: TenantCall) -> Response:
    """Show what is wrong with what the address asks for by `user`, `device`, `profile` or `app`: names or ids."""
    subjects = {name: call.query(name).strip()[:500] or None for name in ("user", "device", "profile", "app")}
    result, problem = None, None
    if any(subjects.values()):
        try:
            most = None if call.query("devices") == "more" else _FEW
            result = await diagnosis.diagnose(call.emulator, call.tenant, **subjects, most=most)
        except (Invalid, NotFound) as error:
            problem = error.message
    return call.page(
        "why.html",
        status=404 if problem else 200,
        subjects=subjects,
        result=result,
        causes=None if result is None else by_cause(call, result),
        problem=problem,
    )
