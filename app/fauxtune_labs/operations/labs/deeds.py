"""The deeds of labs: what each sends, by the functions of `core.administration`, and its page of the console.

THE table of functions is `DEEDS`; the words of lab files are in `fauxtune_labs.core.verbs`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from cryptography.x509 import Certificate

from fauxtune.core.administration import assignments, devices, directory, emulation, imported, profiles, scep
from fauxtune.core.administration.choices import INTENDED, ProfileFamily, Purpose
from fauxtune.core.administration.profiles import Issuer, MailAccount
from fauxtune.core.administration.requests import AdminRequest, delete_object, key
from fauxtune.core.clock import from_iso, iso, parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.core.mail.writing import Letter
from fauxtune.core.model.ids import ManagedDeviceId, ProfileId, UserId
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.core.pki.names import thumbprint as thumbprint_of
from fauxtune.core.pki.pfx import read_pfx, write_pfx
from fauxtune.operations.arrangement import assigning
from fauxtune.operations.arrangement.assigning import connector_key
from fauxtune.operations.ca import counter
from fauxtune.operations.ca.counter import CounterRequest
from fauxtune.operations.ca.imported_pfx import record_id
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.due import clock_moves
from fauxtune.operations.connectors import digicert, registry, revocation
from fauxtune.operations.insight.certificates import known_certificate
from fauxtune.operations.mail import address_book
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants import tenants
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune_labs.core.lab import Act, Words
from fauxtune_labs.operations.labs.stage import PASSWORD, Stage
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


# --------------------------------------------------------------------------------------------------------- certificates


def _counter_request(stage: Stage, words: Words) -> CounterRequest:
    return CounterRequest(
        template=words["template"],
        user_principal_name=stage.scene.principal_name(words["user"]),
        not_before=_day(words.get("from")),
        not_after=_day(words.get("until")),
        email=words.get("email"),
        pfx_password=PASSWORD,
    )


def _day(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)


def _shown_issue(stage: Stage, words: Words) -> AdminRequest:
    since, until = _day(words.get("from")), _day(words.get("until"))
    return emulation.issue_certificate(
        words["template"],
        user=stage.scene.principal_name(words["user"]),
        not_before=None if since is None else iso(since),
        not_after=None if until is None else iso(until),
        email=words.get("email"),
        pfx_password=PASSWORD,
    )


async def _issue_file(stage: Stage, words: Words) -> None:
    stage.page, stage.query = ("authority", "issue"), {"user": words["user"], "template": words["template"]}

    async def work() -> None:
        data = await _issued(stage, words)
        stage.keep_file(words["file"], data=data)

    await stage.control(_shown_issue(stage, words), work)


async def _rewrite_file(stage: Stage, words: Words) -> None:
    if stage.dry:
        return
    data = stage.files.get(words["from"])
    if data is None:
        raise Invalid(f"The lab has no file {words['from']} now.")
    read = read_pfx(data, PASSWORD.encode())
    written = write_pfx(
        key=read.key,
        certificate=read.certificate,
        chain=read.chain,
        password=PASSWORD,
        name="key",
        legacy=words["ciphers"] == "legacy",
    )
    stage.keep_file(words["file"], data=written)


async def _lose_file(stage: Stage, words: Words) -> None:
    if not stage.dry:
        stage.files.pop(words["file"], None)


async def _issued(stage: Stage, words: Words) -> bytes:
    scene = stage.scene
    answer = await counter.issue(scene.emulator, scene.tenant, request=_counter_request(stage, words))
    assert answer.pfx is not None, "the CA makes the key of a request without a CSR"
    stage.name_certificate(words.get("label"), thumbprint=thumbprint_of(answer.certificate))
    return answer.pfx


async def _issue_and_import(stage: Stage, words: Words) -> None:
    stage.page, stage.query = ("authority", "issue"), {"user": words["user"], "template": words["template"]}
    issued: list[bytes] = []

    async def work() -> None:
        issued.append(await _issued(stage, words))

    await stage.control(_shown_issue(stage, words), work)
    await _import(stage, issued[0] if issued else None, user=words["user"], tag=INTENDED[Purpose(words["purpose"])])


async def _import_file(stage: Stage, words: Words) -> None:
    user = await stage.user(words["user"])
    stage.page, stage.query = ("users", user["id"], "import"), {}
    await _import(stage, stage.files.get(words["file"]), user=words["user"], tag=words["tag"])


async def _import(stage: Stage, data: bytes | None, *, user: str, tag: str) -> None:
    """Import a PFX file; None: it is not there yet, or only shown."""
    scene = stage.scene
    public_key, name = await connector_key(scene), scene.principal_name(user)
    if data is None:
        span = (scene.now, scene.now + timedelta(days=365))
        body = imported.placeholder(
            number=1, connector_key=public_key, user_principal_name=name, purpose=tag, span=span
        )
        await stage.send(imported.without_secrets(imported.import_pfx(body), thumbprint="<its thumbprint>"))
        return
    record = imported.record(
        data,
        certificate=_certificate_in(data),
        password=PASSWORD,
        connector_key=public_key,
        user_principal_name=name,
        purpose=tag,
    )
    request = imported.import_pfx(record)
    await stage.send(request, readable=imported.without_secrets(request))


@lru_cache(maxsize=32)
def _certificate_in(data: bytes) -> Certificate:
    """Return the certificate in a PFX file. Each look at a lab shows its imports, and to open a file takes long."""
    return imported.certificate_of(data, password=PASSWORD)


async def _remove_import(stage: Stage, words: Words) -> None:
    user, mark = await stage.user(words["user"]), await stage.certificate(words)
    stage.page = ("users", user["id"], "imported", mark, "delete")
    await stage.send(delete_object(imported.COLLECTION, record_id(UserId(user["id"]), mark)))


async def _revoke(stage: Stage, words: Words) -> None:
    mark, reason = await stage.certificate(words), words.get("reason", "unspecified")
    stage.page = ("authority", "certificates", mark, "revoke")

    async def work() -> None:
        row = await stage.scene.read(certificate_queries.certificate, stage.scene.tenant.id, key=mark)
        if row is None:
            raise Invalid(f"The tenant's CA has not issued the certificate {mark}.")
        await stage.scene.run(
            revocation.revoke, row.serial, reason=reason, authority_name=row.authority, device=row.enrollment_id
        )

    await stage.control(emulation.revoke_certificate(mark, reason=reason), work)


# ----------------------------------------------------------------------------------------------------------------- mail


async def _publish(stage: Stage, words: Words) -> None:
    address, mark = await _address(stage, words["user"]), await stage.certificate(words)
    stage.page, stage.query = ("address-book", "publish"), {"address": address}

    def operation(tx: Transaction) -> None:
        known = known_certificate(tx, mark)
        if known.der is None:
            raise Invalid("The certificate is in an imported file that no connector has opened yet.")
        address_book.publish(tx, address, certificate=known.der)

    async def work() -> None:
        await stage.scene.run(operation)

    await stage.control(emulation.publish_certificate(address, thumbprint=mark), work)


async def _withdraw(stage: Stage, words: Words) -> None:
    address, mark = await _address(stage, words["user"]), await stage.certificate(words)
    stage.page = ("address-book", address, mark, "withdraw")

    async def work() -> None:
        await stage.scene.run(address_book.withdraw, address, mark=mark)

    await stage.control(emulation.withdraw_certificate(address, thumbprint=mark), work)


async def _send_mail(stage: Stage, words: Words) -> None:
    sender, to = await _address(stage, words["from"]), await _address(stage, words["to"])
    text, encrypt = words.get("text", "Only for you."), words.get("encrypt", True)
    stage.page, stage.query = ("users", (await stage.user(words["from"]))["id"], "mail", "new"), {"to": to}
    letter = Letter(sender=sender, to=(to,), subject=words["subject"], text=text)

    async def work() -> None:
        await stage.scene.run(address_book.send, letter, encrypt=encrypt)

    request = emulation.send_text(sender, to=[to], subject=words["subject"], text=text, encrypt=encrypt)
    await stage.control(request, work)


async def _address(stage: Stage, name: str) -> str:
    user = await stage.user(name)
    return str(user.get("mail") or stage.scene.principal_name(name))


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
        "issue file": _issue_file,
        "rewrite file": _rewrite_file,
        "lose file": _lose_file,
        "issue and import": _issue_and_import,
        "import file": _import_file,
        "remove import": _remove_import,
        "revoke": _revoke,
        "publish": _publish,
        "withdraw": _withdraw,
        "send mail": _send_mail,
        "set connector": _set_connector,
        "subscribe to DigiCert": _subscribe,
        "install RA certificate": _install_ra,
        "advance clock": _advance,
        "try request": _try_request,
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
