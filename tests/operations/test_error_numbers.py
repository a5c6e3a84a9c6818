"""The errorCode of Graph is taken apart, and every number of the connector has words."""

from __future__ import annotations

import pytest

from fauxtune.connector.refusals import REFUSALS, KeyMissing
from fauxtune.core.model.items import REMEDIATION_FAILED
from fauxtune.operations.insight.diagnosis import number
from tests.support import diagnosis_faults


@pytest.mark.parametrize(
    ("code", "family", "inner"),
    [
        (REMEDIATION_FAILED, "intune", None),
        (KeyMissing.number, "connector", 0x1003),
        (diagnosis_faults.WRONG_PASSWORD, "apple", 9000),
        (-2016345612, "syncml", 500),
        (-2016324099, "apple", 12013),
        (0x80070005 - (1 << 32), "unknown", None),
        (0, "unknown", None),
    ],
)
def test_a_number_is_taken_apart(code: int, family: str, inner: int | None) -> None:
    result = number(code)
    assert (result.family, result.number) == (family, inner)
    assert result.words


def test_every_number_of_the_connector_has_words() -> None:
    for refusal in REFUSALS:
        assert number(refusal.number).family == "connector"
        assert len(number(refusal.number).words) > 20
