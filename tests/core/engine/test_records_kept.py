"""Which records of a device stay when it has left."""

from __future__ import annotations

import pytest

from fauxtune.core.engine.removal.records_kept import managed_device_stays
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause
from fauxtune.core.model.tenants import Edition


@pytest.mark.parametrize(
    ("variant", "cause", "stays"),
    [
        (Variant.WINDOWS, Cause.UNENROLL, True),
        (Variant.WINDOWS, Cause.RETIRE, False),
        (Variant.IOS, Cause.UNENROLL, False),
        (Variant.IOS, Cause.RETIRE, False),
    ],
)
def test_graph_shows_a_windows_device_whose_user_unenrolled(variant: Variant, cause: Cause, *, stays: bool) -> None:
    assert managed_device_stays(variant, cause, edition=Edition.CURRENT) is stays
