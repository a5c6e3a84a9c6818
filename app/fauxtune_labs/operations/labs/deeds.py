"""The deeds of labs: what each sends, by the functions of `core.administration`, and its page of the console.

THE table of functions is `DEEDS`; the words of lab files are in `fauxtune_labs.core.verbs`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from fauxtune.core.administration import assignments, devices, directory, emulation, profiles, scep
from fauxtune.core.administration.choices import ProfileFamily, Purpose
from fauxtune.core.administration.profiles import Issuer, MailAccount
from fauxtune.core.administration.requests import AdminRequest, delete_object, key
from fauxtune.core.clock import parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ManagedDeviceId, ProfileId
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.operations.arrangement import assigning
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.due import clock_moves
from fauxtune.operations.connectors import digicert, registry, revocation
from fauxtune.operations.tenants import tenants
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune_labs.core.lab import Act, Words
from fauxtune_labs.operations.labs import app_deeds, certificate_deeds, graph
from fauxtune_labs.operations.labs.stage import Stage
from fauxtune_labs.operations.provider_states import reach

Deed: TypeAlias = Callable[[Stage, Words], Awaitable[None]]


async def carry_out(stage: Stage, deed: Act) -> None:
    """Carry out a deed; on a dry stage collect its requests and its page."""
    stage.begin()
    await DEEDS[deed.verb](stage, deed.words)


async def _state(stage: Stage, words: Words) -> None:
    sentence = words["sentence"]
    stage.page = ("states",)

    async def work() -> None:
        reached = await reach(stage.scene.emulator, stage.scene.tenant, state=sentence)
        if "thumbprint" in reached.values:
            stage.name_certificate(words.get("label"), thumbprint=reached.values["thumbprint"])

    await stage.control(emulation.reach_state(sentence), work)


# ------------------------------------------------------------------------------------------------------------ profiles


async def _create_profile(stage: Stage, words: Words) -> None:
    stage.page, stage.query = ("profiles", "new"), {"kind": words["family"]}
    target = await stage.target(words["to"])
    for request in await _profiles(stage, words):
        created = await stage.send(request)
        await stage.send(assignments.assign(created["id"], present=[], targets=[target]))


async def _profiles(stage: Stage, words: Words) -> list[AdminRequest]:
    platforms = [ProfilePlatform(platform) for platform in words["platforms"]]
    tenant, name = stage.scene.tenant, words["name"]
    match ProfileFamily(words["family"]):
        case ProfileFamily.ROOT:
            authority = await stage.authority(words.get("authority", "root"))
            return profiles.create_root(
                name,
                platforms=platforms,
                certificate=authority,
                file_name=f"{words.get('authority', 'root')}.cer",
                intermediate=words.get("authority") == "issuing",
            )
        case ProfileFamily.PKCS:
            issuer = Issuer(tenant.ca_host, tenant.ca_name)
            if words.get("digicert"):
                issuer = Issuer(str(tenant.setting("digicert.host")), digicert.NAME, kind="digiCert")
            return profiles.create_pkcs(
                name,
                platforms=platforms,
                issuer=issuer,
                template=words.get("template", "SmimeSigning"),
            )
        case ProfileFamily.SCEP:
            roots = assigning.named(await assigning.all_profiles(stage.scene), assigning.ROOT)
            urls = [tenant.scep_server]
            return profiles.create_scep(name, platforms=platforms, urls=urls, roots=roots)
        case ProfileFamily.EMAIL:
            known = await assigning.all_profiles(stage.scene)
            account = MailAccount(
                f"mail.{tenant.domain}",
                "Work",
                signing=assigning.named(known, words.get("signing", "")),
                encryption=assigning.named(known, words.get("encryption", "")),
            )
            return profiles.create_email(name, platforms=platforms, account=account)
        case _:
            purpose = Purpose(words.get("purpose", Purpose.ENCRYPTION))
            return profiles.create_imported(name, platforms=platforms, purpose=purpose)


async def _assign(stage: Stage, words: Words) -> None:
    profile, target = await stage.profile(words["profile"]), await stage.target(words["to"])
    stage.page = ("profiles", profile["id"], "assign")
    await stage.send(assignments.assign(profile["id"], present=profile["assignments"], targets=[target]))


async def _unassign(stage: Stage, words: Words) -> None:
    profile, target = await stage.profile(words["profile"]), await stage.target(words["to"])
    stage.page = ("profiles", profile["id"], "assign")
    await stage.send(assignments.unassign(profile["id"], present=profile["assignments"], targets=[target]))


async def _delete_profile(stage: Stage, words: Words) -> None:
    profile = await stage.profile(words["profile"])
    stage.page = ("profiles", profile["id"], "delete")
    await stage.send(delete_object(profiles.PROFILES, profile["id"]))


# ------------------------------------------------------------------------------------------------ devices, people, time


def _device_action(request: Callable[[str], AdminRequest], page: str) -> Deed:
    async def act(stage: Stage, words: Words) -> None:
        device = await stage.device(words["device"])
        stage.page = ("devices", device["id"], page)
        await stage.send(request(device["id"]))

    return act


async def _try_request(stage: Stage, words: Words) -> None:
    device, profile = await stage.device(words["device"]), await stage.profile(words["profile"])
    stage.page = ("authority", "scep")
    subject, usages = words.get("subject"), words.get("usages")

    async def work() -> None:
        wanted = scep_challenges.Wanted(
            ManagedDeviceId(device["id"]), ProfileId(profile["id"]), subject=subject, key_usages=usages
        )
        trial = await scep_challenges.try_request(stage.scene.emulator, stage.scene.tenant, wanted=wanted)
        stage.keep_file(words["file"], data=trial.csr)

    request = scep.try_request(device["id"], profile=profile["id"], subject=subject, key_usages=usages)
    await stage.control(request, work)


async def _sync(stage: Stage, words: Words) -> None:
    device = await stage.device(words["device"])
    stage.page = ("devices", device["id"])
    await stage.send(devices.sync_device(device["id"]))


async def _delete_user(stage: Stage, words: Words) -> None:
    user = await stage.user(words["user"])
    stage.page = ("users", user["id"], "delete")
    await stage.send(delete_object(directory.USERS, user["id"]))


async def _add(stage: Stage, words: Words) -> None:
    user, group = await stage.user(words["user"]), await stage.group(words["group"])
    stage.page = ("groups", group["id"], "add")
    await stage.send(directory.add_member(group["id"], member=user["id"]))


async def _remove(stage: Stage, words: Words) -> None:
    user, group = await stage.user(words["user"]), await stage.group(words["group"])
    stage.page = ("groups", group["id"])
    await stage.send(directory.remove_member(group["id"], member=user["id"]))


async def _set_connector(stage: Stage, words: Words) -> None:
    rows = await stage.scene.read(connector_queries.connector_rows, stage.scene.tenant.id)
    row = next((connector_row for connector_row in rows if connector_row.name == words["connector"]), None)
    if row is None:
        raise Invalid(f"The tenant has no connector '{words['connector']}' now.")
    state, connector = words["state"], row.id
    stage.page = ("connectors", connector)

    async def work() -> None:
        await stage.scene.run(registry.change_connector, connector, state=state)

    await stage.control(emulation.change_connector(connector, state=state), work)


async def _subscribe(stage: Stage, _words: Words) -> None:
    stage.page = ("authority", "digicert", "new")

    async def work() -> None:
        await digicert.subscribe(stage.scene.emulator, stage.scene.tenant)

    await stage.control(emulation.subscribe_digicert(), work)


async def _install_ra(stage: Stage, words: Words) -> None:
    rows = await stage.scene.read(connector_queries.connector_rows, stage.scene.tenant.id)
    # In 2020 the connector for PKCS has that in its name, beside the one for imported certificates.
    named = (row.id for row in rows if row.name.startswith(words["connector"]) and "pkcs" in row.roles)
    connector = next(named, words["connector"])
    stage.page = ("connectors", connector, "ra")

    async def work() -> None:
        await digicert.install(stage.scene.emulator, stage.scene.tenant, connector_id=connector, csr=None)

    await stage.control(emulation.install_ra_certificate(connector), work)


async def _advance(stage: Stage, words: Words) -> None:
    scene = stage.scene

    async def work() -> None:
        now = scene.emulator.runner.clock.now()
        async with clock_moves(scene.emulator, scene.tenant):
            await scene.run(tenants.advance_clock, parse_duration(words["by"]), system_now=now)
            await scene.run(revocation.carry_out)

    stage.page = ("journal",)
    await stage.control(emulation.advance_clock(words["by"]), work)


# --------------------------------------------------------------------------------------------------------- observations


async def _look_at_device(stage: Stage, words: Words) -> None:
    device = await stage.device(words["device"])
    stage.page = ("devices", device["id"])
    await stage.send(AdminRequest("GET", f"{devices.DEVICES}/{device['id']}/deviceConfigurationStates"))


def _look_at_user(page: Callable[[str], tuple[str, ...]], request: Callable[[str], AdminRequest]) -> Deed:
    async def look(stage: Stage, words: Words) -> None:
        user = await stage.user(words["user"])
        stage.page = page(user["id"])
        await stage.control(request(stage.scene.principal_name(words["user"])), _nothing)

    return look


async def _look_at_diagnosis(stage: Stage, words: Words) -> None:
    user = await stage.user(words["user"])
    stage.page, stage.query = ("why",), {"user": user["id"]}
    await stage.control(emulation.read(f"/diagnose?user={key(user['id'])}"), _nothing)


def _look_at(*page: str, path: str) -> Deed:
    async def look(stage: Stage, _words: Words) -> None:
        stage.page = page
        await stage.control(emulation.read(path), _nothing)

    return look


async def _nothing() -> None:
    """Do nothing: who looks reads the page, or sends the request."""


def _own_page(*after: str) -> Callable[[str], tuple[str, ...]]:
    return lambda user: ("users", user, *after)


#: data. The verbs of `fauxtune_labs.core.verbs.DEEDS` -> what carries each out.
DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        "reach state": _state,
        "create profile": _create_profile,
        "assign profile": _assign,
        "unassign profile": _unassign,
        "delete profile": _delete_profile,
        "sync": _sync,
        "wipe": _device_action(devices.wipe_device, "wipe"),
        "retire": _device_action(devices.retire_device, "retire"),
        "delete device": _device_action(devices.delete_device, "delete"),
        "delete user": _delete_user,
        "add to group": _add,
        "remove from group": _remove,
        "issue file": certificate_deeds.issue_file,
        "rewrite file": certificate_deeds.rewrite_file,
        "lose file": certificate_deeds.lose_file,
        "issue and import": certificate_deeds.issue_and_import,
        "import file": certificate_deeds.import_file,
        "remove import": certificate_deeds.remove_import,
        "revoke": certificate_deeds.revoke,
        "publish": certificate_deeds.publish,
        "withdraw": certificate_deeds.withdraw,
        "send mail": certificate_deeds.send_mail,
        "set connector": _set_connector,
        "subscribe to DigiCert": _subscribe,
        "install RA certificate": _install_ra,
        "advance clock": _advance,
        "try request": _try_request,
        "send to Graph": graph.send,
        "publish Win32 app": app_deeds.publish,
        "let script end": app_deeds.let_script_end,
        "look at Graph": graph.look,
        "look at device": _look_at_device,
        "look at mail": _look_at_user(_own_page("readability"), emulation.read_matrix),
        "look at certificates": _look_at_user(_own_page(), lambda user: emulation.read(f"/users/{user}/certificates")),
        "look at history": _look_at_user(_own_page(), lambda user: emulation.read(f"/users/{user}/certificates")),
        "look at diagnosis": _look_at_diagnosis,
        "look at connectors": _look_at("connectors", path="/connectors/log"),
        "look at challenges": _look_at("authority", "scep", path="/scep/challenges"),
        "look at journal": _look_at("journal", path="/journal"),
    }
)


def places_of(stage: Stage, deed: Act, *, thumbprint: str) -> dict[str, str]:
    """Return what stands in a deed's command beside its members."""
    places = {"thumbprint": thumbprint}
    if deed.words.get("family") == ProfileFamily.EMAIL:
        places["mail_server"] = f"mail.{stage.scene.tenant.domain}"
    return places | {"upn": stage.scene.principal_name(deed.words["user"])} if "user" in deed.words else places
