"""The table of Graph's types: all of it can be read, and names only what exists."""

from __future__ import annotations

from fauxtune.core.graph.device_actions import FORMS
from fauxtune.core.graph.index import ENTITIES, MODEL
from fauxtune.core.odata.schema.model import mistakes
from fauxtune.core.odata.schema.types import Version

TABLE = MODEL.table
NAMES = set(TABLE.names())


def test_the_table_has_no_mistakes() -> None:
    assert not [str(found) for found in mistakes(TABLE)]


def test_every_type_can_be_built() -> None:
    for name in NAMES:
        if TABLE.head(name).kind == "enum":
            assert MODEL.enumeration(name).members
        else:
            kind = MODEL.structured(name)
            assert kind.properties_in(Version.BETA).keys() >= kind.properties_in(Version.V1).keys()


def test_an_entity_is_served_when_its_first_line_says_so() -> None:
    assert {"managedDevice", "win32LobApp"} < {kind.name for kind in ENTITIES}
    assert "authenticationStrengthPolicy" in NAMES - {kind.name for kind in ENTITIES}


def test_the_bodies_of_actions_are_those_of_the_table() -> None:
    bodies = {form.action.value: list(form.body.properties_in(Version.BETA)) for form in FORMS}
    # Graph: managedDevice: wipe (beta); managedDevice: setDeviceName (beta).
    assert bodies["setDeviceName"] == ["deviceName"]
    assert {"keepEnrollmentData", "keepUserData", "macOsUnlockCode", "persistEsimDataPlan"} <= {*bodies["wipe"]}
    for form in FORMS:
        operation = TABLE.operation("managedDevice", form.action.value)
        assert operation.kind == "action"
        assert list(form.body.properties_in(Version.BETA)) == [parameter.name for parameter in operation.parameters]
