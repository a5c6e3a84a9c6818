"""`$metadata` and the service document: for anybody, in each version, and as the types are."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import httpx
import pytest

_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


async def _schema(graph: httpx.AsyncClient) -> Element:
    answer = await graph.get("/$metadata", headers={"authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml;charset=utf-8"
    find = fromstring(answer.content).find(f".//{_EDM}Schema")
    assert find is not None
    return find


def _named(schema: Element, tag: str, name: str) -> Element | None:
    return schema.find(f"{_EDM}{tag}[@Name='{name}']")


async def test_each_version_has_its_own_types(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    new, old = await _schema(beta), await _schema(v1)
    assert _named(new, "EntityType", "userPFXCertificate") is not None
    assert _named(old, "EntityType", "userPFXCertificate") is None
    for schema, there in ((new, True), (old, False)):
        base = _named(schema, "EntityType", "deviceConfiguration")
        assert base is not None
        assert base.attrib == {"Name": "deviceConfiguration", "BaseType": "graph.entity", "Abstract": "true"}
        assert (base.find(f"{_EDM}Property[@Name='roleScopeTagIds']") is not None) is there


async def test_every_type_that_is_referred_to_is_declared(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    for schema in (await _schema(beta), await _schema(v1)):
        declared = {f"graph.{each.get('Name')}" for each in schema}
        for element in schema.iter():
            for attribute in ("Type", "BaseType", "EntityType"):
                removesuffix = element.get(attribute, "").removeprefix("Collection(").removesuffix(")")
                if removesuffix.startswith("graph.") and element.tag != f"{_EDM}NavigationProperty":
                    assert removesuffix in declared, (element.attrib, removesuffix)


async def test_actions_are_bound_and_flags_have_their_bits(beta: httpx.AsyncClient) -> None:
    schema = await _schema(beta)
    wipe = _named(schema, "Action", "wipe")
    assert wipe is not None
    assert wipe[0].attrib == {"Name": "bindingParameter", "Type": "graph.managedDevice"}
    kind = _named(schema, "EnumType", "subjectAlternativeNameType")
    assert kind is not None
    assert kind.get("IsFlags") == "true"
    assert [element.get("Value") for element in kind][:4] == ["0", "1", "2", "4"]


async def test_collections_are_entity_sets(beta: httpx.AsyncClient) -> None:
    schema = await _schema(beta)
    container = _named(schema, "EntityContainer", "GraphService")
    assert container is not None
    names = {element.get("Name"): element.tag.removeprefix(_EDM) for element in container}
    assert (names["users"], names["groups"]) == ("EntitySet", "EntitySet")
    assert names["deviceManagement"] == "Singleton"
    management = _named(schema, "EntityType", "deviceManagement")
    assert management is not None
    parts = {element.get("Name"): element.get("Type") for element in management}
    assert parts["managedDevices"] == "Collection(graph.managedDevice)"


@pytest.mark.parametrize("path", ["/v1.0", "/v1.0/", "/beta", "/beta/"])
async def test_a_version_alone_says_what_is_below_it(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 200
    assert {"name": "users", "kind": "EntitySet", "url": "users"} in answer.json()["value"]
    assert answer.json()["@odata.context"].endswith(f"{path.rstrip('/')}/$metadata")


async def test_metadata_can_be_asked_for_in_a_batch(beta: httpx.AsyncClient) -> None:
    sent = {"requests": [{"id": "1", "method": "GET", "url": "/$metadata"}]}
    (found,) = (await beta.post("/$batch", json=sent)).json()["responses"]
    assert found["status"] == 200
    assert found["body"].startswith("<?xml")
