"""Schemathesis reads the document of Graph's surface, calls what it finds there, and compares the answers with it.

Every operation that is emulated is called in one of the two versions, with bodies and options that the document allows
and with some that it forbids; every second time its keys are those of something that exists. What the examples are
depends on nothing but the document, and reads come before changes, changes before deletions. Operations that take the
same options and body are called with the same examples, which are made once. `make soak` makes many more of them.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import httpx
import pytest
import requests
import schemathesis
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, Phase, given, settings
from requests.structures import CaseInsensitiveDict
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from tests.support.openapi import documents
from tests.support.populated_tenant import Population
from tests.surfaces.conftest import (  # noqa: F401 - fixtures
    app,
    app_token,
    applications,
    clock,
    emulator,
    emulator_folder,
    http,
    postgresql_template,
    seeded,
    sqlite_template,
    tenant,
    tokens,
)
from tests.surfaces.graph.conftest import Enroll, beta, connector_key, csr, enroll, root_file  # noqa: F401 - fixtures

ORIGIN = "https://localhost:8443"
#: Of those that the document allows, for each operation. The first is the smallest there is.
EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "2"))
_KEY = re.compile(r"\{(\w+)\}")
_ORDER = {"get": 0, "post": 1, "patch": 2, "put": 2, "delete": 4}
#: They end what others are about.
_LAST = ("/wipe", "/retire", "/executeAction")
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


class Fuzzer:
    """Calls operations, and keeps count of what they answered and list of what they should not have."""

    def __init__(self, graph: httpx.AsyncClient, document: dict[str, Any]) -> None:
        self.graph = graph
        self.document = document
        # The client has its token. Of an operation that wants one schemathesis breaks that first, and nothing else.
        unguarded = {name: value for name, value in document.items() if name != "security"}
        self.schema = schemathesis.openapi.from_dict(unguarded)
        self.answered: Counter[int] = Counter()
        self.wrong: list[str] = []
        self._examples: dict[tuple[str, GenerationMode], list[Case[Any]]] = {}
        self._longest: dict[str, Any] = {}
        self._first: dict[str, str] = {}
        self._read: set[httpx.URL] = set()

    def operations(self, *, every: bool = False) -> list[Any]:
        """In the order in which they are called; each in one version only, unless `every` is wanted."""
        results = []
        for result in self.schema.get_all_operations():
            assert isinstance(result, Ok), result
            results.append(result.ok())
        results = [result for result in results if next(iter(result.definition.raw["responses"])) != "501"]
        if not every:
            known: set[tuple[str, str]] = {(result.method, result.path) for result in results}
            results = [result for result in results if _is_chosen(result, known)]
        # An example for the most keys is one for fewer, too.
        self._longest = {
            _takes(apioperation): apioperation
            for apioperation in sorted(results, key=lambda apioperation: len(_path_names(apioperation)))
        }
        return sorted(results, key=lambda each: (_rank(each), each.path))

    async def fuzz(self, operation: Any, *, examples: int) -> None:
        """Some calls of the operation."""
        existing = await self._existing(operation.path)
        modes = [(GenerationMode.POSITIVE, examples)]
        if operation.query.items or operation.body.items:  # else there is nothing to break: any text is a key
            modes.append((GenerationMode.NEGATIVE, (examples + 1) // 2))
        for mode, number in modes:
            for turn, case in enumerate(self._cases(operation, mode=mode, number=number)):
                if turn % 2 == 0:
                    case.path_parameters.update(existing)
                await self._call(case)

    def _cases(self, operation: Any, *, mode: GenerationMode, number: int) -> Iterator[Case[Any]]:
        """Examples for the operation: Hypothesis, which is not random here, would make the same ones for each alike."""
        key = _takes(operation), mode
        if key not in self._examples:
            self._examples[key] = _made(self._longest[key[0]], mode=mode, number=number)
        for example in self._examples[key]:
            names = zip(_path_names(operation), _path_names(example.operation), strict=False)
            yield operation.Case(
                path_parameters={mine: example.path_parameters[its] for mine, its in names},
                headers=example.headers,
                query=dict(example.query),
                body=example.body,
                media_type=example.media_type,
                _meta=example.meta,
            )

    async def _call(self, case: Case[Any]) -> None:
        kwargs = case.as_transport_kwargs(base_url=ORIGIN)
        if "json" in kwargs:
            body: dict[str, Any] = {"json": kwargs["json"]}
        elif "data" in kwargs:
            body = {"content": kwargs["data"], "headers": {"content-type": "application/json"}}
        else:
            body = {"content": b""}
        request = self.graph.build_request(
            kwargs["method"], kwargs["url"], params=dict(_flat(kwargs["params"])), **body
        )
        if request.url in self._read and request.method == "GET":
            return  # the same example again, or one that differs in keys that were replaced
        answer = await self.graph.send(request)
        if request.method == "GET":
            self._read.add(request.url)
        elif answer.is_success:
            self._first.clear()
        self.answered[answer.status_code] += 1
        result = self._told(case, answer)
        if result:
            self.wrong.append(f"{request.method} {request.url} {request.content[:500]!r}: {result}")

    def _told(self, case: Case[Any], answer: httpx.Response) -> str:
        documented = set(case.operation.definition.raw["responses"])
        if str(answer.status_code) not in documented:
            return f"{answer.status_code} is not documented: {answer.text}"
        # What is documented as not emulated is no failure of the server.
        result = CHECKS[answer.status_code == httpx.codes.NOT_IMPLEMENTED :]
        try:
            case.validate_response(_as_checked(answer), checks=result)
        except AssertionError as error:
            return str(error)
        except schemathesis.core.failures.FailureGroup as group:
            return "; ".join(str(exception) for exception in group.exceptions)
        return ""

    async def _existing(self, path: str) -> dict[str, str]:
        """Values for the keys of the path, from the collections that are before them."""
        keys: dict[str, str] = {}
        version, *_ = path.lstrip("/").split("/")
        for match in _KEY.finditer(path):
            before = _KEY.sub(lambda key: keys.get(key[1], "x"), path[: match.start()])
            if before.lower().endswith("/directoryobjects/"):
                before = f"/{version}/groups"
            keys[match[1]] = await self._first_of(before)
        return keys

    async def _first_of(self, collection: str) -> str:
        """The id of something in a collection, which is read again only after a change."""
        if collection not in self._first:
            answer = await self.graph.get(f"{ORIGIN}{collection}")
            value = answer.json().get("value") if answer.status_code == httpx.codes.OK else None
            self._first[collection] = value[0]["id"] if value else "x"
        return self._first[collection]


def _is_chosen(operation: Any, known: set[tuple[str, str]]) -> bool:
    # The document of a service (`/v1.0`) has nothing behind the version.
    version, _, rest = operation.path.removeprefix("/").partition("/")
    other = "beta" if version == "v1.0" else "v1.0"
    if (operation.method, f"/{other}/{rest}") not in known:
        return True
    in_beta = crc32(f"{operation.method} {rest}".encode()) % 2 == 0
    return bool(in_beta == (version == "beta"))


def _rank(operation: Any) -> int:
    return 3 if operation.path.endswith(_LAST) else _ORDER[operation.method]


def _path_names(operation: Any) -> list[str]:
    return sorted(parameter.name for parameter in operation.path_parameters.items)


def _takes(operation: Any) -> str:
    """What the operation takes beside the keys in its path, which are texts everywhere."""
    more = [item.definition for part in (operation.query, operation.headers, operation.cookies) for item in part.items]
    return json.dumps([more, operation.definition.raw.get("requestBody")], sort_keys=True)


def _made(operation: Any, *, mode: GenerationMode, number: int) -> list[Case[Any]]:
    results: list[Case[Any]] = []

    @settings(
        max_examples=number,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def draw(case: Case[Any]) -> None:
        results.append(case)

    draw()
    return results


def _as_checked(answer: httpx.Response) -> Response:
    """The answer for Schemathesis, which would prepare its request once more: that takes longer than all checks."""
    request = requests.PreparedRequest()
    request.method, request.url = answer.request.method, str(answer.request.url)
    request.headers = CaseInsensitiveDict(answer.request.headers)
    request.body = answer.request.content
    return Response(
        status_code=answer.status_code,
        headers={name: answer.headers.get_list(name) for name in answer.headers},
        content=answer.content,
        request=request,
        elapsed=answer.elapsed.total_seconds(),
        verify=True,
        encoding=answer.charset_encoding,
    )


def _flat(params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        yield name, value if isinstance(value, str) else str(value)


@pytest.fixture
async def fuzzer(
    beta: httpx.AsyncClient,  # noqa: F811
    enroll: Enroll,  # noqa: F811
    root_file: str,  # noqa: F811
    *,
    raw_rsa_keys: list[rsa.RSAPrivateKey],
    connector_key: rsa.RSAPublicKey,  # noqa: F811
) -> Fuzzer:
    """A tenant that has something of everything, and who will call its operations."""
    await Population(beta, enroll, root_file, raw_rsa_keys, connector_key).populate()
    return Fuzzer(beta, documents()["graph"])


@pytest.mark.timeout(900)  # thousands of calls: minutes where others work too
async def test_every_answer_is_one_that_the_document_announces(fuzzer: Fuzzer) -> None:
    operations = fuzzer.operations()
    for operation in operations:
        await fuzzer.fuzz(operation, examples=EXAMPLES)
    assert fuzzer.wrong == []
    assert fuzzer.answered[200] > len(operations) / 4, "most of what is called should exist"
