"""Compliance policies, apps and scripts: which there are, who gets them, what became of them on devices, and new ones.

They are read and changed by the requests that a client of Graph would send (`core.administration.policies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from fauxtune.core.administration import policies
from fauxtune.core.administration.assignments import Collection
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import GroupId
from fauxtune.core.model.mail_accounts import APPS
from fauxtune.core.model.words.device_words import PLATFORMS, ProfilePlatform
from fauxtune.storage.queries.insight import groups_and_profiles
from fauxtune_console.call import TenantCall
from fauxtune_console.profiles.choices import boxes, read_targets, target_words
from fauxtune_console.session import Typed
from fauxtune_console.tasks import Question, carry_out, confirm, one_by_one, send, task_page

#: data. What each is called: one, several, and what it does.
NOUNS: Mapping[str, tuple[str, str, str]] = {
    "compliance": ("compliance policy", "Compliance policies", "say what a device must be like to count as compliant"),
    "app": ("app", "Apps", "are installed, offered, or taken away"),
    "script": ("script", "Scripts", "run on Windows and macOS"),
}
#: data. What a new form has chosen; a script's kind is the first of its list.
_FIRST = {"platform": ["ios"], "kind": ["ios-store"]}
#: The most devices that a page shows, and the most characters of a script that is typed.
_MOST, _LONGEST = 50, 200_000
_EVERYBODY = {"allLicensedUsersAssignmentTarget": "all users", "allDevicesAssignmentTarget": "all devices"}


@dataclass(frozen=True, slots=True)
class Thing:
    """A policy, app or script as the pages show it. `assigned`: to whom, in words."""

    noun: str
    of: Collection
    id: str
    name: str
    kind: str
    assigned: tuple[str, ...]
    document: Mapping[str, Any]

    @property
    def is_built_in(self) -> bool:
        """Whether every tenant has it, so that it cannot be deleted."""
        return self.id in {app.id for app in APPS}


async def things(call: TenantCall) -> Response:
    """Show all of them, under a heading each."""
    by_noun = {noun: await _all(call, noun) for noun in NOUNS}
    return call.page("managed.html", by_noun=by_noun, nouns=NOUNS)


async def thing(call: TenantCall) -> Response:
    """Show one, with its state on the first devices."""
    one = await _one(call)
    request = policies.states(one.of, one.id, most=_MOST)
    answer = await send(call, request)
    rows = policies.state_rows(one.of, answer if request.method == "POST" else answer["value"])
    return call.page("managed_one.html", one=one, rows=rows, most=_MOST, words=NOUNS[one.noun][0])


async def new(call: TenantCall) -> Response:
    """Show the form of a new one."""
    return _form(call, _noun(call), form=Typed(_FIRST))


async def create(call: TenantCall) -> Response:
    """Create it; refused, show the form again."""
    noun, form = _noun(call), Typed.of(await call.form())
    if not form.text("name"):
        form.wrong("name", "Give it a name.")
    request = _request(noun, form)
    if request is None or form.errors:
        return _form(call, noun, form=form)
    try:
        created = await send(call, request)
    except Invalid as error:
        form.wrong("", error.message)
        return _form(call, noun, form=form)
    done = f"“{form.text('name')}” was created. Nobody has it yet: assign it."
    return call.back("managed", noun, created["id"], done=done)


async def assign(call: TenantCall) -> Response:
    """Show the form of an assignment."""
    return await _assign_form(call, await _one(call), form=Typed({}))


async def change(call: TenantCall) -> Response:
    """Show what an assignment would do, or make it, by the button."""
    one, sent = await _one(call), await call.form()
    step, form = str(sent.get("step", "confirm")), Typed.of(sent)
    targets = await call.read(read_targets, call.tenant.id, form=form)
    if not targets:
        form.wrong("target", "Choose who gets it.")
    if form.errors or step == "form":
        return await _assign_form(call, one, form=form)
    intent = form.text("intent") or "required"
    request = policies.assign(
        one.of,
        one.id,
        present=one.document["assignments"],
        targets=[target.target for target in targets],
        intent=intent if one.noun == "app" else None,
    )
    try:
        if step != "change":
            return await confirm(
                call,
                [request],
                template="profile_edit_confirm.html",
                title=f"Assign “{one.name}”",
                sentence=f"It is assigned to {target_words(targets)} as well.",
                button="Assign it",
                back=_address(call, one),
                pairs=list(form.pairs()),
            )
        await carry_out(call, one_by_one([request]))
    except Invalid as error:
        form.wrong("", error.message)
        return await _assign_form(call, one, form=form)
    done = f"“{one.name}” is assigned to {target_words(targets)}. Devices follow at their next check-in."
    return call.back("managed", one.noun, one.id, done=done)


async def delete(call: TenantCall) -> Question:
    """Delete it."""
    one = await _one(call)
    return Question(
        request=delete_object(one.of.path, one.id),
        title=f"Delete “{one.name}”",
        points=(f"The {NOUNS[one.noun][0]} goes, with its assignments.", "Devices hear of it at their next check-in."),
        button="Delete it",
        back=_address(call, one),
        done=f"“{one.name}” is deleted.",
        leads_to=("managed",),
    )


def _noun(call: TenantCall) -> str:
    noun = str(call.request.path_params["noun"])
    if noun not in NOUNS:
        raise NotFound(f"There is no page of '{noun}': there are {', '.join(NOUNS)}.")
    return noun


async def _all(call: TenantCall, noun: str) -> list[Thing]:
    rows = [
        (of, document)
        for of in policies.COLLECTIONS[noun]
        for document in (await send(call, policies.listed(of)))["value"]
    ]
    ids = {assignment["target"].get("groupId") for _, document in rows for assignment in document["assignments"]} - {
        None
    }
    names = await call.read(groups_and_profiles.group_names, call.tenant.id, ids={GroupId(str(each)) for each in ids})
    all_of_it = [_thing(noun, of, document=document, names=names) for of, document in rows]
    return sorted(all_of_it, key=lambda each: each.name.casefold())


async def _one(call: TenantCall) -> Thing:
    noun, wanted = _noun(call), str(call.request.path_params["managed"])
    one = next((each for each in await _all(call, noun) if each.id == wanted), None)
    if one is None:
        raise NotFound(f"There is no such {NOUNS[noun][0]}. It may have been deleted meanwhile.")
    return one


def _thing(noun: str, of: Collection, *, document: Mapping[str, Any], names: Mapping[str, str]) -> Thing:
    assigned = []
    for assignment in document["assignments"]:
        target, intent = assignment["target"], assignment.get("intent")
        kind = target["@odata.type"].rpartition(".")[2]
        words = _EVERYBODY.get(kind) or names.get(str(target.get("groupId")), "a group that was deleted")
        prefix = "not " if kind == "exclusionGroupAssignmentTarget" else ""
        assigned.append(f"{prefix}{words}{f' ({intent})' if noun == 'app' else ''}")
    kind = policies.kind_words(of, document)
    kind = policies.APP_KINDS[kind].words if kind in policies.APP_KINDS else kind
    return Thing(noun, of, str(document["id"]), str(document["displayName"]), kind, tuple(assigned), document)


def _address(call: TenantCall, one: Thing) -> str:
    return call.url("managed", one.noun, one.id)


def _request(noun: str, form: Typed) -> AdminRequest | None:
    """Return the request that creates it; None where the form says what is wrong."""
    name, settings = form.text("name") or "NAME", _settings(form)
    if settings is None:
        return None
    if noun == "compliance":
        if form.text("platform") not in set(ProfilePlatform):
            form.wrong("platform", "Choose a platform.")
            return None
        return policies.create_compliance(name, platform=ProfilePlatform(form.text("platform")), settings=settings)
    if noun == "app":
        kind, value = form.text("kind"), form.text("of")
        if kind not in policies.APP_KINDS:
            form.wrong("kind", "Choose a kind.")
            return None
        publisher = form.text("publisher") or "Contoso"
        return policies.create_app(name, kind=kind, value=value, publisher=publisher, settings=settings)
    kind, remedy = form.text("kind"), form.text("remedy").encode()
    if kind not in policies.SCRIPT_KINDS:
        form.wrong("kind", "Choose a kind.")
        return None
    try:
        return policies.create_script(
            name,
            kind=kind,
            content=form.text("script").encode(),
            file_name=f"{name}.{'sh' if kind == 'shell' else 'ps1'}",
            settings=settings,
            remediation=remedy or None,
        )
    except Invalid as error:
        form.wrong("remedy", error.message)
        return None


def _settings(form: Typed) -> dict[str, Any] | None:
    """Return the properties that are typed as lines `property = value`; None where one has no value."""
    properties: dict[str, Any] = {}
    for line in form.text("settings").splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not equals:
            form.wrong("settings", f"“{line.strip()}” has no value: write property = value, one on each line.")
            return None
        properties[name] = policies.typed_value(name, value)
    return properties


def _form(call: TenantCall, noun: str, *, form: Typed) -> Response:
    example = _request(noun, Typed({**form.values, "name": [form.text("name") or "NAME"]}))
    return task_page(
        call,
        [] if example is None else [example],
        template="managed_new.html",
        error=form.errors.get("") or ("Nothing was added. Please mend what is marked below." if form.errors else ""),
        title=f"New {NOUNS[noun][0]}",
        points=("It is created, and reaches nobody until it is assigned.",),
        button="Create it",
        back=call.url("managed"),
        form=form,
        noun=noun,
        longest=_LONGEST,
        kinds={
            "compliance": tuple(
                (compliance_type.value, PLATFORMS[compliance_type]) for compliance_type in policies.COMPLIANCE_TYPES
            ),
            "app": tuple((word, app_kind.words) for word, app_kind in policies.APP_KINDS.items()),
            "script": tuple((word, script_kind.words) for word, script_kind in policies.SCRIPT_KINDS.items()),
        }[noun],
    )


async def _assign_form(call: TenantCall, one: Thing, *, form: Typed) -> Response:
    offered = await call.read(boxes, call.tenant.id, present=form.all("target"))
    return call.page(
        "managed_assign.html",
        status=400 if form.errors else 200,
        one=one,
        form=form,
        boxes=offered,
        back=_address(call, one),
        intents=tuple((intent, intent) for intent in policies.INTENTS),
    )
