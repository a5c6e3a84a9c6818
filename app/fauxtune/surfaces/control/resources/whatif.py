"""The effects of a request to Graph, without carrying it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from fauxtune.core.clock import iso, parse_duration
from fauxtune.operations.insight.whatif import DeviceConsequences, Unreadable, what_if
from fauxtune.operations.insight.whatif_compliance import ComplianceChange, after_time
from fauxtune.operations.runtime.graph_client import ProposedRequest
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control import whatif_answers as answers
from fauxtune.surfaces.control.calls import Here, calls

router = calls("/tenants/{tenant}", tag="whatif")


@router.post("/whatif", summary="Get the effects of a request to Graph on every device")
async def consider(here: Here, body: messages.WhatIf) -> answers.Consequences:
    """Changes nothing. Devices to which nothing would happen are left out; so is what is under way anyway. A request
    that Graph would refuse is a 422 with Graph's own answer in `error.graph`.
    """
    from fauxtune.operations.insight.unreadable import unreadable  # here: nobody may ask, and it loads what reads mail

    result = await what_if(here.emulator, here.tenant, request=ProposedRequest(body.method, body.url, body.body))
    lost = await here.run(unreadable, result)
    return answers.Consequences(devices=[_view(each) for each in result], unreadable=_mail(lost, result))


@router.post("/whatif/time", summary="Get the effects of time on the compliance of every device")
async def consider_time(here: Here, body: messages.WhatIfTime) -> answers.TimeConsequences:
    """Moves no clock. Devices are judged by what they reported last, as if they did not check in meanwhile."""
    devices = await here.run(after_time, parse_duration(body.by))
    return answers.TimeConsequences(
        devices=[
            answers.DeviceInTime(
                device=each.device,
                managed_device_id=each.managed_device_id,
                device_name=each.device_name,
                user_principal_name=each.user_principal_name,
                compliance=_compliance(each.compliance),
            )
            for each in devices
        ]
    )


def _compliance(change: ComplianceChange) -> answers.ComplianceChange:
    ends = change.grace_ends_at
    return answers.ComplianceChange(
        before=change.before,
        after=change.after,
        settings=list(change.settings),
        grace_ends_at=None if ends is None else iso(ends),
    )


def _mail(lost: Unreadable, consequences: Sequence[DeviceConsequences]) -> answers.UnreadableMail:
    records = {each.device: each.managed_device_id for each in consequences}
    return answers.UnreadableMail(
        messages=lost.messages,
        subjects=list(lost.subjects),
        until_given_again=lost.until_given_again,
        on_devices=[
            answers.UnreadableOnDevice(device=device, managed_device_id=records.get(device), messages=messages)
            for device, messages in lost.on_device.items()
        ],
    )


def _view(consequences: DeviceConsequences) -> answers.DeviceConsequences:
    change = consequences.compliance
    document = asdict(replace(consequences, compliance=None))
    return answers.DeviceConsequences.model_validate(
        {**document, "compliance": None if change is None else _compliance(change)}
    )
