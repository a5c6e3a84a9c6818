"""Proof nine: devices leave management. Their PKCS certificates are revoked, the imported ones are not."""

from __future__ import annotations

from cryptography import x509

from fauxtune_sim.certificates import mark
from fauxtune_sim.demo.proofs import Evidence
from fauxtune_sim.demo.scenario import DemoDevice, Scenario
from fauxtune_sim.errors import ServerRefused

#: Which devices leave in which way.
_WIPED, _RETIRED, _UNENROLLED = ("alice-company", "alice-pc"), ("alice-iphone",), ("alice-own", "alice-mac")


async def devices_leave(scenario: Scenario) -> Evidence:
    """Wipe two devices, retire one and unenrol two; prove that they are empty and that the others work as before."""
    leaving = [scenario.devices[key] for key in (*_WIPED, *_RETIRED, *_UNENROLLED)]
    issued = [identity.certificate for device in leaving for identity in device.identities("pkcs")]
    faults: list[str] = []
    scenario.narrate(
        "The company phone is lost and must be wiped. First a mistake: the administrator orders the wipe of Alice's "
        "own phone."
    )
    refusal = await _refused_wipe(scenario, scenario.devices["alice-own"])
    if refusal is None:
        faults.append("Graph accepted the wipe of a work profile")
    else:
        scenario.narrate(f"  Graph refuses: {refusal}")
    scenario.narrate(
        "Now the company phone and the PC are wiped and the iPhone is retired. Alice herself ends management on her "
        "own phone and on her Mac."
    )
    faults += await _leave(scenario)
    faults += [f"{device.name} still holds certificates" for device in leaving if not device.record.keystore.is_empty]
    staying = scenario.devices_of("alice")
    imported = [identity.certificate for identity in scenario.devices["alice-tablet"].identities("imported")]
    unrevoked = [identity.certificate for device in staying for identity in device.identities("pkcs")]
    faults += await _revocation_faults(scenario, revoked=issued, good=imported + unrevoked)
    for device in staying:
        faults += _reading_faults(scenario, device)
    detail = "; ".join(faults) or (
        f"{len(leaving)} devices hold no certificates any more; CRL and OCSP report {len(issued)} PKCS certificates as "
        f"revoked and {len(imported)} imported ones as good; all old mails are still read on "
        f"{', '.join(device.name for device in staying)}"
    )
    return Evidence(not faults, detail)


async def _leave(scenario: Scenario) -> list[str]:
    """Wipe, retire and unenrol the devices that leave. Returns the faults."""
    faults = []
    for key in _WIPED:
        await scenario.graph.wipe(await _graph_id(scenario, scenario.devices[key]))
    for key in _RETIRED:
        await scenario.graph.retire(await _graph_id(scenario, scenario.devices[key]))
    ordered = [scenario.devices[key] for key in (*_WIPED, *_RETIRED)]
    await scenario.settle(lambda: not any(device.record.is_enrolled for device in ordered))
    faults += [f"{device.name} is still enrolled" for device in ordered if device.record.is_enrolled]
    for key in _UNENROLLED:
        failure = await scenario.devices[key].agent.unenroll()
        if failure is not None:
            faults.append(f"{scenario.devices[key].name} could not report its unenrolment: {failure}")
    await scenario.settle(lambda: True)
    return faults


async def _graph_id(scenario: Scenario, device: DemoDevice) -> str:
    enrollment = device.record.enrollment
    assert enrollment is not None
    return await scenario.graph.managed_device(identifier=enrollment.name.rpartition("/")[2], name=device.name)


async def _refused_wipe(scenario: Scenario, device: DemoDevice) -> str | None:
    """Graph's reason for refusing the wipe, or None if it did not refuse."""
    try:
        await scenario.graph.wipe(await _graph_id(scenario, device))
    except ServerRefused as refused:
        return str(refused)
    return None


async def _revocation_faults(
    scenario: Scenario, *, revoked: list[x509.Certificate], good: list[x509.Certificate]
) -> list[str]:
    """Compare the status in the CRL and from OCSP with the expected one. Returns the differences."""
    service = scenario.revocation()
    on_crl = await service.revoked_serials()
    faults = [] if revoked and good else ["there are no certificates whose status could be checked"]
    for certificates, expected in ((revoked, "revoked"), (good, "good")):
        for certificate in certificates:
            crl_status = "revoked" if certificate.serial_number in on_crl else "good"
            ocsp_status = await service.ocsp_status(certificate)
            if {crl_status, ocsp_status} != {expected}:
                faults.append(
                    f"{mark(certificate)} should be {expected}: it is {crl_status} in the CRL, {ocsp_status} by OCSP"
                )
    return faults


def _reading_faults(scenario: Scenario, device: DemoDevice) -> list[str]:
    unread = sum(device.read(mail).decrypted is not True for mail in scenario.old_mails)
    return [f"{device.name} cannot read {unread} of the old mails any more"] if unread else []
