"""The strategies: they give every platform and kind of profile, everything that they give is valid, and they shrink."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from fauxtune.core.administration.choices import KINDS, ProfileFamily
from fauxtune.core.model.platforms import Variant
from fauxtune.testing import Server, Tenant
from fauxtune.testing.strategies import (
    Journey,
    NewDevice,
    NewGroup,
    NewProfile,
    NewUser,
    devices,
    groups,
    journeys,
    profiles,
    users,
)
from tests.support.soak import SOAK

T = TypeVar("T")
_FEW = settings(
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=[*HealthCheck],
    phases=[Phase.generate, Phase.shrink] if SOAK else [Phase.generate],
)


@pytest.fixture(scope="module")
def tenant(server: Server) -> Iterator[Tenant]:
    """A tenant for all examples of the module: what they create stays."""
    with server.tenant() as tenant:
        yield tenant


def simplest(strategy: st.SearchStrategy[T]) -> T:
    """What a failure would be shrunk to that every value causes."""
    return find(strategy, lambda _value: True, settings=settings(_FEW, phases=[Phase.generate, Phase.shrink]))


def one(strategy: st.SearchStrategy[T], wanted: Callable[[T], bool] = lambda _value: True) -> T:
    return find(strategy, wanted, settings=settings(_FEW, max_examples=500))


def test_the_simplest_values_come_first() -> None:
    android = "android/work-profile"
    assert simplest(users()) == NewUser("0")
    assert simplest(groups()) == NewGroup("0")
    assert simplest(devices()) == NewDevice(android)
    assert simplest(profiles()) == NewProfile("pkcs", "0", ("android",))
    assert simplest(journeys()) == Journey(NewUser("0"), NewDevice(android), (), imported=(), years=0, leaves=None)
    assert simplest(profiles(platforms=["ios"])) == NewProfile("pkcs", "0", ("ios",))


def test_every_kind_of_profile_and_of_device_is_given() -> None:
    for family, kinds in KINDS.items():
        for platform in kinds:
            profile = one(profiles([family.value], [platform.value]))
            assert (profile.family, profile.platforms) == (family, (platform,))
        assert one(profiles(), lambda profile, family=family: profile.family == family)  # type: ignore[misc]
    with pytest.raises(ValueError, match="no family of profiles has one of these platforms"):
        profiles(["email"], ["macos"])
    for variant in Variant:
        assert one(devices(), lambda device, word=variant.value: device.platform == word)  # type: ignore[misc]


@settings(_FEW, max_examples=200 if SOAK else 12)
@given(user=users(), group=groups(), profile=profiles())
def test_what_they_give_is_valid(tenant: Tenant, user: NewUser, group: NewGroup, profile: NewProfile) -> None:
    person = user.create(tenant)
    record = tenant.graph.get(f"/v1.0/users/{person.id}?$select=userPrincipalName,displayName,givenName,surname").json()
    assert person.name == record["userPrincipalName"]
    created = profile.create(tenant).assign(group.create(tenant))
    count = len(KINDS[ProfileFamily(profile.family)]) if profile.platforms == "all" else len(profile.platforms)
    assert len(created.ids) == count
    created.delete()


@settings(_FEW, max_examples=60 if SOAK else 5)
@given(device=devices(reporting=True))
def test_devices_report_what_they_were_given(tenant: Tenant, device: NewDevice) -> None:
    enrolled = device.enroll(tenant, "alice")
    assert enrolled.platform == device.platform
    assert device.facts.items() <= enrolled.facts.items()


@pytest.mark.timeout(3600 if SOAK else 300)
@settings(_FEW, max_examples=60 if SOAK else 6)
@given(journey=journeys())
def test_a_journey_keeps_the_promises_at_each_step(server: Server, journey: Journey) -> None:
    with server.tenant() as tenant:
        steps = []
        for step, _device in journey.live(tenant):
            tenant.promises.check()
            steps.append(step)
        (device,) = tenant.devices
        assert device.enrolled == (journey.leaves is None)
        assert steps == [
            "enrolled",
            "assigned",
            "imported",
            *["renewed"] * journey.years,
            *["left"][: not device.enrolled],
        ]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import fauxtune.testing as t; t.Tenant, t.Server; import sys; print('hypothesis' in sys.modules)", "False"),
        ("import sys; sys.modules['hypothesis'] = None\nimport fauxtune.testing.strategies", "fauxtune[hypothesis]"),
    ],
)
def test_hypothesis_is_asked_for_by_the_strategies_alone(code: str, words: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert words in done.stdout + done.stderr
