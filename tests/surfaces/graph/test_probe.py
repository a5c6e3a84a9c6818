"""Every expectation of Microsoft Graph that the probe has, tried on the emulator: it must confirm all of them."""

from __future__ import annotations

from dataclasses import replace

import httpx

from fauxtune_probe.core.expectations.reading import EXPECTATIONS
from fauxtune_probe.core.model import Verdict
from fauxtune_probe.core.trying import Run
from tests.support.graph import TENANT, advance_clock, create
from tests.support.populated_tenant import PopulatedTenant
from tests.support.probing import probe

WRITING = Run("fauxtune-probe-0000-", password="Pr0be-0000-0000", writes=True)


async def test_the_emulator_confirms_every_expectation(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, populated: PopulatedTenant
) -> None:
    answer = await http.patch(TENANT, json={"settings": {"graph.faithfulQuery": True}})
    assert answer.status_code == 200, answer.text
    await advance_clock(http, "PT1H")
    await create(beta, "/deviceManagement/deviceCategories", displayName="An hour later", description="")
    outcomes = await probe(EXPECTATIONS, replace(WRITING, emulator=True), graph=beta)
    differing = [outcome for outcome in outcomes if outcome.verdict is Verdict.DIFFERS]
    assert not differing, "\n".join(f"{each.id} {each.version}: {each.deviations}" for each in differing)
    untried = {outcome.id: outcome.why for outcome in outcomes if outcome.verdict is Verdict.NOT_TRIED}
    known = {
        expectation.id: f"the emulator is known to differ: {expectation.differs_here}"
        for expectation in EXPECTATIONS
        if expectation.differs_here
    }
    assert untried == {**known, "me-of-a-user": "only a signed-in user can try it"}


async def test_where_the_emulator_is_known_to_differ_it_differs(
    beta: httpx.AsyncClient, populated: PopulatedTenant
) -> None:
    known = [expectation for expectation in EXPECTATIONS if expectation.differs_here]
    outcomes = await probe(known, replace(WRITING, creations=[]), graph=beta)
    confirmed = [outcome.id for outcome in outcomes if outcome.verdict is not Verdict.DIFFERS]
    assert not confirmed, "the emulator no longer differs there: its mark can go"
