"""What belongs to the tenant as a whole: filters, tags, categories, connectors, the audit log.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.paths import Route
from fauxtune.surfaces.graph.call import Handler

TENANT: tuple[Route[Handler], ...] = ()
