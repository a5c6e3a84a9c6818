"""A new profile, for several platforms at once: kind, form, what it would do on each device, and the requests."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Response
from starlette.datastructures import FormData, UploadFile

from fauxtune.core.administration.choices import ProfileFamily, platforms_of
from fauxtune.core.errors import Invalid
from fauxtune.core.model.words.device_words import PLATFORMS, ProfilePlatform
from fauxtune.core.pki.foreign import is_pem
from fauxtune.storage.database import Connection
from fauxtune.storage.queries.insight import groups_and_profiles as queries
from fauxtune_console.call import TenantCall
from fauxtune_console.profiles.choices import Boxes, Choices, boxes, choices, read_targets, target_words
from fauxtune_console.profiles.creation import (
    Created,
    NewProfiles,
    RootPlan,
    creation,
    missing_root,
    request_for,
    root_plans,
)
from fauxtune_console.profiles.settings import DEFAULTS, LONGEST_CERTIFICATE, ScepSettings, read_settings
from fauxtune_console.session import Typed
from fauxtune_console.tasks import carry_out, confirm

#: data. The families in the order in which an administrator needs them: title, and what devices get.
KINDS: tuple[tuple[ProfileFamily, str, str], ...] = (
    (
        ProfileFamily.PKCS,
        "Certificate of its own for each device (PKCS)",
        "The connector makes a key and has a certificate issued for each device. Good for signing, Wi-Fi and VPN.",
    ),
    (
        ProfileFamily.SCEP,
        "Certificate of its own, whose key the device makes (SCEP)",
        "The key never leaves the device. It asks a SCEP server, yours or a partner's, which asks Intune first.",
    ),
    (
        ProfileFamily.IMPORTED,
        "One certificate on all devices of a person (imported)",
        "You import certificates for people; all their devices get the same. So each can read encrypted mail.",
    ),
    (
        ProfileFamily.ROOT,
        "Trusted root",
        "Devices trust the certificates of an authority. PKCS certificates are installed only where their root is.",
    ),
    (
        ProfileFamily.EMAIL,
        "E-mail account",
        "Devices set up a mail account. On iPhones and iPads it signs and encrypts with the device's certificates.",
    ),
)
#: Their certificates are installed where the root of the CA is; a SCEP profile refers to it.
_WITH_ROOT = (ProfileFamily.PKCS, ProfileFamily.SCEP)


@dataclass(frozen=True, slots=True)
class _Read:
    """What a form was read to. `new` is None if a field is wrong; `warning`: what to think of before it is sent."""

    choices: Choices
    boxes: Boxes
    new: NewProfiles | None
    roots: Sequence[RootPlan]
    warning: str = ""


async def new(call: TenantCall) -> Response:
    """Show the kinds, or the form of one."""
    family = _family(call)
    if family is None:
        return call.page("new_profile_kinds.html", kinds=KINDS)
    form = Typed({**DEFAULTS[family], "target": []})
    read = await call.read(_read, call, family=family, form=form, strict=False)
    form = form.with_value("urls", read.choices.tenant.scep_server)
    return _form(call, family, form=form, read=read)


async def create(call: TenantCall) -> Response:
    """Take the form: show it again, show what it would do, or create the profiles, by the button."""
    sent = await call.form()
    family = _family(call)
    if family is None:
        raise Invalid("Choose the kind of profile first.")
    form = await with_file(Typed.of(sent), sent)
    step = str(sent.get("step", "confirm"))
    read = await call.read(_read, call, family=family, form=form, strict=step != "form")
    if step == "form" or read.new is None:
        return _form(call, family, form=form, read=read)
    created: list[Created] = []
    task = creation(read.new, choices=read.choices, roots=read.roots, created=created)
    try:
        if step != "create":
            return await _confirm(call, read.new, form=form, read=read)
        await carry_out(call, task)
    except Invalid as error:
        form.wrong("", f"{error.message} {_so_far(created) if step == 'create' else ''}".strip())
        return _form(call, family, form=form, read=read)
    return _done(call, read.new, created=created)


def _button(*, several: bool) -> str:
    return "Create and assign them" if several else "Create and assign it"


async def _confirm(call: TenantCall, new: NewProfiles, *, form: Typed, read: _Read) -> Response:
    several = len(new.platforms) > 1
    return await confirm(
        call,
        creation(new, choices=read.choices, roots=read.roots, created=[]),
        template="new_profile_confirm.html",
        title=f"Create {len(new.platforms)} profiles" if several else "Create the profile",
        sentence="",
        warning=read.warning,
        button=_button(several=several) if new.targets else "Create",
        back=call.url("profiles"),
        new=new,
        who=target_words(new.targets),
        roots=[plan for plan in read.roots if plan.is_needed],
        platforms=PLATFORMS,
        notes=[(name, note) for platform, name in new.names.items() for note in request_for(new, platform).notes],
        pairs=list(form.pairs()),
    )


def _done(call: TenantCall, new: NewProfiles, *, created: Sequence[Created]) -> Response:
    """Show the profile, or the list of those that were created."""
    then = "assigned to nobody yet."
    if new.targets:
        then = f"assigned to {target_words(new.targets)}. Devices get it at their next check-in."
    if len(new.platforms) == 1:
        return call.back("profiles", created[-1].id, done=f"“{created[-1].name}” was created, {then}")
    several = f"“{new.name}” was created for {len(new.platforms)} platforms, {then}"
    return call.back("profiles", done=several, text=new.name[:100])


def _so_far(created: Sequence[Created]) -> str:
    if not created:
        return "Nothing was created."
    names = ", ".join(f"“{each.name}”" for each in created)
    return f"Created before that: {names}. You find them in the list of profiles."


def _family(call: TenantCall) -> ProfileFamily | None:
    word = call.query("kind")
    return ProfileFamily(word) if word in ProfileFamily.__members__.values() else None


def _form(call: TenantCall, family: ProfileFamily, *, form: Typed, read: _Read) -> Response:
    title, hint = next((title, hint) for profile_family, title, hint in KINDS if profile_family is family)
    return call.page(
        "new_profile.html",
        status=400 if form.errors else 200,
        family=family.value,
        title=title,
        hint=hint,
        form=form,
        choices=read.choices,
        boxes=read.boxes,
        offered=platforms_of(family),
        platforms=PLATFORMS,
    )


def _read(connection: Connection, call: TenantCall, *, family: ProfileFamily, form: Typed, strict: bool) -> _Read:
    """Read the form with what can be chosen. `strict`: the form's errors say what is wrong."""
    offered = choices(connection, call.tenant)
    boxed = boxes(connection, call.tenant.id, present=form.all("target"))
    if not strict:
        return _Read(offered, boxed, None, ())
    settings = read_settings(family, form, choices=offered)
    targets = read_targets(connection, call.tenant.id, form=form)
    platforms = _platforms(form, family)
    if not form.text("name"):
        form.wrong("name", "Give the profile a name.")
    if targets and all(target.leaves_out for target in targets):
        form.wrong("target", "To leave groups out, choose first who gets it.")
    if settings is None or form.errors:
        return _Read(offered, boxed, None, ())
    new = NewProfiles(family, form.text("name"), form.text("description") or None, platforms, settings, tuple(targets))
    taken = queries.profiles_named(connection, call.tenant.id, names=new.names.values())
    if taken:
        form.wrong("name", f"There is a profile “{min(taken)}” already. Choose another name.")
        return _Read(offered, boxed, None, ())
    if family not in _WITH_ROOT or (isinstance(settings, ScepSettings) and settings.roots):
        return _Read(offered, boxed, new, ())
    plans = root_plans(connection, offered, platforms=platforms, targets=targets)
    if form.has("root") or family is ProfileFamily.SCEP:
        return _Read(offered, boxed, new, plans)
    return _Read(offered, boxed, new, (), missing_root(offered, plans) if targets else "")


def _platforms(form: Typed, family: ProfileFamily) -> tuple[ProfilePlatform, ...]:
    offered = platforms_of(family)
    chosen = (
        offered if form.has("platform", "all") else [platform for platform in offered if form.has("platform", platform)]
    )
    if not chosen:
        form.wrong("platform", "Choose at least one platform.")
    return tuple(chosen)


async def with_file(form: Typed, sent: FormData) -> Typed:
    """Return the form with the certificate of the file that was sent, as text."""
    file = sent.get("upload")
    if not isinstance(file, UploadFile) or not file.filename:
        return form
    content = await file.read(LONGEST_CERTIFICATE + 1)
    if len(content) > LONGEST_CERTIFICATE:
        form.wrong("certificate", "This file is too large for a certificate.")
        return form
    text = content.decode(errors="replace") if is_pem(content) else base64.b64encode(content).decode()
    return form.with_value("certificate", text).with_value("source", "other").with_value("file", file.filename[:100])
