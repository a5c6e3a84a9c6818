"""Import certificates for a person, so that all devices of the person have them: new ones of our CA, a PFX file, or a
history of old ones. What would happen on each device is shown before anything is issued or imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from starlette.datastructures import FormData, UploadFile

from fauxtune.core.administration import imported
from fauxtune.core.administration.requests import AdminRequest, Json
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.certificates import PURPOSES
from fauxtune.core.model.certificates import purpose as purpose_words
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.operations.insight.whatif import Foresight
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as template_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.insight import diagnosis as diagnosis_queries
from fauxtune_console.call import TenantCall, whole_number
from fauxtune_console.imports import (
    LARGEST_FILE,
    MOST_YEARS,
    ImportKey,
    NewCertificates,
    Person,
    decoded,
    history,
    import_keys,
    read_file,
    read_record,
    without_marks,
)
from fauxtune_console.pages.certificates.certificates import ImportedLine, lines_of
from fauxtune_console.registered import usage_words
from fauxtune_console.session import Typed
from fauxtune_console.shown_marks import mark
from fauxtune_console.tasks import consequences, one_by_one, send, snippets

#: data. The ways of importing: the word of the form, and its heading.
WAYS: dict[str, str] = {
    "new": "A new certificate of our CA",
    "file": "A PFX file",
    "history": "Several years of old certificates",
}
#: The way of a certificate whose file the page before has shown.
_ISSUED = "issued"
#: data. A purpose -> the key usages of which a certificate needs one. RFC 8550 4.4.2.
_NEEDED: dict[str, set[str]] = {
    "smimeEncryption": {"keyEncipherment", "keyAgreement"},
    "smimeSigning": {"digitalSignature", "nonRepudiation"},
}
_SHOWN_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Ground:
    """What an import stands on: the person, the person's devices by id, what was imported before, what is offered."""

    person: Person
    devices: Mapping[EnrollmentId, str]
    lines: list[ImportedLine]
    templates: Mapping[str, str]
    usages: Mapping[str, list[str]]
    keys: list[ImportKey]


async def form(call: TenantCall) -> Response:
    """Show the three ways."""
    ground = await call.read(_ground, call)
    return _page(call, ground, form=Typed({}))


async def import_(call: TenantCall) -> Response:
    """Show what an import would do, or carry it out, by the button."""
    sent = await call.form()
    typed = Typed.of(sent)
    ground = await call.read(_ground, call)
    is_sure = str(sent.get("step", "")) == "import"
    try:
        if typed.text("way") not in {*WAYS, _ISSUED}:
            raise Invalid("Choose one of the three ways.")
        if typed.text("way") in {"new", "history"}:
            plan = _plan(call, ground, form=typed)
            return await (_issue(call, plan) if is_sure else _confirm_new(call, ground, plan=plan, form=typed))
        record = await _record(call, ground, form=typed, sent=sent, is_sure=is_sure)
        return await (_import(call, ground, record=record) if is_sure else _confirm_file(call, ground, record=record))
    except (Conflict, Invalid, NotFound) as error:
        typed.wrong(error.target or "", error.message)
        return _page(call, ground, form=typed)


def _ground(connection: Connection, call: TenantCall) -> Ground:
    tenant_id, key = call.tenant.id, str(call.request.path_params["user"])
    user = directory_queries.user_by_key(connection, tenant_id, key=key)
    if user is None:
        raise NotFound("There is no such person. The person may have been deleted meanwhile.")
    document = user.document
    name = str(document.get("displayName") or document["userPrincipalName"])
    templates = template_queries.template_documents(connection, tenant_id, authority_name="issuing")
    devices = diagnosis_queries.devices_of_user(connection, tenant_id, user_id=user.id)
    return Ground(
        person=Person(user.id, name, str(document["userPrincipalName"])),
        devices={row.id: row.device_name or "a device" for row in devices},
        lines=lines_of(connection, call, user=user.id, limit=_SHOWN_AT_ONCE),
        templates={
            name: str(template["displayName"]) for name, template in templates.items() if template["exportable"]
        },
        usages={name: template["keyUsage"] for name, template in templates.items()},
        keys=import_keys(connection, call),
    )


def _key(ground: Ground, form: Typed) -> imported.ConnectorKey:
    if not ground.keys:
        raise Invalid("No connector has a key to encrypt passwords with. Make a key on a connector first.")
    wanted = form.text("key")
    chosen = [key for key in ground.keys if key.value == wanted] or ground.keys[:1]
    return chosen[0].key


def _purpose(form: Typed) -> str:
    word = form.text("purpose")
    if word not in PURPOSES:
        raise Invalid("Choose what it is for.", target="purpose")
    return word


def _plan(call: TenantCall, ground: Ground, *, form: Typed) -> NewCertificates:
    """Return the certificates to be issued. Raises Invalid for a field that is wrong."""
    template = form.text("template")
    if template not in ground.templates:
        raise Invalid("Choose a template.", target="template")
    years = form.text("years")
    is_history = form.text("way") == "history"
    count = whole_number(years) or 0
    if is_history and not 1 <= count <= MOST_YEARS:
        raise Invalid(f"Write a number of years from 1 to {MOST_YEARS}.", target="years")
    spans = history(call.now, years=count) if is_history else (None,)
    return NewCertificates(ground.person, template, _purpose(form), _key(ground, form), spans)


