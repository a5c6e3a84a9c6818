"""Parameters and answers of the descriptions of device endpoints, in OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def parameter(name: str, description: str, *, place: str = "path", required: bool = False, **schema: Any) -> Json:
    """Return a parameter; a text unless `schema` says otherwise. In a path it is always required."""
    return {
        "name": name,
        "in": place,
        "required": required or place == "path",
        "description": description,
        "schema": {"type": "string"} | schema,
    }


def query(name: str, description: str, *, required: bool = False, **schema: Any) -> Json:
    """Return a parameter of the query."""
    return parameter(name, description, place="query", required=required, **schema)


def answer(description: str, *media_types: str, **schema: Any) -> Json:
    """Return an answer in one of these media types: a text, or with `format="binary"` bytes."""
    content = {"schema": {"type": "string"} | schema}
    return {"description": description, "content": dict.fromkeys(media_types, content)}


#: The parameter in the paths of all endpoints.
TENANT = parameter("tenant_key", "the tenant: its id, name or domain")
