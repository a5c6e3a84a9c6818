"""What a management agent says, as typed values read from JSON."""

from __future__ import annotations

from typing import Annotated

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


class Message(BaseModel):
    """A message. Unknown members are ignored: agents are newer than servers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class ScriptResult(Message):
    """What a part of a script brought."""

    part: Part = Part.SCRIPT
    exit_code: ExitCode
    output: Output = ""
    error: Output = ""


class ScriptReport(Message):
    """A run of a script, with the number of its order."""

    id: Id
    run: Count
    results: Annotated[tuple[ScriptResult, ...], Field(min_length=1, max_length=3)]


class AppReport(Message):
    """What became of an app: `exitCode` of the command that was run, none if none was; whether the app is detected now,
    and in which version. `content`: that of the order.
    """

    id: Id
    content: Annotated[str, StringConstraints(max_length=64), STORABLE] = ""
    detected: bool
    exit_code: ExitCode | None = None
    version: Annotated[str, StringConstraints(max_length=64), STORABLE] | None = None


class AgentRequest(Message):
    """What the agent has done since it asked last. `userIsHere`: the device's user is signed in."""

    user_is_here: bool = True
    scripts: Annotated[tuple[ScriptReport, ...], Field(max_length=64)] = ()
    apps: Annotated[tuple[AppReport, ...], Field(max_length=64)] = ()
