"""Values of the primitive types that few properties have: numbers with a fraction, dates, times, durations, streams."""

from __future__ import annotations

import json

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.schema.types import Edm
from fauxtune.core.odata.schema.values import primitive


@pytest.mark.parametrize(
    ("edm", "sent", "kept"),
    [
        (Edm.DOUBLE, 1.5, 1.5),
        (Edm.SINGLE, -2, -2),
        (Edm.BYTE, 255, 255),
        (Edm.DATE, "2026-11-24", "2026-11-24"),
        (Edm.TIME_OF_DAY, "08:30", "08:30:00.0000000"),
        (Edm.TIME_OF_DAY, "08:30:15.25", "08:30:15.2500000"),
        (Edm.DURATION, "P1DT2H30M", "P1DT2H30M"),
        (Edm.DURATION, "-PT0.5S", "-PT0.5S"),
    ],
)
def test_a_value_is_kept_in_its_normal_form(edm: Edm, sent: object, kept: object) -> None:
    assert primitive(sent, edm) == kept


@pytest.mark.parametrize(
    ("edm", "sent"),
    [
        *((Edm.DOUBLE, each) for each in ("1.5", True, None, json.loads("1e999"), json.loads("NaN"), 10**400)),
        *((Edm.BYTE, each) for each in (256, -1, 1.0, True)),
        *((Edm.DATE, each) for each in ("2026-11-31", "2026-11-24T10:00:00Z", "24.11.2026", "2026-1-1", 20261124)),
        *((Edm.TIME_OF_DAY, each) for each in ("25:00", "08", "08:30Z", "08:30+01:00", "")),
        *((Edm.DURATION, each) for each in ("P", "PT", "1D", "P1S", "PT1H2", "P" + "9" * 5000 + "D", "P\u0661D")),
        (Edm.STREAM, "AAAA"),
    ],
)
def test_what_is_no_value_of_the_type_is_refused(edm: Edm, sent: object) -> None:
    with pytest.raises(Invalid):
        primitive(sent, edm)
