"""A state machine that drives a tenant: people, devices, profiles, certificates, mail and time, in any order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar
from unittest import TestCase

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from fauxtune.core.administration import directory
from fauxtune.core.administration.choices import Purpose
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause
from fauxtune.core.model.tenants import Edition
from fauxtune.testing.devices import Device
from fauxtune.testing.failure import sections
from fauxtune.testing.parts import User
from fauxtune.testing.profiles import Profile
from fauxtune.testing.promises import BrokenPromise, Promise
from fauxtune.testing.server import Server
from fauxtune.testing.strategies.values import (
    NewDevice,
    NewProfile,
    NewUser,
    beginning_with,
    devices,
    import_aged,
    leave,
    profiles,
    users,
    ways_to_leave,
)
from fauxtune.testing.tenant import Tenant
from fauxtune_sim.errors import NotAllowedHere
from fauxtune_sim.keys.certificates import can_encrypt
from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail

_GROUP = "All Staff"
_NO_CONTENT, _NOT_FOUND = 204, 404
#: Days that pass in one example at most: the first authority of a tenant is valid longer.
_MOST_DAYS = 3650


class _OfMachine:
    """`TenantMachine.TestCase`: the test case that Hypothesis makes of a class, with the server of the process."""

    def __get__(self, _machine: object, of: type[TenantMachine]) -> type[TestCase]:
        return _test_case(of)


@cache
def _test_case(machine: type[TenantMachine]) -> type[TestCase]:
    base: Any = vars(RuleBasedStateMachine)["TestCase"].__get__(None, machine)
    chosen = settings(
        base.settings,
        max_examples=25,
        stateful_step_count=15,
        report_multiple_bugs=False,
        # To explain a failure by lines of code takes long, and the lines are those of the library.
        phases=[phase for phase in Phase if phase is not Phase.explain],
    )
    return type(base.__name__, (base,), {"settings": chosen, "uses_fauxtune": True, "__module__": machine.__module__})


class TenantMachine(RuleBasedStateMachine):
    """Drives a tenant by rules in any order, and checks its promises after each: `TestMyTenant =
    TenantMachine.TestCase`, or a class that is derived from it.

    Each example has a tenant of its own, `self.tenant`, made of `seed`, `edition` and `deterministic`. Classes with
    further rules draw from `people`, `enrolled`, `assigned` and `imported`: users, devices, profiles, and the ids of
    Graph's userPFXCertificates. `promises` are those that are checked.
    """

    seed: ClassVar[str | Mapping[str, Any] | None] = None
    edition: ClassVar[str | None] = None
    deterministic: ClassVar[int | None] = None
    promises: ClassVar[tuple[Promise, ...]] = tuple(Promise)

    people: ClassVar[Bundle[User]] = Bundle("people")
    enrolled: ClassVar[Bundle[Device]] = Bundle("enrolled")
    assigned: ClassVar[Bundle[Profile]] = Bundle("assigned")
    imported: ClassVar[Bundle[str]] = Bundle("imported")

    TestCase = _OfMachine()  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.tenant: Tenant = Server.of_process().tenant(
            self.seed, edition=self.edition, deterministic=self.deterministic
        )
        self._client = self.tenant.server.client(tenant=self.tenant.id)
        self._edition = Edition(self._client.control("GET", "")["settings"]["edition"]["value"])
        self._days = 0

    def teardown(self) -> None:
        """Delete the tenant."""
        self.tenant.delete()

    @invariant()
    def keeps_its_promises(self) -> None:
        """Check the promises. What happened in the tenant is noted with a promise that does not hold."""
        try:
            self.tenant.promises.check(*self.promises)
        except BrokenPromise as broken:
            for title, text in sections(self.tenant):
                if "last requests" not in title:  # which are those of the check
                    broken.add_note(f"{title}\n{text}")
            raise

    # People and profiles

    @initialize(target=people)
    def first_person(self) -> User:
        """There is somebody in the group, with an imported certificate that is valid and one that is not any more."""
        person = self.tenant.user("alice")
        for years in (0, 2):
            import_aged(self.tenant, person, years=years)
        return person

    @initialize(target=assigned)
    def first_profiles(self) -> MultipleResults[Profile]:
        """Every device gets a certificate of its own, and what was imported for its user."""
        pkcs, imported = self.tenant.profiles.pkcs("Signing"), self.tenant.profiles.imported("Encryption")
        return multiple(*(profile.assign(all_devices=True) for profile in (pkcs, imported)))

    @rule(target=people, user=users())
    def join(self, user: NewUser) -> User:
        """A user is created, with a licence, and becomes a member of the group."""
        person = user.create(self.tenant)
        self.tenant.group(_GROUP, [person])
        return person

    @rule(user=people)
    def leave_group(self, user: User) -> None:
        """A user leaves the group, if in it."""
        request = directory.remove_member(self.tenant.group(_GROUP).id, member=user.id)
        self.tenant.graph.request(request.method, f"/v1.0{request.path}")

    @rule(target=assigned, profile=profiles(), to=st.sampled_from(["all devices", "all users", "group"]))
    def assign(self, *, profile: NewProfile, to: str) -> Profile:
        """A profile is created and assigned."""
        created = profile.create(self.tenant)
        if to == "group":
            return created.assign(_GROUP)
        return created.assign(all_devices=to == "all devices", all_users=to == "all users")

    @rule(profile=consumes(assigned))
    def unassign(self, profile: Profile) -> None:
        """All assignments of a profile are taken away."""
        profile.unassign()

    # Devices

    @initialize(target=enrolled, device=devices())
    def first_device(self, device: NewDevice) -> Device:
        """The first person has a device."""
        return self._enroll(self.tenant.user("alice"), device)

    @rule(target=enrolled, user=people, device=devices())
    def enroll(self, *, user: User, device: NewDevice) -> Device:
        """A device is enrolled for a user."""
        return self._enroll(user, device)

    @rule(target=enrolled, device=consumes(enrolled))
    def wipe(self, device: Device) -> MultipleResults[Device]:
        """A device is wiped, if devices of its kind can be."""
        return self._leave(device, Cause.WIPE)

    @rule(target=enrolled, device=consumes(enrolled))
    def retire(self, device: Device) -> MultipleResults[Device]:
        """A device is retired, if devices of its kind can be."""
        return self._leave(device, Cause.RETIRE)

    @rule(target=enrolled, device=consumes(enrolled))
    def delete(self, device: Device) -> MultipleResults[Device]:
        """The record of a device is deleted."""
        return self._leave(device, Cause.DELETE)

    @rule(target=enrolled, device=consumes(enrolled))
    def unenroll(self, device: Device) -> MultipleResults[Device]:
        """The user of a device ends its management, if users of its kind may."""
        return self._leave(device, Cause.UNENROLL)

    @rule(device=enrolled)
    def disconnect(self, device: Device) -> None:
        """A device goes off line."""
        if device.enrolled:
            device.offline()

    @precondition(lambda self: self._off_line())
    @rule()
    def connect(self) -> None:
        """All devices come back."""
        for device in self._off_line():
            device.online()

    # Certificates, mail, time

    @rule(
        target=imported,
        user=people,
        purpose=st.sampled_from(beginning_with(Purpose.ENCRYPTION, Purpose)),
        years=st.integers(0, 3),
    )
    def import_certificate(self, *, user: User, purpose: Purpose, years: int) -> str:
        """A certificate that was issued so many years ago is imported for a user."""
        return import_aged(self.tenant, user, years=years, purpose=purpose.value)

    @rule(record=consumes(imported))
    def delete_import(self, record: str) -> None:
        """An imported certificate is deleted from the service."""
        self.tenant.graph.delete(f"/beta/deviceManagement/userPfxCertificates/{record}")

    @rule(user=people, device=enrolled, which=st.integers(0, 3))
    def write(self, *, user: User, device: Device, which: int) -> None:
        """Somebody writes to a user, encrypted for one of the certificates that a device has."""
        certificates = [key.certificate for key in device.keys if can_encrypt(key.certificate)]
        certificates.sort(key=lambda certificate: certificate.not_valid_before_utc)
        if certificates:
            message = MailMessage("sender@example.org", (user.mail,), "Lunch", "At noon.", date=self.tenant.clock.now())
            raw = write_mail(message, Protection(encrypt_to=[certificates[which % len(certificates)]]))
            self._client.control("POST", "/messages", params={"to": user.mail}, message=raw)

    @precondition(lambda self: self._days < _MOST_DAYS)
    @rule(days=st.integers(1, 400))
    def wait(self, days: int) -> None:
        """Days pass: certificates are renewed, and expire."""
        self._days += days
        self.tenant.clock.advance(timedelta(days=days), settle=True)

    def _enroll(self, user: User, device: NewDevice) -> Device:
        return device.enroll(self.tenant, user, name=f"device {len(self.tenant.devices)}")

    def _off_line(self) -> list[Device]:
        return [device for device in self.tenant.devices if device.enrolled and not device.is_online]

    def _leave(self, device: Device, how: Cause) -> MultipleResults[Device]:
        """Let a device leave. Return it if it stays, as its kind does not leave in this way."""
        if not device.enrolled:
            return multiple()
        possible = how in ways_to_leave(Variant(device.platform), self._edition)
        try:
            status = leave(self.tenant, device, how=how)
        except NotAllowedHere:
            assert not possible or not device.is_online, f"{device} cannot {how}"
            return multiple(device)
        assert status in ((_NO_CONTENT, _NOT_FOUND) if possible else (400, 501)), f"{how} of {device}: {status}"
        return multiple() if possible else multiple(device)
