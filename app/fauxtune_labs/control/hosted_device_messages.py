"""The bodies and answers of the control surface about the simulated devices that this server holds."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt
from pydantic.alias_generators import to_camel

from fauxtune.core.model.text import JsonObject, Text
from fauxtune.operations.tenants.seed_contents import DeviceMode, DevicePlatform
from fauxtune.surfaces.control.answers import Answer

Item = Literal["root", "pkcs", "imported", "scep", "email", "setting", "app"]


class _Body(BaseModel):
    """Unknown members are refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class NewHostedDevice(_Body):
    """A simulated device; the members are those of a device in a seed."""

    user: Text = Field(examples=["alice"], description="the user for whom it is enrolled; the domain may be left out")
    platform: DevicePlatform
    mode: DeviceMode | None = Field(default=None, description="how an Android device is managed")
    name: Text | None = Field(default=None, description='without it such as "alice\'s iPhone"')
    facts: JsonObject = Field(
        default_factory=dict,
        examples=[{"isEncrypted": False}],
        description="what it reports, by the names of managedDevice",
    )


class ScriptOutcome(_Body):
    """How a script ends. Of a remediation `exitCode` 1 is an issue, `remediation` the exit code of what follows it."""

    exit_code: StrictInt = 0
    output: Text = Field(default="", max_length=2048)
    error: Text = Field(default="", max_length=2048)
    remediation: StrictInt = 0
    fixes: StrictBool = Field(default=True, description="whether the issue is gone after the remediation")


class HostedDeviceChange(_Body):
    """What its owner changes; other members stay."""

    online: StrictBool | None = Field(default=None, description="false: it does not check in until this is true again")
    refuses: list[Item] | None = Field(default=None, description="everything that it refuses from now on")
    facts: JsonObject | None = Field(default=None, examples=[{"isEncrypted": False}])
    scripts: dict[Text, ScriptOutcome] | None = Field(
        default=None,
        max_length=200,
        examples=[{"Map drives": {"exitCode": 1}}],
        description="how scripts end on it from now on, by their names or ids; their texts are never executed",
    )


class HostedDevice(Answer):
    """A simulated device of this server. `enrollment`: its name in its platform's protocol, null when it is not
    enrolled; `ended`: why its last enrolment ended.
    """

    name: str
    platform: str
    mode: str | None
    user_principal_name: str | None
    enrollment: str | None
    ended: str | None
    online: bool
    refuses: list[str]
