"""The floors of a check-in: endpoints at the same address with nothing behind them, from the dearest to the barest."""

from __future__ import annotations

import re
import sys
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fauxtune.surfaces.devices.android.messages import ReportStatus

_PATH = "/mdm/{tenant}/android/v1/enterprises/{enterprise}/devices/{device}:reportStatus"
_PATTERN = re.compile(re.sub(r"\{\w+\}", "[^/]+", _PATH))

validating = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
reading = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)


@validating.post(_PATH)
async def validate(tenant: str, enterprise: str, device: str, message: ReportStatus) -> dict[str, Any]:
    """Read the body into the same model as the product has for it, answer."""
    return {"policyVersion": message.applied_policy_version, "pendingOperations": 0}


@reading.post(_PATH)
async def read(tenant: str, enterprise: str, device: str, request: Request) -> Response:
    """Read the body as JSON, answer."""
    return _answer(await request.body())


async def _of_starlette(request: Request) -> Response:
    return _answer(await request.body())


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body as JSON, answer, without a framework."""
    if scope["type"] != "http":
        return
    assert _PATTERN.fullmatch(scope["path"])
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message.get("more_body", False)
    answer = _answer(body)
    await send({"type": "http.response.start", "status": 200, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": answer.body})


def _answer(body: bytes) -> Response:
    version = orjson.loads(body)["appliedPolicyVersion"]
    content = orjson.dumps({"policyVersion": version, "pendingOperations": 0})
    return Response(content, media_type="application/json")


#: What each floor does, in the words of the table.
FLOORS: dict[str, ASGIApp] = {
    "FastAPI validates": validating,
    "FastAPI reads": reading,
    "Starlette reads": Starlette(routes=[Route(_PATH, _of_starlette, methods=["POST"])]),
    "ASGI function": bare,
}


if __name__ == "__main__":
    port, floor = int(sys.argv[1]), FLOORS[sys.argv[2]]
    uvicorn.run(floor, port=port, log_level="warning", http="httptools", loop="uvloop", access_log=False)
