"""Every profile type has the base, properties, enumerations and navigations that it has in Microsoft's SDK.

The SDK is made from Graph's metadata. The types that are open here are compared by their bases alone.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import msgraph_beta
import pytest

from fauxtune.core.graph.index import ENTITIES, entity
from fauxtune.core.odata.schema.types import Edm, Entity, EnumType, Property, Version

BASE = entity("deviceConfiguration")
PROFILES = [kind for kind in ENTITIES if kind.is_a(BASE)]
MODELS = Path(msgraph_beta.__file__).parent / "generated" / "models"
MODULES = {file.stem.replace("_", ""): file.stem for file in MODELS.glob("*.py")}
PRIMITIVES = {
    Edm.STRING: "str",
    Edm.BOOLEAN: "bool",
    Edm.INT32: "int",
    Edm.BINARY: "bytes",
    Edm.DATE_TIME: "datetime.datetime",
}


def model(name: str) -> type:
    """The SDK's class for a type."""
    module = importlib.import_module(f"msgraph_beta.generated.models.{MODULES[name.lower()]}")
    var: type = next(value for key, value in vars(module).items() if key.lower() == name.lower())
    return var


def fields(kind: type) -> dict[str, str]:
    """What the SDK knows of a type, itself and inherited: the name in small letters -> the type in words."""
    results: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        for name, words in vars(each).get("__annotations__", {}).items():
            inner = re.fullmatch(r"Optional\[(.*)\]", str(words))
            if inner is not None and name not in ("odata_type", "backing_store", "additional_data"):
                results[name.replace("_", "")] = inner.group(1).lower()
    return results


def words_of(prop: Property) -> str:
    name = PRIMITIVES[prop.type] if isinstance(prop.type, Edm) else prop.type.name
    return f"list[{name}]".lower() if prop.collection else name.lower()


def ours(kind: Entity) -> dict[str, str]:
    by_key = {name.lower(): words_of(prop) for name, prop in kind.properties_in(Version.BETA).items()}
    for navigation in kind.every_navigation():
        by_key[navigation.name.lower()] = (
            f"list[{navigation.target}]".lower() if navigation.collection else navigation.target.lower()
        )
    return by_key


def test_a_type_has_the_base_of_the_sdks(subtests: pytest.Subtests) -> None:
    for kind in PROFILES:
        with subtests.test(kind.name):
            assert kind.base is not None
            assert model(kind.name).__mro__[1].__name__.lower() == kind.base.name.lower()


def test_a_type_has_the_properties_of_the_sdks(subtests: pytest.Subtests) -> None:
    for kind in [kind for kind in PROFILES if not kind.open]:
        with subtests.test(kind.name):
            assert ours(kind) == fields(model(kind.name))


def test_a_type_is_written_as_the_sdk_writes_it(subtests: pytest.Subtests) -> None:
    for kind in [kind for kind in PROFILES if not kind.abstract]:
        with subtests.test(kind.name):
            assert model(kind.name)().odata_type in (kind.odata_type, None)


def test_enumerations_have_the_members_of_the_sdks() -> None:
    checked = set()
    for kind in PROFILES:
        for prop in kind.properties_in(Version.BETA).values():
            if isinstance(prop.type, EnumType):
                assert tuple(member.value for member in model(prop.type.name)) == prop.type.members, prop.type.name  # type: ignore[attr-defined]
                checked.add(prop.type.name)
    assert {"appleSubjectNameFormat", "easServices", "hashAlgorithms", "keySize"} <= checked
