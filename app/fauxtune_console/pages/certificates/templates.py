"""Certificate templates: what the CA puts into certificates, and what it lets connectors do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from fauxtune.core.administration.emulation import change_template, create_template, delete_template
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.core.pki.template import KeyUsage, Template
from fauxtune.operations.ca import issuance as operations
from fauxtune.operations.connectors import digicert
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune_console.call import TenantCall
from fauxtune_console.registered import EXTENDED_USAGES, USAGES, extended_usage_words, usage_words
from fauxtune_console.session import Typed
from fauxtune_console.tasks import Question, task_page

#: data. What a template allows: its property, what it means, and what happens without it.
FLAGS: tuple[tuple[str, str, str], ...] = (
    ("connectorMayEnroll", "Connectors may ask for certificates", "connectors are refused"),
    ("subjectInRequest", "The subject comes with the request", "connectors' requests are refused"),
    ("exportable", "The private key may be handed over", "devices cannot get the key"),
    ("connectorMayRevoke", "Connectors may have certificates revoked", "they stay valid when a device ends"),
)
#: data. The sizes of keys that the form offers.
_SIZES = (
    ("2048", "2048 (RSA)"),
    ("3072", "3072 (RSA)"),
    ("4096", "4096 (RSA)"),
    ("256", "256 (EC)"),
    ("384", "384 (EC)"),
)


@dataclass(frozen=True, slots=True)
class TemplateView:
    """One template in words. `refuses`: what it does not allow; `profiles`: those that name it, name by id."""

    template: Template
    usage: str
    extended_usage: str
    refuses: list[str]
    profiles: Mapping[ProfileId, str]


async def templates(call: TenantCall) -> Response:
    """Show the templates of the CA, and DigiCert's certificate profiles."""
    lists = await call.run(_lists)
    return call.page("templates.html", lists=lists)


def _lists(tx: Transaction) -> dict[str, list[TemplateView]]:
    names = ["issuing", DIGICERT] if digicert.is_subscribed(tx) else ["issuing"]
    profiles = _profiles(tx)
    return {name: [_view(each, profiles=profiles) for each in operations.all_templates(tx, name)] for name in names}


def _profiles(tx: Transaction) -> dict[str, dict[ProfileId, str]]:
    """Return the profiles that name a template, by the template's name in lower case."""
    named = queries.templates_named_by_profiles(tx.connection, tx.tenant.id)
    names = configuration_queries.names(tx.connection, tx.tenant.id, ids=set(named))
    by_template: dict[str, dict[ProfileId, str]] = {}
    for profile, template in named.items():
        by_template.setdefault(template.lower(), {})[profile] = names.get(profile, "")
    return by_template


def _view(template: Template, *, profiles: Mapping[str, Mapping[ProfileId, str]]) -> TemplateView:
    document = template.document()
    by_name = {**profiles.get(template.display_name.lower(), {}), **profiles.get(template.name.lower(), {})}
    return TemplateView(
        template=template,
        usage=usage_words(template.key_usage),
        extended_usage=extended_usage_words(template.extended_key_usages),
        refuses=[without for name, _, without in FLAGS if not document[name]],
        profiles=by_name,
    )


async def new(call: TenantCall) -> Response:
    """Show the form of a new template."""
    return _form(call, _filled(Template(name="new", display_name=""), name=""), view=None)


async def create(call: TenantCall) -> Response:
    """Add the template."""
    form = Typed.of(await call.form())
    try:
        added = await call.run(operations.add_template, _authority(call), document=_document(form))
    except (Conflict, Invalid) as error:
        _note(form, error)
        return _form(call, form, view=None)
    return call.back(
        "authority", "templates", added.name, done=f"The template {added.name} was added.", authority=_query(call)
    )


async def template(call: TenantCall) -> Response:
    """Show one template, with the form that changes it."""
    view = await call.run(_one, call)
    return _form(call, _filled(view.template, name=view.template.name), view=view)


async def change(call: TenantCall) -> Response:
    """Change the template."""
    form = Typed.of(await call.form())
    view = await call.run(_one, call)
    name = view.template.name
    try:
        changes = {**_document(form.with_value("name", name)), "name": name}
        await call.run(operations.change_template, _authority(call), name=name, changes=changes)
    except Invalid as error:
        _note(form, error)
        return _form(call, form, view=view)
    done = f"The template {name} was changed. Certificates that were issued stay as they are."
    return call.back("authority", "templates", name, done=done, authority=_query(call))


