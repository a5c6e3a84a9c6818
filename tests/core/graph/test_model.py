"""The table of Graph's types names only what exists, and references to things of Graph are cut down to their ids."""

from __future__ import annotations

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.device_actions import FORMS
from fauxtune.core.graph.index import ENTITIES, MODEL
from fauxtune.core.graph.references import reference_id
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


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com/v1.0/directoryObjects/X-1",
        "https://graph.microsoft.com/v1.0/users/X-1/",
        "https://localhost:8443/beta//users('X-1')",
        "http://elsewhere/beta/deviceManagement/deviceConfigurations%28%27X-1%27%29",
        "/deviceConfigurations/X-1",
        "deviceManagement/deviceConfigurations('X-1')",
        "https://graph.microsoft.com/v1.0/contoso.example/users/X-1?$select=id#top",
        "users(X-1)",
    ],
)
def test_a_reference_is_cut_down_to_its_id(url: str) -> None:
    assert reference_id(url) == "X-1"


@pytest.mark.parametrize(
    "url", ["", "X-1", "https://graph.microsoft.com", "https://graph.microsoft.com/v1.0/users", "users()", "a/b/$ref"]
)
def test_what_has_no_id_is_no_reference(url: str) -> None:
    with pytest.raises(Invalid, match="not a reference"):
        reference_id(url)
