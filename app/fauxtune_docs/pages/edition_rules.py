"""Every rule that stands as `Changed` beside the code that asks it: the explicit list that the page on editions shows.

The order is that of the page.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.engine.device_actions.table import WIPED_WHEN_DELETED
from fauxtune.core.engine.planning.desired import CHOSEN_BY
from fauxtune.core.engine.planning.renewal import EXPIRED_STAYS
from fauxtune.core.engine.removal.records_kept import RECORDS_KEPT
from fauxtune.core.model.connectors import LIFECYCLE
from fauxtune.core.model.editions import Changed
from fauxtune.core.model.network import ENDPOINTS
from fauxtune.core.profiles.fixed import FIXED
from fauxtune.core.profiles.imported_pfx import UNSUPPORTED_PURPOSES
from fauxtune.core.profiles.scep import LACKS_VARIABLES
from fauxtune.core.profiles.trusted_root import LAST_WITH_ROOTS
from fauxtune.core.profiles.variables import USER_VARIABLES
from fauxtune.operations.checkin.scep_delivery import TRIES_EVERY_URL
from fauxtune.surfaces.devices.windows.translate import EXPORTABLE
from fauxtune.surfaces.graph.needed_permissions import SCRIPTS

EDITION_RULES: tuple[Changed[Any], ...] = (
    WIPED_WHEN_DELETED,
    RECORDS_KEPT,
    CHOSEN_BY,
    USER_VARIABLES,
    LACKS_VARIABLES,
    TRIES_EVERY_URL,
    EXPIRED_STAYS,
    EXPORTABLE,
    FIXED,
    UNSUPPORTED_PURPOSES,
    LAST_WITH_ROOTS,
    LIFECYCLE,
    ENDPOINTS,
    SCRIPTS,
)
