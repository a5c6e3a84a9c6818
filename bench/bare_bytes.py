"""The floor of answers from memory: a bare FastAPI endpoint that sends the bytes of a file."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)


@app.get("/bytes")
async def content(request: Request) -> Response:
    """Send the bytes."""
    return Response(request.app.state.content, media_type="application/octet-stream")


if __name__ == "__main__":
    app.state.content = Path(sys.argv[2]).read_bytes()
    port = int(sys.argv[1])
    uvicorn.run(app, port=port, log_level="warning", http="httptools", loop="uvloop", access_log=False)
