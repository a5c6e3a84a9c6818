"""The document that others generate clients from: every call has a name, a summary, an answer and a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.openapi import documents

Call = tuple[str, str, dict[str, Any]]


@pytest.fixture
def calls() -> list[Call]:
    """Path, method and description of every call."""
    paths = documents()["control"]["paths"]
    results = [(path, method, call) for path, methods in paths.items() for method, call in methods.items()]
    assert results
    return results


def test_every_call_is_named_once(calls: list[Call]) -> None:
    names = [call["operationId"] for _, _, call in calls]
    assert len(set(names)) == len(names)
    assert all(call["summary"] and call["description"] for _, _, call in calls)


def test_every_answer_has_a_shape(calls: list[Call]) -> None:
    for path, method, call in calls:
        good = next(answer for status, answer in call["responses"].items() if status.startswith("2"))
        if "204" in call["responses"]:
            assert "content" not in good, (method, path)
        elif method != "delete" and "{provider}" not in path and not path.endswith("/raw"):
            (content,) = good["content"].values()
            shapes = content["schema"].get("anyOf", [content["schema"]])
            assert all("$ref" in shape for shape in shapes), (method, path)


def test_every_refusal_is_the_envelope(calls: list[Call]) -> None:
    for path, method, call in calls:
        assert "422" not in call["responses"], (method, path)
        schema = call["responses"]["default"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Refusal"}


def test_the_token_is_documented(calls: list[Call]) -> None:
    assert all(call["security"] for _, _, call in calls)
    (scheme,) = documents()["control"]["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
