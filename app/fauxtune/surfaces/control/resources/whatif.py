"""What-if: what a request to Graph, or time, would do to devices, without carrying it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from fauxtune.core.clock import parse_duration
from fauxtune.operations.insight import whatif
from fauxtune.operations.insight.unreadable import unreadable
from fauxtune.operations.insight.whatif import Unreadable, what_if
from fauxtune.operations.insight.whatif_outcomes import after_time
from fauxtune.operations.runtime.emulator import ProposedRequest
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.answers import DeviceId, ManagedDeviceId
from fauxtune.surfaces.control.bodies import Answer


class Consequence(Answer):
    """The effect on one item of a device. `why` explains it; `cause` and `document` (of removals and revocations) name
    its rule. Without thumbprint and serial a certificate does not exist yet.
    """

    item: str
    source: str
    profile: str | None
    profile_name: str | None
    thumbprint: str | None
    serial: str | None
    why: str
    cause: str | None = None
    document: str | None = None


class Reissue(Consequence):
    """An item that the device gets again: the same one, or a new one in its place."""

    reissued: Literal["new", "same"]


class ComplianceChange(Answer):
    """What would change in a device's compliance (Graph: complianceState). `settings`: those that it would not meet;
    `graceEndsAt`: when its period of grace would end.
    """

    before: str
    after: str
    settings: list[str]
    grace_ends_at: str | None = None


class WorkChange(Answer):
    """What would change of a script or an app. `what`: a script would `run`, or `stop` to run; an app would be told to
    `install` or `uninstall`, be a user's to choose (`offer`), or be told no more (`keep`: what is installed stays).
    """

    id: str
    name: str
    what: Literal["run", "stop", "install", "uninstall", "offer", "keep"]
    why: str


class DeviceInTime(Answer):
    """A device whose compliance time would change, if it did not check in."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    device_name: str | None
    user_principal_name: str | None
    compliance: ComplianceChange


class TimeConsequences(Answer):
    """The devices whose compliance time alone would change, by name."""

    devices: list[DeviceInTime]


class DeviceConsequences(Answer):
    """The effects on one device. `ends`: why its enrolment would end (wipe, retire, delete ...)."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    managed_device: Annotated[str | None, Field(description="the id in `managedDeviceId`, while Graph has the record")]
    device_name: str | None
    user_principal_name: str | None
    ends: str | None
    install: list[Consequence]
    remove: list[Consequence]
    revoke: list[Consequence]
    reissue: list[Reissue]
    compliance: ComplianceChange | None = None
    scripts: list[WorkChange]
    apps: list[WorkChange]


class UnreadableOnDevice(Answer):
    """How many messages of its user a device could not read any more."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    messages: int


class UnreadableMail(Answer):
    """The mail that could not be read any more, because keys would go from devices. `messages`: on no device any more;
    `subjects`: of the newest of these; `untilGivenAgain`: those of these that can be read again once a device of the
    user is given the imported certificate again.
    """

    messages: int
    subjects: list[str]
    until_given_again: int
    on_devices: list[UnreadableOnDevice]


class Consequences(Answer):
    """The devices on which the request would have an effect, and the mail that it would make unreadable."""

    devices: list[DeviceConsequences]
    unreadable: UnreadableMail


router = calls("/tenants/{tenant}", tag="whatif")


@router.post("/whatif", summary="Get the effects of a request to Graph on every device")
async def consider(here: Here, body: messages.WhatIf) -> Consequences:
    """Changes nothing. Devices to which nothing would happen are left out; so is what is under way anyway. A request
    that Graph would refuse is a 422 with Graph's own answer in `error.graph`.
    """

    result = await what_if(here.emulator, here.tenant, request=ProposedRequest(body.method, body.url, body.body))
    lost = await here.run(unreadable, result)
    devices = [DeviceConsequences.from_value(device) for device in result]
    return Consequences(devices=devices, unreadable=_mail(lost, result))


@router.post("/whatif/time", summary="Get the effects of time on the compliance of every device")
async def consider_time(here: Here, body: messages.WhatIfTime) -> TimeConsequences:
    """Moves no clock. Devices are judged by what they reported last, as if they did not check in meanwhile."""
    devices = await here.run(after_time, parse_duration(body.by))
    return TimeConsequences(devices=[DeviceInTime.from_value(device) for device in devices])


def _mail(lost: Unreadable, consequences: Sequence[whatif.DeviceConsequences]) -> UnreadableMail:
    records = {consequence.device: consequence.managed_device_id for consequence in consequences}
    devices = [
        UnreadableOnDevice(device=device, managed_device_id=records.get(device), messages=messages)
        for device, messages in lost.on_device.items()
    ]
    return UnreadableMail.from_value(lost, on_devices=devices)
