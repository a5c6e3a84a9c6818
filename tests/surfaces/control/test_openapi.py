"""The document that others generate clients from: every call has a name, a summary, an answer and a refusal."""

from __future__ import annotations

from fauxtune.server.openapi import documents

DOCUMENT = documents()["control"]
CALLS = [(path, method, call) for path, methods in DOCUMENT["paths"].items() for method, call in methods.items()]


def test_every_call_is_named_once() -> None:
    names = [call["operationId"] for _, _, call in CALLS]
    assert len(set(names)) == len(names)
    assert all(call["summary"] and call["description"] for _, _, call in CALLS)


def test_every_answer_has_a_shape() -> None:
    for path, method, call in CALLS:
        good = next(answer for status, answer in call["responses"].items() if status.startswith("2"))
        if method != "delete" and "{provider}" not in path:
            (content,) = good["content"].values()
            shapes = content["schema"].get("anyOf", [content["schema"]])
            assert all("$ref" in shape for shape in shapes), (method, path)


def test_every_refusal_is_the_envelope() -> None:
    for path, method, call in CALLS:
        assert "422" not in call["responses"], (method, path)
        schema = call["responses"]["default"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Refusal"}


def test_the_token_is_documented() -> None:
    assert all(call["security"] for _, _, call in CALLS)
    (scheme,) = DOCUMENT["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
