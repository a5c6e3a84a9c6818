"""The same emulator in process, and the same clients of Graph, as the tests of the surfaces have."""

from __future__ import annotations

from tests.surfaces.conftest import (  # noqa: F401 - fixtures
    app,
    app_token,
    applications,
    clock,
    emulator,
    emulator_folder,
    http,
    postgresql_template,
    seeded,
    sqlite_template,
    tenant,
    tokens,
)
from tests.surfaces.graph.conftest import beta, csr, v1  # noqa: F401 - fixtures
