"""What exists in the real service and is not emulated: 501 with the reason, where a 400 would mislead.

#: data
"""

from __future__ import annotations

from fauxtune.core.errors import NotEmulated
from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.core.odata.schema.fidelity import refused
from fauxtune.surfaces.graph.call import Answer, Call, Handler

_CONNECTOR = "deviceManagement/certificateConnectorDetails/{connector}"
_NOT_EMULATED = "exists in Microsoft Graph but is not emulated"
_METRICS = "which metrics a connector has is not documented"


def absent(method: str, template: str, *, summary: str, why: str, beta_only: bool = False) -> Route[Handler]:
    """Return a route that answers 501 with this reason, whatever is sent. Not every path of a whole branch need exist
    in Graph.
    """
    statement = f"is not emulated, nor is anything of /{template}" if method == EVERY else _NOT_EMULATED

    async def not_emulated(call: Call) -> Answer:
        raise NotEmulated(f"{call.path} {statement}: {why} (see docs/coverage.md).")

    return Route(method, template, not_emulated, summary, status=501, beta_only=beta_only, fidelity=refused(why))


ABSENT: tuple[Route[Handler], ...] = (
    absent("POST", f"{_CONNECTOR}/getHealthMetrics", summary="The health of a connector", why=_METRICS, beta_only=True),
    absent(
        "POST",
        f"{_CONNECTOR}/getHealthMetricTimeSeries",
        summary="The health of a connector over time",
        why=_METRICS,
        beta_only=True,
    ),
    absent(
        "GET",
        "deviceManagement/deviceConfigurations/{profile}/getOmaSettingPlainTextValue/{secret}",
        summary="The value of an encrypted setting",
        why="nothing is encrypted, the value stands in the setting",
    ),
    absent(
        "GET",
        "deviceAppManagement/mobileApps/{resource}/categories/{category}",
        summary="Get a category of an app",
        why="GET .../categories lists them",
    ),
    absent(
        "GET",
        "deviceManagement/intents/{resource}/categories/{part}",
        summary="Get a category of an intent",
        why="GET .../categories lists them",
        beta_only=True,
    ),
    absent(
        "GET",
        "deviceManagement/templates/{resource}/categories/{part}",
        summary="Get a category of a template",
        why="GET .../categories lists them",
        beta_only=True,
    ),
    absent(
        "GET",
        "deviceManagement/virtualEndpoint",
        summary="Get the root of Cloud PCs",
        why="its collections are listed one by one",
    ),
)
