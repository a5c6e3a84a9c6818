"""Seeds with all parts: every mistake at once, with its place; and the published schema agrees on their shape."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from fauxtune.core.errors import Invalid
from fauxtune.operations.tenants.seed_further_parts import FullSeed
from fauxtune.operations.tenants.seed_reading import check_seed, load_seed
from fauxtune.operations.tenants.seeds import BUILT_IN, parse_seed

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "lakeside.json"
SCHEMA = json.loads((ROOT / "openapi" / "seed.schema.json").read_text(encoding="utf-8"))

WRONG = """{
  "users": [
    {"userPrincipalName": "amir"},
    {"userPrincipalName": "Amir", "colour": "red"}
  ],
  "groups": [{"displayName": "Class", "members": ["bea"]}],
  "settings": {"requireTrustedRoots": true},
  "clock": {"now": "tomorrow"},
  "connectors": [{"name": "A", "state": "asleep"}, {"name": "a"}],
  "profiles": [
    {"kind": "pkcs", "platforms": ["ios"], "assign": ["Klass"]},
    {"kind": "email", "name": "Mail", "signing": "Sining"},
    {"kind": "vpn", "name": "S"},
    {"graph": {"displayName": "G"}, "name": "G"}
  ],
  "assignments": [{"profile": "Nothing", "assign": ["Class"], "exclude": ["all users"]}],
  "imports": [
    {"user": "amir", "file": "absent.pfx", "password": "x"},
    {"user": "dora", "pfx": "AAAA", "password": "x"},
    {"user": "amir", "pfx": "?", "password": "x"},
    {"user": "amir", "password": "x"}
  ],
  "devices": [
    {"user": "nobody", "platform": "ios", "mode": "knox"},
    {"user": "amir", "platform": "toaster"}
  ],
  "faults": [{"effect": {"status": 777}}],
  "faults": [{"effect": {"status": 777}}]
}"""
PLACES = {
    "/users/1/userPrincipalName": 4,
    "/users/1/colour": 4,
    "/groups/0/members/0": 6,
    "/settings/requireTrustedRoots": 7,
    "/clock/now": 8,
    "/connectors/0/state": 9,
    "/connectors/1/name": 9,
    "/profiles/0/name": 11,
    "/profiles/0/assign/0": 11,
    "/profiles/1/mailServer": 12,
    "/profiles/1/signing": 12,
    "/profiles/2/kind": 13,
    "/profiles/3/name": 14,
    "/assignments/0/profile": 16,
    "/assignments/0/exclude/0": 16,
    "/imports/0/file": 18,
    "/imports/1/user": 19,
    "/imports/1/pfx": 19,
    "/imports/2/pfx": 20,
    "/imports/3/pfx": 21,
    "/devices/0/user": 24,
    "/devices/0/mode": 24,
    "/devices/1/platform": 25,
    "/faults": 28,
    "/faults/0": 28,
}


def test_all_mistakes_are_found_at_once_with_their_lines(tmp_path: Path) -> None:
    mistakes = check_seed(WRONG, folder=tmp_path)
    places = {mistake.pointer: mistake.line for mistake in mistakes}
    assert places == PLACES
    assert all(mistake.why for mistake in mistakes)
    why = {mistake.pointer: mistake.why for mistake in mistakes}
    assert why["/profiles/2/kind"].startswith("\"vpn\" is not one of 'root', 'pkcs',"), "the value is named"
    assert not any("Input should" in each for each in why.values())


def test_what_is_no_json_is_said_with_its_line(tmp_path: Path) -> None:
    (mistake,) = check_seed('{\n"users": [,]}', folder=tmp_path)
    assert (mistake.line, mistake.pointer) == (2, "")
    (mistake,) = check_seed("[1]", folder=tmp_path)
    assert mistake.why


def test_what_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    for text in ("[" * 100_000, f'{{"users": {"9" * 5000}}}'):
        (mistake,) = check_seed(text, folder=tmp_path)
        assert (mistake.pointer, mistake.line, "nested too deep" in mistake.why) == ("", None, True)
    mistakes = check_seed('{"imports": [{"user": "alice", "file": "a\\u0000b"}]}', folder=tmp_path)
    assert [
        placed_mistake.pointer
        for placed_mistake in mistakes
        if "cannot be read: embedded null byte" in placed_mistake.why
    ] == ["/imports/0/file"]


def test_the_example_has_no_mistakes_and_its_file_comes_along() -> None:
    assert check_seed(EXAMPLE.read_text(encoding="utf-8"), folder=EXAMPLE.parent) == []
    seed = parse_seed(load_seed(EXAMPLE))
    assert isinstance(seed, FullSeed)
    assert base64.b64decode(seed.imports[0].pfx or "") == EXAMPLE.with_name("vera.pfx").read_bytes()


def test_a_wrong_password_is_found_before_anything_is_created(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace('"password": "lakeside"', '"password": "seaside"')
    (mistake,) = check_seed(text, folder=EXAMPLE.parent)
    assert mistake.pointer == "/imports/0/pfx"
    assert "password" in mistake.why


def test_a_path_is_refused_where_nobody_opened_it() -> None:
    seed = {"name": "n", "domain": "n.example", "imports": [{"user": "a", "file": "/etc/passwd", "password": "x"}]}
    with pytest.raises(Invalid, match=r"imports\.0\.file: a path is read only in a seed file"):
        parse_seed(seed)


def _without(document: Any) -> Any:
    """Each document that lacks one member, or has one too many, at any depth."""
    if isinstance(document, dict):
        yield {**document, "unheardOf": 1}
        for name, value in document.items():
            yield {key: each for key, each in document.items() if key != name}
            yield {**document, name: [7.5]}
            for other in _without(value):
                yield {**document, name: other}
    elif isinstance(document, list):
        for at, value in enumerate(document[:2]):
            for other in _without(value):
                yield [*document[:at], other, *document[at + 1 :]]


@pytest.mark.parametrize("seed", [BUILT_IN, load_seed(EXAMPLE)], ids=["contoso", "lakeside"])
def test_the_schema_accepts_what_is_read_and_refuses_what_is_not(seed: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(SCHEMA)
    assert validator.is_valid(seed)
    documents = list(_without(copy.deepcopy(seed)))
    assert len(documents) > 50
    for document in documents:
        named = {"name": "n", "domain": "n.example", **document}
        if validator.is_valid(document) is not _has_shape(named):
            raise AssertionError(json.dumps(document))


def _has_shape(document: dict[str, Any]) -> bool:
    """Whether a seed is read, apart from what its words say, which no schema can know."""
    try:
        FullSeed.model_validate(document)
    except ValueError as error:
        return {each["type"] for each in error.errors()} <= {"value_error"}  # type: ignore[attr-defined]
    return True
