"""The server's table of mail apps and the simulator's say the same of every app, cell by cell."""

from __future__ import annotations

import pytest

from fauxtune.core.mail.apps import Use
from fauxtune.core.mail.apps import apps_of as server_apps_of
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.tenants import Edition
from fauxtune_sim.mail.apps import MailApp, apps_of
from fauxtune_sim.platforms import read_kind


def simulated(variant: Variant) -> tuple[MailApp, ...]:
    return apps_of(read_kind(variant.value))


@pytest.mark.parametrize("variant", Variant)
def test_a_device_has_the_apps_of_its_kind(variant: Variant) -> None:
    described = [(app.name, app.title, app.package) for app in server_apps_of(variant)]
    assert [(app.name, app.title, app.package) for app in simulated(variant)] == described


@pytest.mark.parametrize("edition", Edition)
@pytest.mark.parametrize("variant", Variant)
def test_a_simulated_app_does_what_the_table_says(variant: Variant, edition: Edition) -> None:
    for described, app in zip(server_apps_of(variant), simulated(variant), strict=True):
        rules = described.rules[edition]
        assert app.switch.value == rules.switch.value.value
        assert app.choice.value == rules.choice.value.value
        assert app.steps == rules.steps
        assert app.reads_while_off is rules.reads_while_off.value
        assert app.needs_both is rules.needs_both.value
        assert app.asks_authority is (rules.revoked.value is Use.REFUSED)
        assert rules.expired.value is rules.other_address.value is Use.REFUSED
