"""The proof about the end: devices leave management. Their PKCS certificates are revoked, the imported ones are not."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from fauxtune_sim.demo.clients import RevocationService, retirement, wipe
from fauxtune_sim.demo.narration import Table
from fauxtune_sim.demo.proofs import Evidence
from fauxtune_sim.demo.scenario import DemoDevice, Scenario, for_display
from fauxtune_sim.errors import ServerRefused
from fauxtune_sim.keys.certificates import mark

_WIPED, _RETIRED, _UNENROLLED = "wiped", "retired", "left"
#: Which devices leave, and how.
_ENDS = {
    "alice-company": _WIPED,
    "alice-pc": _WIPED,
    "alice-iphone": _RETIRED,
    "alice-own": _UNENROLLED,
    "alice-mac": _UNENROLLED,
}


async def devices_leave(scenario: Scenario) -> Evidence:
    """Wipe two devices, retire one and unenrol two; prove that they are empty and that the others work as before."""
    leaving = [scenario.devices[key] for key in _ENDS]
    before = {device.name: _own(device) for device in scenario.devices_of("alice")}
    scenario.narration.say(
        "The company phone is lost and must be wiped. First a mistake: the administrator orders the wipe of Alice's "
        "own phone."
    )
    faults = await _refused_wipe(scenario, scenario.devices["alice-own"])
    scenario.narration.say(
        "Now the company phone and the PC are wiped and the iPhone is retired. Alice herself ends management on her "
        "own phone and on her Mac."
    )
    faults += await _leave(scenario)
    faults += [f"{device.name} still holds certificates" for device in leaving if not device.record.keystore.is_empty]
    staying = scenario.devices_of("alice")
    faults += [
        f"{device.name} cannot read the old mails any more" for device in staying if not _reads(scenario, device)
    ]
    statuses = await Statuses.read(scenario)
    imported = [identity.certificate for identity in scenario.devices["alice-tablet"].identities("imported")]
    for key, device in scenario.devices.items():
        if device.name in before:
            expected = "revoked" if key in _ENDS else "good"
            faults += [
                fault for certificate in before[device.name] for fault in await statuses.faults(certificate, expected)
            ]
    faults += [fault for certificate in imported for fault in await statuses.faults(certificate, "good")]
    revoked = sum(len(before[device.name]) for device in leaving)
    if not (revoked and imported):
        faults.append("there are no certificates whose status could be checked")
    detail = "; ".join(faults) or (
        f"{len(leaving)} devices hold nothing any more; CRL and OCSP report their {revoked} PKCS certificates as "
        f"revoked and the {len(imported)} imported ones as good; the other {len(staying)} still read all old mails"
    )
    return Evidence(not faults, detail, await _table(scenario, statuses, before=before))


async def _table(scenario: Scenario, statuses: Statuses, *, before: dict[str, list[x509.Certificate]]) -> Table:
    """Each device of Alice's: how it left, what it holds, and the status of its own PKCS certificates."""
    rows = []
    for key, device in scenario.devices.items():
        if device.name in before:
            holds = sum(1 for _ in device.record.keystore.identities())
            marks: dict[str, list[str]] = {}
            for certificate in before[device.name]:
                marks.setdefault(await statuses.of(certificate), []).append(mark(certificate))
            own = ", ".join(f"{' '.join(names)} {status}" for status, names in marks.items())
            rows.append((device.name, _ENDS.get(key, "stays"), str(holds or "none"), own or "none"))
    return Table(("device", "outcome", "holds", "its PKCS certificates"), rows)


def _own(device: DemoDevice) -> list[x509.Certificate]:
    return [identity.certificate for identity in device.identities("pkcs")]


def _reads(scenario: Scenario, device: DemoDevice) -> bool:
    return all(device.read(mail).decrypted is True for mail in scenario.old_mails.values())


async def _leave(scenario: Scenario) -> list[str]:
    """Wipe, retire and unenrol the devices that leave. Returns the faults."""
    faults = []
    orders = [
        (wipe if end == _WIPED else retirement)(await managed_device_id(scenario, scenario.devices[key]))
        for key, end in _ENDS.items()
        if end != _UNENROLLED
    ]
    await scenario.narration.before(*map(for_display, orders))
    for order in orders:
        await scenario.graph.send(order)
    ordered = [scenario.devices[key] for key, end in _ENDS.items() if end != _UNENROLLED]
    await scenario.settle(lambda: not any(device.record.is_enrolled for device in ordered))
    faults += [f"{device.name} is still enrolled" for device in ordered if device.record.is_enrolled]
    for key in (key for key, end in _ENDS.items() if end == _UNENROLLED):
        failure = await scenario.devices[key].agent.unenroll()
        if failure is not None:
            faults.append(f"{scenario.devices[key].name} could not report its unenrolment: {failure}")
    await scenario.settle(lambda: True)
    return faults


async def managed_device_id(scenario: Scenario, device: DemoDevice) -> str:
    """Return the id of a device in Graph."""
    enrollment = device.record.enrollment
    assert enrollment is not None
    return await scenario.graph.managed_device(identifier=enrollment.name.rpartition("/")[2], name=device.name)


async def _refused_wipe(scenario: Scenario, device: DemoDevice) -> list[str]:
    """Order a wipe that Graph refuses, and print its reason. Returns the fault if it does not refuse."""
    order = wipe(await managed_device_id(scenario, device))
    await scenario.narration.before(for_display(order))
    try:
        await scenario.graph.send(order)
    except ServerRefused as refused:
        scenario.narration.say(f"Graph refuses: {refused}", indent=2, hang=2)
        return []
    return ["Graph accepted the wipe of a work profile"]


@dataclass(frozen=True, slots=True)
class Statuses:
    """The status of certificates by the CRL and by OCSP."""

    service: RevocationService
    on_crl: set[int]

    @classmethod
    async def read(cls, scenario: Scenario) -> Statuses:
        """Read the CRL."""
        service = scenario.revocation()
        return cls(service, await service.revoked_serials())

    async def of(self, certificate: x509.Certificate) -> str:
        """The status: `good`, `revoked`, or both words if CRL and OCSP differ."""
        on_crl = "revoked" if certificate.serial_number in self.on_crl else "good"
        by_ocsp = await self.service.ocsp_status(certificate)
        return on_crl if on_crl == by_ocsp else f"{on_crl} in the CRL, {by_ocsp} by OCSP"

    async def faults(self, certificate: x509.Certificate, expected: str) -> list[str]:
        """The difference between the status and the expected one, as a list of at most one sentence."""
        status = await self.of(certificate)
        return [] if status == expected else [f"{mark(certificate)} should be {expected}: it is {status}"]
