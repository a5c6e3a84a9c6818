"""What exists in the real service and is not emulated: 501 with the reason, where a 400 would mislead.

#: data
"""

from __future__ import annotations

from fauxtune.core.errors import NotEmulated
from fauxtune.core.odata.fidelity import refused
from fauxtune.core.odata.paths import Route
from fauxtune.surfaces.graph.call import Answer, Call, Handler

_CONNECTOR = "deviceManagement/certificateConnectorDetails/{connector}"
_METRICS = "which metrics a connector has is not documented"


def _absent(method: str, template: str, *, summary: str, why: str, beta_only: bool = False) -> Route[Handler]:
    async def not_emulated(call: Call) -> Answer:
        raise NotEmulated(f"{call.path} exists in Microsoft Graph but is not emulated: {why} (see docs/coverage.md).")

    return Route(method, template, not_emulated, summary, status=501, beta_only=beta_only, fidelity=refused(why))


ABSENT: tuple[Route[Handler], ...] = (
    _absent("POST", f"{_CONNECTOR}/getHealthMetrics", summary="How a connector fares", why=_METRICS, beta_only=True),
    _absent(
        "POST",
        f"{_CONNECTOR}/getHealthMetricTimeSeries",
        summary="How a connector fared",
        why=_METRICS,
        beta_only=True,
    ),
)
