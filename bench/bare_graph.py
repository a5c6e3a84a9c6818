"""The floors of Graph: a bare FastAPI endpoint behind the same token check, and one that sends bytes from memory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from joserfc.jwk import RSAKey

from fauxtune.operations.runtime.access_tokens import TokenIssuer
from fauxtune.server.system import SystemClock, SystemIds

app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)


@app.get("/one/{device}")
async def one(request: Request, device: str) -> dict[str, Any]:
    """Check the token, answer."""
    request.app.state.tokens.check(request.headers["authorization"].removeprefix("Bearer "))
    return {"id": device}


@app.get("/page")
async def page(request: Request) -> Response:
    """Send the bytes of a page of a list."""
    return Response(request.app.state.page, media_type="application/json")


if __name__ == "__main__":
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    key = RSAKey.import_key((folder / "token.pem").read_bytes())
    app.state.tokens = TokenIssuer(lambda: key, clock=SystemClock(), ids=SystemIds())
    app.state.page = (folder / "page.json").read_bytes()
    uvicorn.run(app, port=port, log_level="warning", http="httptools", loop="uvloop", access_log=False)