async def delete(call: TenantCall) -> Question:
    """Delete the template."""
    view = await call.run(_one, call)
    name = view.template.name
    points = ["Certificates that were issued by it stay valid, and stay on devices."]
    if view.profiles:
        points.append(f"These profiles name it, and get no new certificates: {', '.join(view.profiles.values())}.")
    return Question(
        request=delete_template(_authority(call), name=name),
        title=f"Delete the template {name}",
        points=tuple(points),
        button="Delete the template",
        back=call.url("authority", "templates", name, authority=_query(call)),
        done=f"The template {name} was deleted.",
        leads_to=("authority", "templates"),
        work=lambda: call.run(operations.delete_template, _authority(call), name=name),
    )


def _one(tx: Transaction, call: TenantCall) -> TemplateView:
    known = operations.template(tx, _authority(call), name=str(call.request.path_params["template"]))
    return _view(known, profiles=_profiles(tx))


def _authority(call: TenantCall) -> str:
    return DIGICERT if call.query("authority") == DIGICERT else "issuing"


def _query(call: TenantCall) -> str | None:
    return DIGICERT if _authority(call) == DIGICERT else None


def _filled(template: Template, *, name: str) -> Typed:
    """Return the form with the values of a template."""
    document = template.document()
    known = [oid for oid in template.extended_key_usages if oid in EXTENDED_USAGES]
    return Typed(
        {
            "name": [name],
            "displayName": [template.display_name],
            "keyType": [template.key_type],
            "minimumKeySize": [str(template.minimum_key_size)],
            "keyUsage": list(template.key_usage),
            "extendedKeyUsages": known,
            "others": [" ".join(oid for oid in template.extended_key_usages if oid not in known)],
            "validity": [re.sub(r"^P([0-9]+)D$", r"\1", document["validity"])],
            "allows": [flag for flag, _, _ in FLAGS if document[flag]],
        }
    )


def _document(form: Typed) -> dict[str, Any]:
    """Return the template that the form describes. Raises Invalid for a size that is no number."""
    size, validity = form.text("minimumKeySize"), form.text("validity")
    if not re.fullmatch(r"[0-9]{1,5}", size):
        raise Invalid("Choose a number of bits.", target="minimumKeySize")
    others = [oid for oid in re.split(r"[\s,;]+", form.text("others")) if oid]
    return {
        "name": form.text("name"),
        "displayName": form.text("displayName") or form.text("name"),
        "keyType": form.text("keyType"),
        "minimumKeySize": int(size),
        "keyUsage": form.all("keyUsage"),
        "extendedKeyUsages": [*form.all("extendedKeyUsages"), *others],
        "validity": f"P{validity}D" if re.fullmatch(r"[0-9]{1,6}", validity) else validity,
        **{flag: form.has("allows", flag) for flag, _, _ in FLAGS},
    }


def _sizes(form: Typed) -> list[tuple[str, str]]:
    """Return the sizes that are offered, and the template's own."""
    own = form.text("minimumKeySize")
    return [*_SIZES] if own in dict(_SIZES) else [(own, own), *_SIZES]


def _note(form: Typed, error: Conflict | Invalid) -> None:
    form.wrong(error.target or "", error.message)


def _form(call: TenantCall, form: Typed, *, view: TemplateView | None) -> Response:
    try:
        document = _document(form)
    except Invalid:
        document = {}
    name = document.pop("name", "") or "NAME"
    request = (
        create_template(_authority(call), name=name, members=document)
        if view is None
        else change_template(_authority(call), name=view.template.name, members=document)
    )
    return task_page(
        call,
        [request],
        template="template.html",
        error=form.errors.get("") or ("Nothing was changed. Please mend what is marked below." if form.errors else ""),
        title="New template" if view is None else f"Template {view.template.name}",
        button="Add the template" if view is None else "Change the template",
        back=call.url("authority", "templates"),
        form=form,
        view=view,
        authority=_query(call),
        flags=FLAGS,
        sizes=_sizes(form),
        usages=[(usage.value, USAGES[usage.value]) for usage in KeyUsage],
        extended_usages=EXTENDED_USAGES.items(),
    )
