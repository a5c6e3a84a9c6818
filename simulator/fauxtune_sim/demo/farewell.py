"""Proof eight: devices leave. What they held is gone, what was issued to them is revoked, what was imported is not."""

from __future__ import annotations

from cryptography import x509

from fauxtune_sim.demo.proofs import Proof
from fauxtune_sim.demo.stage import Actor, Stage
from fauxtune_sim.errors import ServerRefused

_NAME = "Devices that leave hold nothing, their PKCS certificates are revoked, the imported ones are not"


async def devices_leave(stage: Stage) -> Proof:
    """8: one device is wiped, one is unenrolled; the third goes on as before."""
    company, own, tablet = (stage.actors[key] for key in ("alice-company", "alice-own", "alice-tablet"))
    issued = [one.certificate for actor in (company, own) for one in actor.held("pkcs")]
    imported = [one.certificate for one in tablet.held("imported")]
    faults: list[str] = []
    stage.tell("The company phone is lost. But first a mistake: somebody wants to wipe a private phone.")
    refusal = await _refused_wipe(stage, own)
    if refusal is None:
        faults.append("Graph accepted the wipe of a work profile")
    else:
        stage.tell(f"  Graph refuses: {refusal}")
    stage.tell("Now the company phone is wiped, and Alice removes the work profile from her own phone.")
    await stage.graph.wipe(await _graph_id(stage, company))
    if not await stage.settle(lambda: not company.device.is_enrolled):
        faults.append(f"{company.name} was not wiped")
    untold = await own.agent.unenroll()
    if untold is not None:
        faults.append(f"the service did not hear that {own.name} left: {untold}")
    await stage.settle(lambda: True)
    faults += [f"{one.name} still holds something" for one in (company, own) if not one.device.keystore.is_empty]
    kept = [one.certificate for one in tablet.held("pkcs")]
    faults += await _revocation_faults(stage, revoked=issued, good=imported + kept)
    faults += _reading_faults(stage, tablet)
    seen = "; ".join(faults) or (
        f"both devices are empty; CRL and OCSP call {len(issued)} PKCS certificates revoked and "
        f"{len(imported)} imported ones good; {tablet.name} reads everything"
    )
    return Proof(8, _NAME, not faults, f"{seen}; wiping a work profile: {refusal or 'accepted'}")


async def _graph_id(stage: Stage, actor: Actor) -> str:
    enrollment = actor.device.enrollment
    assert enrollment is not None
    return await stage.graph.managed_device(identifier=enrollment.name.rpartition("/")[2], name=actor.name)


async def _refused_wipe(stage: Stage, actor: Actor) -> str | None:
    """Graph's reason for refusing, or None if it did not refuse."""
    try:
        await stage.graph.wipe(await _graph_id(stage, actor))
    except ServerRefused as refused:
        return str(refused)
    return None


async def _revocation_faults(
    stage: Stage, *, revoked: list[x509.Certificate], good: list[x509.Certificate]
) -> list[str]:
    """What CRL and OCSP say that they should not."""
    service = stage.revocation()
    on_crl = await service.revoked_serials()
    faults = [] if revoked and good else ["there is nothing to ask CRL and OCSP about"]
    for certificates, expected in ((revoked, "revoked"), (good, "good")):
        for certificate in certificates:
            listed = "revoked" if certificate.serial_number in on_crl else "good"
            answered = await service.ask(certificate)
            if {listed, answered} != {expected}:
                serial = f"{certificate.serial_number:x}"
                faults.append(f"{serial} should be {expected}: the CRL says {listed}, OCSP {answered}")
    return faults


def _reading_faults(stage: Stage, actor: Actor) -> list[str]:
    unread = sum(actor.read(mail).decrypted is not True for mail in stage.old_mails)
    return [f"{actor.name} cannot read {unread} of the old mails any more"] if unread else []
