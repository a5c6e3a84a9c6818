"""Certificate templates: what the CA puts into certificates, and what it lets the connector do. To be broken on
purpose.
"""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.pki.template import Template
from fauxtune.operations.ca import issuance
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Listed

router = calls("/tenants/{tenant}/authorities/{authority}/templates", tag="templates")


@router.get("", summary="List an authority's certificate templates")
async def list_templates(here: Here, authority: str) -> Listed[answers.Template]:
    """Ordered by name. After a rollover every key of the issuing authority has the same templates."""
    result = await here.run(issuance.all_templates, authority)
    return Listed(value=[_view(template) for template in result])


@router.post("", status_code=201, summary="Add a certificate template")
async def add_template(*, here: Here, authority: str, body: messages.NewTemplate) -> answers.Template:
    """409 if the name exists already. Devices whose profiles name the template try again."""
    return _view(await here.run(issuance.add_template, authority, document=body.document()))


@router.get("/{name}", summary="Get a certificate template")
async def get_template(*, here: Here, authority: str, name: str) -> answers.Template:
    """The name may be written in any case; display names do not match."""
    return _view(await here.run(issuance.template, authority, name=name))


@router.patch("/{name}", summary="Edit a certificate template")
async def change_template(*, here: Here, authority: str, name: str, body: messages.TemplateChange) -> answers.Template:
    """Issued certificates stay as they are; devices whose profiles name the template try again."""
    return _view(await here.run(issuance.change_template, authority, name=name, changes=body.document()))


@router.delete("/{name}", status_code=204, summary="Delete a certificate template")
async def delete_template(*, here: Here, authority: str, name: str) -> Response:
    """Profiles that name it get no new certificates; issued ones stay."""
    await here.run(issuance.delete_template, authority, name=name)
    return Response(status_code=204)


def _view(template: Template) -> answers.Template:
    return answers.Template(**template.document())
