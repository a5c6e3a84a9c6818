"""The OpenAPI document follows from the routes: complete, resolvable, the same every time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fauxtune.core.graph.index import ENTITIES, MODEL, entity
from fauxtune.core.odata.describe.openapi import openapi_document
from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.core.odata.schema.types import Entity, Property, approximated, refused, stored

ENTITY = MODEL.entity("entity")

USER, PFX = entity("user"), entity("userPFXCertificate")
ROUTES = [
    Route("GET", "users", 1, summary="List users", returns=USER, many=True),
    Route("POST", "users", 2, summary="Create a user", accepts=USER, returns=USER, status=201),
    Route("DELETE", "users/{id}", 3, summary="Delete a user", status=204),
    Route("GET", "deviceManagement/userPfxCertificates/{id}", 4, returns=PFX, beta_only=True),
]


def document(routes: list[Route[int]]) -> dict[str, Any]:
    return openapi_document(
        routes,
        entities=ENTITIES,
        title="Graph",
        has_conflicts=lambda route: route.template.startswith("deviceManagement/deviceConfigurations/"),
    )


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_route_stands_under_each_version_that_has_it() -> None:
    assert list(document(ROUTES)["paths"]) == [
        "/v1.0/users",
        "/v1.0/users/{id}",
        "/beta/deviceManagement/userPfxCertificates/{id}",
        "/beta/users",
        "/beta/users/{id}",
    ]


def test_an_operation_tells_its_keys_bodies_and_status() -> None:
    paths = document(ROUTES)["paths"]
    delete = paths["/v1.0/users/{id}"]["delete"]
    assert [parameter["name"] for parameter in delete["parameters"]] == ["id"]
    assert delete["responses"]["204"] == {"description": "done"}
    create = paths["/beta/users"]["post"]
    assert create["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("microsoft.graph.user")
    assert {"201", "400", "401", "403", "413", "415", "501", "default"} == create["responses"].keys()
    assert {"204", "400", "401", "403", "404", "413", "default"} == delete["responses"].keys()
    assert delete["x-fidelity"] == {"level": "exact"}
    answer = paths["/beta/users"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["properties"]["value"]["items"]["$ref"] == "#/components/schemas/microsoft.graph.user"


def test_every_reference_leads_somewhere() -> None:
    result = document(ROUTES)
    for reference in references(result):
        node: Any = result
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_a_refused_branch_is_no_operation_and_stands_apart_with_its_reason() -> None:
    branch = Route(EVERY, "deviceManagement/intents", 5, status=501, beta_only=True, fidelity=refused("not kept"))
    both = Route(EVERY, "applications", 6, status=501, fidelity=refused("there are none"))
    result = document([*ROUTES, branch, both])
    assert result["paths"] == document(ROUTES)["paths"]
    assert result["x-refused"] == {
        "/v1.0/applications": "there are none",
        "/beta/applications": "there are none",
        "/beta/deviceManagement/intents": "not kept",
    }


def test_operations_have_names_of_their_own() -> None:
    names = [op["operationId"] for path in document(ROUTES)["paths"].values() for op in path.values()]
    assert len(set(names)) == len(names)


def test_a_change_may_be_in_conflict_and_a_body_of_another_type() -> None:
    template = "deviceManagement/deviceConfigurations/{id}/assign"
    read, assign = document([Route("GET", template, 1), Route("POST", template, 2)])["paths"][
        f"/beta/{template}"
    ].values()
    assert {"404", "409", "415"} <= assign["responses"].keys()
    assert "409" not in read["responses"]
    paths = document(ROUTES)["paths"]
    assert "409" not in paths["/beta/users"]["post"]["responses"], "only where the caller says so"


def test_secrets_are_write_only_or_say_how_they_read_and_the_servers_properties_are_read_only() -> None:
    schemas = document(ROUTES)["components"]["schemas"]
    assert schemas["microsoft.graph.user"]["allOf"][1]["properties"]["passwordProfile"]["writeOnly"] is True
    wifi = schemas["microsoft.graph.androidDeviceOwnerEnrollmentProfile"]["allOf"][1]["properties"]["wifiPassword"]
    assert ("writeOnly" in wifi, wifi["description"]) == (False, "is kept, and reads as null")
    properties = schemas["microsoft.graph.userPFXCertificate"]["allOf"][1]["properties"]
    assert properties["encryptedPfxBlob"]["description"] == "is kept, and reads as 'AA=='"
    assert properties["createdDateTime"]["readOnly"] is True


def test_what_is_not_exact_says_why_and_everything_says_on_what_it_rests() -> None:
    thing = Entity(
        "thing",
        (Property("kept", fidelity=stored("nothing reads it")), Property("done")),
        base=ENTITY,
        source="Graph: thing",
        fidelity=approximated("it is smaller"),
    )
    route = Route(
        "GET",
        "things/{id}",
        "h",
        returns=thing,
        source="Graph: Get thing",
        permissions=("Thing.Read",),
        fidelity=approximated("one at a time"),
    )
    result = openapi_document([route], entities=[], title="t", examples={"beta_get_things_id": {"id": "1"}})
    operation = result["paths"]["/beta/things/{id}"]["get"]
    assert operation["x-fidelity"] == {"level": "approximated", "why": "one at a time"}
    assert (operation["x-source"], operation["x-permissions"]) == ("Graph: Get thing", ["Thing.Read"])
    assert operation["responses"]["200"]["content"]["application/json"]["example"] == {"id": "1"}
    schema = result["components"]["schemas"]["microsoft.graph.thing"]
    assert (schema["x-source"], schema["x-fidelity"]["level"]) == ("Graph: thing", "approximated")
    properties = schema["allOf"][1]["properties"]
    assert properties["kept"]["x-fidelity"] == {"level": "storedOnly", "why": "nothing reads it"}
    assert "x-fidelity" not in properties["done"]


def test_the_order_of_the_routes_does_not_matter() -> None:
    assert json.dumps(document(ROUTES)) == json.dumps(document(ROUTES[::-1]))
