"""What a management agent is answered, as typed values that become JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fauxtune.surfaces.devices.agent.messages import Message


class ScriptOrder(Message):
    """A script to run. `content`: base64 of it. Of a remediation it is the detection; if that ends with exit code 1,
    `remediation` (base64) runs, unless it is null, and after its success the detection once more.
    """

    id: str
    run: int
    name: str
    kind: Literal["powerShell", "shell", "customAttribute", "remediation", "compliance"]
    run_as: Literal["system", "user"]
    content: str
    remediation: str | None = None


class AppOrder(Message):
    """What to do about an app. Before an install the agent detects the app, and runs nothing if it is there. `address`:
    path and query of its content, encrypted as it was uploaded; `digest`: the SHA-256 of that. `detectionScript`
    (base64): the app is there if it ends with exit code 0 and has written something; null: it is detected otherwise.
    """

    id: str
    action: Literal["detect", "install", "uninstall"]
    name: str
    kind: str
    content: str
    version: str
    command_line: str
    run_as: Literal["system", "user"]
    address: str | None = None
    digest: str | None = None
    detection_script: str | None = None


class AgentAnswer(Message):
    """What the agent is to do now. It reports at once, and asks until there is nothing to do; then it asks at
    `askAgainAt`, on the tenant's clock, or when the device is pushed.
    """

    scripts: list[ScriptOrder]
    apps: list[AppOrder]
    ask_again_at: datetime


class Reason(Message):
    """A code for programs, and a sentence."""

    code: str
    message: str


class AgentRefusal(Message):
    """The reason of a refusal."""

    error: Reason
