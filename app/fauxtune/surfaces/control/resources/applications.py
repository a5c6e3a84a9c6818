"""Applications: clients of a tenant with permissions of their own."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import Response
from pydantic.alias_generators import to_camel

from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.directory import applications
from fauxtune.operations.directory.issuer_keys import ISSUER_KEYS
from fauxtune.storage.queries import applications as queries
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Listed

router = calls("/tenants/{tenant}/applications", tag="applications")


@router.get("", response_model_exclude_none=True, summary="List the applications")
async def list_applications(here: Here) -> Listed[answers.Application]:
    """Oldest first."""
    rows = await here.read(queries.all_applications, here.tenant.id)
    return Listed(value=[_view(row) for row in rows])


@router.post("", status_code=201, response_model_exclude_none=True, summary="Add an application")
async def add_application(here: Here, body: messages.NewApplication | None = None) -> answers.Application:
    """The secret is shown only here, if it was made. 409 if the client id exists already."""
    result = body or messages.NewApplication()
    row, secret = await here.run(
        applications.add_application,
        applications.NewApplication(
            client_id=result.client_id,
            name=result.display_name,
            roles=result.roles,
            consented_scopes=result.consented_scopes,
            secret=result.secret,
            certificate=result.certificate,
            redirect_uris=result.redirect_uris,
            issuer_keys=result.issuer_keys,
        ),
    )
    return _view(row, secret=secret)


@router.get("/{clientId}", response_model_exclude_none=True, summary="Get an application")
async def get_application(here: Here, clientId: str) -> answers.Application:  # noqa: N803 - the wire's word
    """Without its secret."""
    return _view(await here.run(applications.application, clientId))


@router.patch("/{clientId}", response_model_exclude_none=True, summary="Change an application")
async def change_application(
    *,
    here: Here,
    clientId: str,  # noqa: N803 - the wire's word
    body: messages.ApplicationChange,
) -> answers.Application:
    """Permissions change with the next token, credentials immediately."""
    changes = {to_camel(name): getattr(body, name) for name in body.model_fields_set}
    return _view(await here.run(applications.change_application, clientId, changes=changes))


@router.delete("/{clientId}", status_code=204, summary="Delete an application")
async def delete_application(here: Here, clientId: str) -> Response:  # noqa: N803 - the wire's word
    """Its tokens are refused from now on."""
    await here.run(applications.delete_application, clientId)
    here.emulator.tokens.forget_application(here.tenant.id, clientId.lower())
    return Response(status_code=204)


def _view(row: ApplicationRow, *, secret: str | None = None) -> answers.Application:
    certificate = None if row.certificate is None else x509.load_der_x509_certificate(row.certificate)
    return answers.Application.from_value(
        row,
        display_name=row.name,
        issuer_keys=row.registration.get(ISSUER_KEYS) or None,
        secret=secret,
        certificate=None if certificate is None else certificate.public_bytes(Encoding.PEM).decode(),
        thumbprint=None if certificate is None else thumbprint(certificate),
    )
