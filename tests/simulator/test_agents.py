"""What every platform's agent does alike: by what right it enrols, which pushes it hears, what it keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import orjson
import pytest

from fauxtune_sim.agent.by_platform import agent_for
from fauxtune_sim.agent.cadence import read_push
from fauxtune_sim.android.client import AndroidAgent
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import Enrollment, RecordTypes
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import AnswerBroken, NotAllowedHere, ServerRefused, StateBroken
from fauxtune_sim.platforms import Platform

if TYPE_CHECKING:
    from fauxtune_sim.server.transport import Transport
    from tests.simulator.conftest import Enrolled, Service

NOW = "2026-11-24T10:00:00+00:00"


@dataclass(slots=True)
class Held:
    """A state such as a platform may have."""

    things: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {"things": self.things}

    def settings(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        return cls(document["things"])


@dataclass(slots=True, kw_only=True)
class Richer(Enrollment):
    """An enrolment such as a platform may have."""

    unlock_token: bytes | None = None
    nonce: bytes = b"\xff"
    topic: str = ""


def richer(**values: Any) -> Richer:
    return Richer(
        server="s",
        tenant="t",
        name="n",
        user_principal_name="u",
        push_token="p",
        identity_certificate=b"\x30\x00",
        identity_key=b"\x30\x01",
        **values,
    )


@pytest.mark.parametrize("unlock_token", [None, b"", b"\x00\xff"])
def test_an_enrolment_survives_being_written_with_its_bytes(unlock_token: bytes | None) -> None:
    enrollment = richer(unlock_token=unlock_token, topic="com.apple.mgmt.x", checked_in_at=NOW)
    assert Richer.from_document(orjson.loads(orjson.dumps(enrollment.document()))) == enrollment


def test_an_enrolment_with_something_unknown_is_not_read() -> None:
    with pytest.raises(TypeError):
        Richer.from_document(richer().document() | {"unknown": 1})


async def test_a_state_is_written_and_goes_when_the_enrolment_ends(tmp_path: Path) -> None:
    device = Device.new("a phone", folder=tmp_path)
    device.state = Held(["a profile"])
    device.save()
    assert StateFolder(tmp_path).read_json("platform.json") == {"things": ["a profile"]}
    device.state = Held(["another"])
    device.save(state=False)
    assert StateFolder(tmp_path).read_json("platform.json") == {"things": ["a profile"]}
    device.remove_management("it left")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["device.json"]
    assert device.state == Held([])


def test_a_state_is_read_back_and_damage_is_noticed(tmp_path: Path) -> None:
    def records_of(_platform: Platform) -> RecordTypes:
        return RecordTypes(Richer, Held)

    device = Device.new("a phone", platform=Platform.IPADOS, folder=tmp_path)
    device.enrollment, device.state = richer(unlock_token=b"u"), Held(["a profile"])
    device.save()
    loaded = Device.load(tmp_path, records_of)
    loaded.folder = device.folder
    assert loaded == device
    (tmp_path / "platform.json").unlink()
    assert Device.load(tmp_path, records_of).state == Held([])
    for damage in ("[]", "{", "{}"):
        (tmp_path / "platform.json").write_text(damage)
        with pytest.raises(StateBroken, match=r"platform\.json is damaged"):
            Device.load(tmp_path, records_of)


async def test_the_agent_of_a_platform_is_found(transport: Transport) -> None:
    assert isinstance(agent_for(Device.new(), transport), AndroidAgent)


async def test_android_enrols_with_a_token_only(transport: Transport, service: Service) -> None:
    agent = agent_for(Device.new(), transport)
    for user, password in ((None, None), ("alice@contoso.example", None), ("alice@contoso.example", "p")):
        with pytest.raises(NotAllowedHere, match="android enrols with a token"):
            await agent.enroll(server=service.url, tenant="contoso", user=user, password=password)
    assert service.devices == {}


async def test_a_push_that_is_not_for_the_device_is_heard_and_does_not_wake_it(
    enrolled: Enrolled, service: Service
) -> None:
    class Picky(AndroidAgent):
        def _is_push_for_device(self, message: dict[str, Any]) -> bool:
            return message == {"mdm": "magic"}

    agent = await enrolled()
    await service.push(service.of(agent))
    picky = Picky(agent.device, agent._transport)
    assert (await agent.poll_push(after=0, wait=0)).wakes
    push = await picky.poll_push(after=0, wait=0)
    assert (push.wakes, push.seq) == (False, 1)


async def test_a_push_address_that_is_unknown_is_told_and_ends_nothing(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled()
    agent.enrollment.server = f"{service.url}/nowhere"
    with pytest.raises(ServerRefused, match=r"push service refused \(404\)"):
        await agent.poll_push(after=0, wait=0)
    assert agent.device.is_enrolled


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seq": "1", "now": NOW},
        {"seq": 1},
        {"seq": 1, "now": 5},
        {"seq": 1, "now": "then"},
        {"seq": 1, "now": "2026-11-24T10:00:00"},
        {"seq": 1, "now": NOW, "push": "wake"},
    ],
)
def test_a_push_answer_of_another_shape_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(AnswerBroken):
        read_push(body)
