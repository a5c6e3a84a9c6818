"""The routes that read what other things have brought about: states and summaries, which Graph alone writes."""

from __future__ import annotations

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.fidelity import EXACT, Fidelity
from fauxtune.core.odata.schema.types import Entity
from fauxtune.surfaces.graph.call import Handler


def read(
    template: str,
    handler: Handler,
    *,
    summary: str,
    permissions: tuple[str, ...],
    former_permissions: tuple[str, ...] = (),
    returns: Entity | None = None,
    many: bool = False,
    source: str = "",
    fidelity: Fidelity | None = None,
    beta_only: bool = False,
    dated: bool = False,
) -> Route[Handler]:
    """Return a GET. `source` and `fidelity` are those of the type that it returns, unless they are given."""
    return Route(
        "GET",
        template,
        handler,
        summary,
        returns=returns,
        many=many,
        beta_only=beta_only,
        permissions=permissions,
        former_permissions=former_permissions,
        source=source or ("" if returns is None else returns.source),
        fidelity=fidelity or (EXACT if returns is None else returns.fidelity),
        dated=dated,
    )
