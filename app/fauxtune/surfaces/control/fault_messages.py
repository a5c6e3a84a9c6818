"""The bodies and answers of the control surface about faults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt
from pydantic.alias_generators import to_camel

from fauxtune.core.model.text import JsonObject, Text
from fauxtune.surfaces.control.answers import Answer

_MATCH = (
    "the occasions that it looks at: surface, method, path, operation, device, user, application, connector; those "
    "that are left out match everything"
)
_WHEN = "which of them it strikes: nth, next, every or probability (with seed), and a window of the tenant's time"
_EFFECT = "what happens: status, latency or kind"
_MATCHES = [{"surface": "graph", "method": "GET", "path": "/deviceManagement/managedDevices"}]


class _Body(BaseModel):
    """Unknown members are refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class NewFault(_Body):
    """A fault."""

    match: JsonObject = Field(default_factory=dict, description=_MATCH, examples=_MATCHES)
    when: JsonObject = Field(default_factory=dict, description=_WHEN, examples=[{"nth": 2}])
    effect: JsonObject | None = Field(
        default=None, description=_EFFECT, examples=[{"status": 429, "retryAfter": 7, "punishEarly": True}]
    )
    name: Text | None = Field(default=None, description="for people")
    enabled: StrictBool = True


class FaultChange(_Body):
    """What to change. `match`, `when` and `effect` are replaced as a whole; then the counters begin at 0."""

    match: JsonObject | None = None
    when: JsonObject | None = None
    effect: JsonObject | None = None
    name: Text | None = None
    enabled: StrictBool | None = None


class FaultSet(_Body):
    """A ready-made set, and the seed of its chance."""

    set: Literal["realistic", "chaos"]
    seed: Annotated[StrictInt, Field(ge=0, le=2**32)] = 1


class Nearest(Answer):
    """The request that came nearest to a fault that has looked at none. `differs`: the members of `match` that it does
    not equal.
    """

    request: str
    differs: list[str]


class Fault(Answer):
    """A fault and what it did. `matched`: occasions that it looked at; `hits`: those that it struck; `fired`: whether
    it ever struck; `nearest`: of those that it did not look at, while `matched` is 0 and as far as this process of the
    server has seen one; `warnings`: why it can never strike.
    """

    id: str
    name: str | None
    match: Annotated[dict[str, Any], Field(description=_MATCH)]
    when: Annotated[dict[str, Any], Field(description=_WHEN)]
    effect: Annotated[dict[str, Any], Field(description=_EFFECT)]
    enabled: bool
    matched: int
    hits: int
    fired: bool
    nearest: Nearest | None
    last_hit_date_time: Annotated[str | None, Field(description="of the tenant's clock")]
    created_date_time: str
    warnings: list[str]
