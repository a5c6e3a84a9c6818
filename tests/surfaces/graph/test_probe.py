"""Every expectation of Microsoft Graph that the probe has, tried on the emulator: it must confirm all of them."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.core.probe.expectations.index import EXPECTATIONS
from fauxtune.core.probe.model import Verdict
from fauxtune.core.probe.trying import Run
from tests.support.graph import TENANT
from tests.support.populated_tenant import PopulatedTenant
from tests.support.probing import probe

pytestmark = pytest.mark.parametrize("seeded", ["sqlite"], indirect=True)


async def test_the_emulator_confirms_every_expectation(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, populated: PopulatedTenant
) -> None:
    answer = await http.patch(TENANT, json={"settings": {"graph.faithfulQuery": True}})
    assert answer.status_code == 200, answer.text
    outcomes = await probe(
        EXPECTATIONS, Run("fauxtune-probe-0000-", password="Pr0be-0000-0000", writes=True), graph=beta
    )
    differing = [each for each in outcomes if each.verdict is Verdict.DIFFERS]
    assert not differing, "\n".join(f"{each.id} {each.version}: {each.deviations}" for each in differing)
    untried = {each.id: each.why for each in outcomes if each.verdict is Verdict.NOT_TRIED}
    assert untried == {"me-of-a-user": "only a signed-in user can try it"}
