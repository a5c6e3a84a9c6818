"""The probe over an application in this process, and a tenant that it can be tried on."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from typing import Any, TypeVar

import httpx

from fauxtune_probe.core.model import Answer, Expectation, Outcome, Request
from fauxtune_probe.core.trying import Run, trying

ORIGIN = "https://localhost:8443"
R = TypeVar("R")


async def drive(trial: Generator[Request, Answer, R], *, graph: httpx.AsyncClient) -> R:
    """Send what a generator of the probe asks for, and return its result."""
    answer: Answer | None = None
    while True:
        try:
            request = next(trial) if answer is None else trial.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result
        answer = await send(request, graph=graph)


async def send(request: Request, *, graph: httpx.AsyncClient) -> Answer:
    """Send one request of the probe."""
    headers = dict(request.headers)
    if not request.signed:
        headers.setdefault("authorization", "")
    content: dict[str, Any] = {} if request.body is None else {"json": request.body}
    if request.content is not None:
        content = {"content": request.content}
    answer = await graph.request(request.method, f"{ORIGIN}{request.path}", headers=headers, **content)
    try:
        document = answer.json() if answer.content else None
    except json.JSONDecodeError:
        document = None
    names = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status_code, names, answer.text, document, str(answer.url))


async def probe(expectations: Iterable[Expectation], run: Run, *, graph: httpx.AsyncClient) -> list[Outcome]:
    """Try expectations in each of their versions."""
    return [
        await drive(trying(expectation, version=version, run=run), graph=graph)
        for expectation in expectations
        for version in expectation.versions
    ]
