"""The floor of an Apple device's quiet check-in: a bare FastAPI endpoint that verifies the same signature and reads
the same property list, and nothing behind it.
"""

from __future__ import annotations

import base64
import plistlib
import sys

import uvicorn
from fastapi import FastAPI, Request, Response

from fauxtune.core.pki import signed

app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)


@app.post("/mdm/{tenant}/apple/server")
async def server(tenant: str, request: Request) -> Response:
    """Verify the signature, read the property list, and answer without a command."""
    body = await request.body()
    signed.verify(base64.b64decode(request.headers["mdm-signature"]), body)
    plistlib.loads(body)
    return Response()


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", http="httptools", loop="uvloop", access_log=False)
