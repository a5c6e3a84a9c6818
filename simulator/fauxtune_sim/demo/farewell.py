"""Proof nine: devices leave. What they held is gone, what was issued to them is revoked, what was imported is not."""

from __future__ import annotations

from cryptography import x509

from fauxtune_sim.certificates import mark
from fauxtune_sim.demo.proofs import Proof
from fauxtune_sim.demo.stage import Actor, Stage
from fauxtune_sim.errors import ServerRefused

_NAME = "Devices that leave hold nothing, their PKCS certificates are revoked, the imported ones are not"
#: Whose device goes which way.
_WIPED, _RETIRED, _UNENROLLED = ("alice-company", "alice-pc"), ("alice-iphone",), ("alice-own", "alice-mac")


async def devices_leave(stage: Stage) -> Proof:
    """9: some devices are wiped, one is retired, some are unenrolled; the others go on as before."""
    leaving = [stage.actors[key] for key in (*_WIPED, *_RETIRED, *_UNENROLLED)]
    issued = [one.certificate for actor in leaving for one in actor.held("pkcs")]
    faults: list[str] = []
    stage.tell("The company phone is lost. But first a mistake: somebody wants to wipe a private phone.")
    refusal = await _refused_wipe(stage, stage.actors["alice-own"])
    if refusal is None:
        faults.append("Graph accepted the wipe of a work profile")
    else:
        stage.tell(f"  Graph refuses: {refusal}")
    stage.tell("Now the company phone and the PC are wiped, the iPhone is retired, and Alice herself takes her own")
    stage.tell("phone and her Mac out of management.")
    faults += await _leave(stage)
    faults += [f"{one.name} still holds something" for one in leaving if not one.device.keystore.is_empty]
    staying = stage.of("alice")
    imported = [one.certificate for one in stage.actors["alice-tablet"].held("imported")]
    kept = [one.certificate for actor in staying for one in actor.held("pkcs")]
    faults += await _revocation_faults(stage, revoked=issued, good=imported + kept)
    for actor in staying:
        faults += _reading_faults(stage, actor)
    seen = "; ".join(faults) or (
        f"{len(leaving)} devices are empty; CRL and OCSP call {len(issued)} PKCS certificates revoked and "
        f"{len(imported)} imported ones good; {' and '.join(one.name for one in staying)} read everything"
    )
    return Proof(9, _NAME, not faults, seen)


async def _leave(stage: Stage) -> list[str]:
    """Take the devices out, each in its way; what went wrong."""
    faults = []
    for key in _WIPED:
        await stage.graph.wipe(await _graph_id(stage, stage.actors[key]))
    for key in _RETIRED:
        await stage.graph.retire(await _graph_id(stage, stage.actors[key]))
    ordered = [stage.actors[key] for key in (*_WIPED, *_RETIRED)]
    await stage.settle(lambda: not any(one.device.is_enrolled for one in ordered))
    faults += [f"{one.name} has not left" for one in ordered if one.device.is_enrolled]
    for key in _UNENROLLED:
        untold = await stage.actors[key].agent.unenroll()
        if untold is not None:
            faults.append(f"the service did not hear that {stage.actors[key].name} left: {untold}")
    await stage.settle(lambda: True)
    return faults


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
                faults.append(f"{mark(certificate)} should be {expected}: the CRL says {listed}, OCSP {answered}")
    return faults


def _reading_faults(stage: Stage, actor: Actor) -> list[str]:
    unread = sum(actor.read(mail).decrypted is not True for mail in stage.old_mails)
    return [f"{actor.name} cannot read {unread} of the old mails any more"] if unread else []
