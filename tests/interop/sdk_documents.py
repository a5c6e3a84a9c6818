"""Documents as typed objects of Microsoft's SDKs, and what the SDKs write for these."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from kiota_serialization_json.json_serialization_writer import JsonSerializationWriter

from tests.interop.sdk import Sdk

_JSON = "application/json"


def typed(sdk: Sdk, model: str, *, document: bytes) -> Any:
    """Return the SDK's object for a document. Of flags the SDK reads a list and writes one, so one is left."""
    node = JsonParseNodeFactory().get_root_parse_node(_JSON, document)
    return single_flags(node.get_object_value(sdk.model(model)))


def single_flags(model: Any) -> Any:
    """Return the object with one flag where the SDK has a list of them and writes one."""
    for field in fields(model):
        value = getattr(model, field.name)
        for part in value if isinstance(value, list) else [value]:
            if is_dataclass(part):
                single_flags(part)
        if isinstance(value, list) and value and isinstance(value[0], Enum) and "List" not in str(field.type).title():
            setattr(model, field.name, value[0])
    return model


def written(model: Any) -> dict[str, Any]:
    """Return what the SDK writes for an object."""
    writer = JsonSerializationWriter()
    writer.write_object_value(None, single_flags(model))
    document: dict[str, Any] = json.loads(writer.get_serialized_content())
    return document