async def _record(call: TenantCall, ground: Ground, *, form: Typed, sent: FormData, is_sure: bool) -> Json:
    """Return the record to be imported: of a file that was sent now, or that the page before has made."""
    if is_sure:
        return read_record(form, person=ground.person)
    file = sent.get("file")
    data = await file.read(LARGEST_FILE + 1) if isinstance(file, UploadFile) else decoded(form.text("file"))
    purpose, key = _purpose(form), _key(ground, form)
    password = str(sent.get("password", ""))
    return await read_file(call, data, password=password, person=ground.person, purpose=purpose, key=key)


async def _confirm_new(call: TenantCall, ground: Ground, *, plan: NewCertificates, form: Typed) -> Response:
    words, name = purpose_words(plan.purpose), ground.person.name
    sentence = (
        f"Our CA would issue a certificate by the template {plan.template} to {name}, for {words}, and it would be "
        "imported."
    )
    if len(plan.spans) > 1:
        sentence = (
            f"Our CA would issue {len(plan.spans)} certificates by the template {plan.template} to {name}, for "
            f"{words}, and they would be imported."
        )
    return _confirmation(
        call,
        ground,
        purpose=plan.purpose,
        effects=without_marks(await consequences(call, plan.foreseen(call.now))),
        requests=plan.requests(call.now),
        sentence=sentence,
        spans=[span for span in plan.spans if span is not None],
        warning=_unfit(ground, plan),
        fields={name: form.text(name) for name in ("way", "template", "purpose", "years", "key")},
        letters="",
    )


def _unfit(ground: Ground, plan: NewCertificates) -> str:
    """Return a warning where certificates by the template cannot do what they are imported for."""
    needed = _NEEDED.get(plan.purpose)
    if needed is None or needed & set(ground.usages[plan.template]):
        return ""
    return (
        f"Certificates by the template {plan.template} are not for {purpose_words(plan.purpose)}: their key usage is "
        f"{usage_words(ground.usages[plan.template])}."
    )


async def _confirm_file(call: TenantCall, ground: Ground, *, record: Json) -> Response:
    request = imported.import_pfx(record)
    letters = mark(str(record["thumbprint"])).letters
    start, end = str(record["startDateTime"])[:10], str(record["expirationDateTime"])[:10]
    return _confirmation(
        call,
        ground,
        purpose=str(record["intendedPurpose"]),
        effects=await consequences(call, one_by_one([request])),
        requests=[imported.without_secrets(request)],
        sentence=f"The certificate {letters}, valid from {start} to {end}, would be imported for {ground.person.name}, "
        f"for {purpose_words(str(record['intendedPurpose']))}. The password of its file is encrypted already: only the "
        "connector can open it.",
        spans=[],
        warning="",
        fields={"way": "file", **record},
        letters=letters,
    )


def _confirmation(
    call: TenantCall,
    ground: Ground,
    *,
    effects: Foresight,
    requests: Sequence[AdminRequest],
    purpose: str,
    **values: Any,
) -> Response:
    reached = {device.device for device in effects.devices if device.install or device.reissue}
    missing = {id_: name for id_, name in ground.devices.items() if id_ not in reached} if effects.is_whole else {}
    return call.page(
        "import_confirm.html",
        title=f"Import for {ground.person.name}",
        person=ground.person,
        affected=effects,
        missing=missing,
        has_devices=bool(ground.devices),
        purpose=purpose,
        requests=snippets(call, requests),
        button="Import",
        danger=False,
        waits=None,
        back=call.url("users", ground.person.id, "import"),
        **values,
    )


async def _issue(call: TenantCall, plan: NewCertificates) -> Response:
    """Issue and import the certificates, one after the other."""
    thumbprints: list[str] = []
    try:
        for span in plan.spans:
            record = await plan.issue(call, span)
            await send(call, imported.import_pfx(record))
            thumbprints.append(str(record["thumbprint"]))
    except Invalid as error:
        marks = await call.marks()
        before = f" Imported before that: {', '.join(map(marks.name, thumbprints))}." if thumbprints else ""
        raise Invalid(f"{error.message}{before}", target=error.target) from None
    return await _done(call, plan.person, thumbprints=thumbprints)


async def _import(call: TenantCall, ground: Ground, *, record: Json) -> Response:
    await send(call, imported.import_pfx(record))
    return await _done(call, ground.person, thumbprints=[str(record["thumbprint"])])


async def _done(call: TenantCall, person: Person, *, thumbprints: Sequence[str]) -> Response:
    marks = await call.marks()
    names = ", ".join(map(marks.name, thumbprints))
    done = f"{names} was imported for {person.name}."
    when = "Devices get it at their next check-in, by profiles for imported certificates."
    if len(thumbprints) > 1:
        done = f"{names} were imported for {person.name}."
        when = "Devices get them at their next check-in, by profiles for imported certificates."
    return call.back("users", person.id, done=f"{done} {when}")


def _page(call: TenantCall, ground: Ground, *, form: Typed) -> Response:
    """Show the forms; the one that was sent with what was typed, and why it is refused."""
    way = form.text("way")
    fresh = Typed({"template": ["SmimeEncryption"], "years": ["3"]})
    return call.page(
        "importing.html",
        status=400 if form.errors else 200,
        ground=ground,
        person=ground.person,
        form=form,
        forms={each: form if each == {_ISSUED: "file"}.get(way, way) else fresh for each in WAYS},
        ways=WAYS,
        purposes=[(name, words) for name, words in PURPOSES.items() if name != "unassigned"],
        keys=[(key.value, f"{key.key.key_name} of {key.connector}") for key in ground.keys],
        most_years=MOST_YEARS,
        largest=LARGEST_FILE // 1024,
    )
