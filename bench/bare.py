"""The floor of a check-in: a bare FastAPI endpoint with the same body, the same model, and nothing behind it."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

from fauxtune.surfaces.devices.android.messages import ReportStatus

app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)


@app.post("/mdm/{tenant}/android/v1/enterprises/{enterprise}/devices/{device}:reportStatus")
async def report_status(tenant: str, enterprise: str, device: str, message: ReportStatus) -> dict[str, Any]:
    """Read the body, answer."""
    return {"policyVersion": message.applied_policy_version, "pendingOperations": 0}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", http="httptools", loop="uvloop", access_log=False)
