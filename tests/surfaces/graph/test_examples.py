"""The examples in openapi/graph.json are real answers: those of one small tenant, recorded by `make examples`.

Here the same tenant is made anew, and what it answers must have the shape of what was recorded.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable, Iterable
from importlib import resources
from typing import Any

import httpx
import pytest

from fauxtune.core.odata.describe.openapi import operation_id
from fauxtune.core.odata.schema.types import Version
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.graph.routes import ROUTES
from tests.support.certificates import PfxImport
from tests.support.clock import FixedClock
from tests.surfaces.graph.conftest import Enroll

FILE = resources.files("fauxtune_docs") / "examples.json"
#: Characters of a line of that file, at most, but for a longer text.
LONGEST = 200
Json = dict[str, Any]
Change = Callable[..., Awaitable[Json]]
_PROFILES = "deviceManagement/deviceConfigurations"
_ALL_USERS = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}


def _short(document: Json) -> Json:
    """One element of a list tells enough: the one whose shape sorts first, for equals in time have no order."""
    value = document.get("value")
    if isinstance(value, list) and value:
        return {**document, "value": [min(value, key=lambda each: json.dumps(_shape(each)))]}
    return document


def _shape(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _shape(value) for key, value in sorted(node.items())}
    if isinstance(node, list):
        return [_shape(node[0])] if node else []
    return type(node).__name__


class Recorder:
    """Calls operations by their templates, and keeps what they answer."""

    def __init__(self, clients: dict[Version, httpx.AsyncClient]) -> None:
        self.clients = clients
        self.keys: dict[str, str] = {}
        self.answers: dict[str, Json] = {}
        self._routes = {(route.method, route.template): route for route in ROUTES}

    async def change(self, method: str, template: str, *, body: Json | None = None) -> Json:
        """A change in beta; what it answers is an example."""
        answer = await self.clients[Version.BETA].request(method, self._path(template), json=body)
        assert answer.is_success, (template, answer.text)
        if answer.status_code == httpx.codes.NO_CONTENT:
            return {}
        document: Json = answer.json()
        self.answers[operation_id(self._routes[method, template], version=Version.BETA)] = _short(document)
        return document

    async def read_all(self) -> None:
        """Every read for whose keys there is something in this tenant."""
        for version, client in self.clients.items():
            for route in ROUTES:
                known = set(route.key_names) <= self.keys.keys()
                if route.method != "GET" or route.returns is None or route.status != 200 or not known:
                    continue
                if route.beta_only and version is Version.V1:
                    continue
                answer = await client.get(self._path(route.template))
                if answer.status_code == httpx.codes.OK:
                    self.answers[operation_id(route, version=version)] = _short(answer.json())

    def _path(self, template: str) -> str:
        return "/" + re.sub(r"\{(\w+)\}", lambda key: self.keys[key[1]], template)


@pytest.fixture
async def tape(
    beta: httpx.AsyncClient,
    v1: httpx.AsyncClient,
    *,
    enroll: Enroll,
    root_file: str,
    file_of_alice: PfxImport,
) -> Recorder:
    """What a tenant answers with a user, a group, a root, a PKCS profile, an imported certificate and a phone."""
    tape = Recorder({Version.V1: v1, Version.BETA: beta})
    about = {"displayName": "S/MIME", "mailEnabled": False, "mailNickname": "smime", "securityEnabled": True}
    group = await tape.change("POST", "groups", body=about)
    tape.keys |= {"group": group["id"], "user": "alice@contoso.example"}
    user = (await beta.get("/users/alice@contoso.example")).json()
    tape.keys["object"] = user["id"]
    await beta.post(f"/groups/{group['id']}/members/$ref", json={"@odata.id": f"{beta.base_url}users/{user['id']}"})
    root = {
        "@odata.type": "#microsoft.graph.androidWorkProfileTrustedRootCertificate",
        "displayName": "Contoso root",
        "certFileName": "contoso.cer",
        "trustedRootCertificate": root_file,
    }
    pkcs = {
        "@odata.type": "#microsoft.graph.androidWorkProfilePkcsCertificateProfile",
        "displayName": "S/MIME signing",
        "certificationAuthority": "ca.contoso.example",
        "certificationAuthorityName": "Contoso Issuing CA",
        "certificateTemplateName": "SmimeSigning",
    }
    everyone = {"assignments": [{"target": _ALL_USERS}]}
    for body in (root, pkcs):
        change = await tape.change("POST", _PROFILES, body=body)
        tape.keys["profile"] = change["id"]
        assigned = await tape.change("POST", f"{_PROFILES}/{{profile}}/assign", body=everyone)
        tape.keys["assignment"] = assigned["value"][0]["id"]
    await tape.change("PATCH", f"{_PROFILES}/{{profile}}", body={"description": "One certificate for each device"})
    certificate = await tape.change(
        "POST", "deviceManagement/userPfxCertificates", body=file_of_alice.body("alice@contoso.example")
    )
    tape.keys["certificate"] = certificate["id"]
    phone = await enroll("alice", serial="R5CT1234")
    await phone.settle()
    tape.keys["device"] = phone.managed_device_id
    await tape.read_all()
    return tape


def laid_out(answers: dict[str, Json]) -> str:
    """Return JSON in which each answer begins a line of its own, and fills as many as it needs."""
    encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
    filled = (_filled(f'"{name}": ', encoder.iterencode(answers[name])) for name in sorted(answers))
    return "{\n" + ",\n".join(filled) + "\n}\n"


def _filled(line: str, parts: Iterable[str]) -> str:
    lines = []
    for part in parts:
        if len(line) + len(part) > LONGEST:
            lines.append(line.rstrip())
            line = " "
        line += part.lstrip() if line == " " else part
    return "\n".join([*lines, line])


async def test_what_is_answered_has_the_shape_of_the_examples(tape: Recorder) -> None:
    recorded = tape.answers
    if os.environ.get("FAUXTUNE_RECORD"):
        resources.as_file(FILE).__enter__().write_text(laid_out(recorded), encoding="utf-8")
    examples = json.loads(FILE.read_text(encoding="utf-8"))
    assert {name: _shape(answer) for name, answer in recorded.items()} == {
        name: _shape(answer) for name, answer in examples.items()
    }, "record them anew: make examples"


async def test_what_says_nothing_of_the_moment_is_the_same_later(
    tape: Recorder, emulator: Emulator, clock: FixedClock
) -> None:
    """What was answered is kept until something is written: so nothing else may change it."""
    before = tape.answers
    tape.answers = {}
    clock.forward(minutes=30)
    emulator.runner.database.state = object()
    await tape.read_all()
    assert tape.answers.keys() <= before.keys()
    assert len(tape.answers) > len(ROUTES) // 20
    dated = {operation_id(route, version=version) for route in ROUTES for version in Version if route.dated}
    changed = {name for name, answer in tape.answers.items() if name not in dated and answer != before[name]}
    assert not changed
