"""A DigiCert CA beside the tenant's own. Its certificate profiles are templates of the authority `digicert`."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.pki.authority import DIGICERT
from fauxtune.operations.ca import authorities, issuance
from fauxtune.operations.connectors import digicert
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.control import answers
from fauxtune.surfaces.control.access import Here, calls

router = calls("/tenants/{tenant}/digicert", tag="certificates")


@router.post("", status_code=201, summary="Subscribe to a DigiCert CA")
async def subscribe(here: Here) -> answers.DigicertAuthority:
    """It starts with one certificate profile. 409 if the tenant has a DigiCert CA already. Its host is the tenant's
    setting `digicert.host`.
    """
    await digicert.subscribe(here.emulator, here.tenant)
    return await here.run(_view)


@router.get("", summary="Get the DigiCert CA")
async def get_digicert(here: Here) -> answers.DigicertAuthority:
    """The values by which profiles name it. 404 if the tenant has no DigiCert CA."""
    return await here.run(_view)


def _view(tx: Transaction) -> answers.DigicertAuthority:
    root = authorities.certificate(tx.connection, tx.tenant, name=digicert.ROOT)
    return answers.DigicertAuthority(
        certification_authority=str(tx.tenant.setting("digicert.host")),
        certification_authority_name=digicert.NAME,
        certificate_template_names=[template.name for template in issuance.all_templates(tx, DIGICERT)],
        root_certificate=root.public_bytes(Encoding.PEM).decode(),
    )
