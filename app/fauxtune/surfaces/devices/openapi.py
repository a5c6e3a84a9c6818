"""What the descriptions of device doors are made of: parameters and answers as OpenAPI 3.1 writes them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def parameter(name: str, description: str, *, place: str = "path", required: bool = False, **schema: Any) -> Json:
    """A parameter, which is a text unless `schema` says otherwise. In a path it is required in any case."""
    return {
        "name": name,
        "in": place,
        "required": required or place == "path",
        "description": description,
        "schema": {"type": "string"} | schema,
    }


def query(name: str, description: str, *, required: bool = False, **schema: Any) -> Json:
    """A parameter of the query."""
    return parameter(name, description, place="query", required=required, **schema)


def answer(description: str, *media_types: str, **schema: Any) -> Json:
    """An answer that comes in one of these media types: a text, or with `format="binary"` bytes."""
    kind = {"schema": {"type": "string"} | schema}
    return {"description": description, "content": dict.fromkeys(media_types, kind)}


#: The parameter in the paths of all doors.
TENANT = parameter("tenant_key", "the tenant: its id, name or domain")
