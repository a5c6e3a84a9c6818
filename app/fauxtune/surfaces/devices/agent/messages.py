"""The messages of a management agent as typed values, read from and written as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from fauxtune.core.model.text import STORABLE
from fauxtune.core.policies.script_runs import Part

#: Characters of an output that are read; fewer are kept.
_LONGEST = 64 * 1024
Id = Annotated[str, StringConstraints(min_length=1, max_length=64), STORABLE]
Output = Annotated[str, StringConstraints(max_length=_LONGEST), STORABLE]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
ExitCode = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


class _Message(BaseModel):
    """A message. Unknown members are ignored: agents are newer than servers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class ScriptResult(_Message):
    """What a part of a script brought."""

    part: Part = Part.SCRIPT
    exit_code: ExitCode
    output: Output = ""
    error: Output = ""


class ScriptReport(_Message):
    """A run of a script, with the number of its order."""

    id: Id
    run: Count
    results: Annotated[tuple[ScriptResult, ...], Field(min_length=1, max_length=3)]


class AppReport(_Message):
    """What became of an app: `exitCode` of the command that was run, none if none was; whether the app is detected now,
    and in which version. `content`: that of the order.
    """

    id: Id
    content: Annotated[str, StringConstraints(max_length=64), STORABLE] = ""
    detected: bool
    exit_code: ExitCode | None = None
    version: Annotated[str, StringConstraints(max_length=64), STORABLE] | None = None


class AgentRequest(_Message):
    """What the agent has done since it asked last. `userIsHere`: the device's user is signed in."""

    user_is_here: bool = True
    scripts: Annotated[tuple[ScriptReport, ...], Field(max_length=64)] = ()
    apps: Annotated[tuple[AppReport, ...], Field(max_length=64)] = ()


class ScriptOrder(_Message):
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


class AppOrder(_Message):
    """What to do about an app. Before an install the agent detects the app, and runs nothing if it is there. `address`:
    path and query of its content, encrypted as it was uploaded; `digest`: the SHA-256 of that.
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


class AgentAnswer(_Message):
    """What the agent is to do now. It reports at once, and asks until there is nothing to do; then it asks at
    `askAgainAt`, on the tenant's clock, or when the device is pushed.
    """

    scripts: list[ScriptOrder]
    apps: list[AppOrder]
    ask_again_at: datetime


class Reason(_Message):
    """A code for programs, and a sentence."""

    code: str
    message: str


class AgentRefusal(_Message):
    """The reason of a refusal."""

    error: Reason
