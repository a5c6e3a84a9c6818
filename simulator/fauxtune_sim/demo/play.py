"""The story from curtain to curtain: the server comes up, the proofs are told, and everything stays or ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fauxtune_sim.commands import interrupted
from fauxtune_sim.control import Control
from fauxtune_sim.demo import account, farewell, proofs
from fauxtune_sim.demo.child import Endpoints, ServerChild, server
from fauxtune_sim.demo.graph import Graph
from fauxtune_sim.demo.profiles import Authority
from fauxtune_sim.demo.proofs import Proof
from fauxtune_sim.demo.stage import Stage
from fauxtune_sim.demo.words import Tell, enter_pressed, in_lines, runnable
from fauxtune_sim.errors import AnswerBroken, Interrupted, ServerUnreachable, SimulatorError
from fauxtune_sim.runner import Runner
from fauxtune_sim.transport import Transport, read_ca

_BEFORE_LEAVING = (
    proofs.own_signing_keys,
    proofs.own_encryption_keys,
    proofs.same_encryption_keys,
    proofs.old_mail,
    proofs.later_device,
    proofs.signed_mail,
    proofs.same_signer,
    account.mail_account,
)


@dataclass(frozen=True, slots=True)
class Staging:
    """How the story is to be played."""

    once: bool
    port: int
    http_port: int
    data_dir: Path | None
    #: `2020-04` or `current`; None: the server's default.
    edition: str | None = None
    #: Wait for Enter before each proof.
    step: bool = False


async def play(staging: Staging, *, tell: Tell, show: Callable[[Any], None] | None = None) -> bool:
    """Play the story; True if every proof held. `show` gets the JSON document, if anybody wants it.

    Without `once` the server and the devices stay up until they are interrupted. Interrupted if that comes before the
    story's end.
    """
    stop, plainly, tell = interrupted(), tell, in_lines(tell)
    tell("Starting a server of its own ...")
    async with _running(staging) as (endpoints, child, folder):
        tell(f"The server answers at {endpoints.https}. It is an emulator: nothing here touches a real service.")
        tell("Each proof ends with HELD or NOT HELD: what it claims was seen on the devices, or it was not.")
        async with Transport(ca=read_ca(endpoints.ca_file)) as transport:
            runner = Runner(announce=lambda line: tell(f"  . {line}"))
            try:
                place = Place(endpoints, folder, step=staging.step)
                story = asyncio.create_task(_story(place, transport, runner=runner, tell=tell))
                if not await _unless(stop, child, work=story):
                    tell(_at_the_end(staging))
                    raise Interrupted("interrupted before the last proof")
                stage, told, before = story.result()
                if show is not None:
                    show(_document(told, stage, before=before))
                if not staging.once:
                    plainly(_ready(endpoints, stage))
                    await _unless(stop, child, work=asyncio.create_task(stop.wait()))
                    tell(_at_the_end(staging))
            finally:
                await runner.close()
    return len(told) == len(_BEFORE_LEAVING) + 1 and all(proof.held for proof in told)


@contextlib.asynccontextmanager
async def _running(staging: Staging) -> AsyncIterator[tuple[Endpoints, ServerChild, Path]]:
    """The server, and the folder for devices and mails: below the data folder, or temporary like the server's."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-demo-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) if staging.data_dir is None else staging.data_dir / "demo"
        arguments = {"port": staging.port, "http_port": staging.http_port}
        async with server(**arguments, data_dir=staging.data_dir, edition=staging.edition) as (endpoints, child):
            yield endpoints, child, folder


async def _unless(stop: asyncio.Event, child: ServerChild, *, work: asyncio.Task[Any]) -> bool:
    """Wait for the work; False if it was interrupted first. ServerUnreachable if the server ended by itself."""
    halted, ended = asyncio.create_task(stop.wait()), asyncio.create_task(child.ended())
    try:
        await asyncio.wait([work, halted, ended], return_when=asyncio.FIRST_COMPLETED)
        if ended.done() and not stop.is_set():
            raise ServerUnreachable(f"the server ended unexpectedly ({ended.result()}):\n{child.last_words()}")
        if work.done():
            work.result()
            return True
        return False
    finally:
        for task in (work, halted, ended):
            task.cancel()
        await asyncio.gather(work, halted, ended, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the story is told: the server, the folder for devices and mails, and whether each proof waits for Enter."""

    endpoints: Endpoints
    folder: Path
    step: bool


async def _story(
    place: Place, transport: Transport, *, runner: Runner, tell: Tell
) -> tuple[Stage, list[Proof], list[dict[str, Any]]]:
    """Tell everything; gives the stage, the proofs, and the devices before the last proof."""
    stage = await _stage(place, transport, runner=runner, tell=tell)
    await proofs.set_the_stage(stage)
    told: list[Proof] = []
    for number, proof in enumerate(_BEFORE_LEAVING, start=1):
        told.append(await _attempt(proof, stage, number=number, step=place.step))
    before = [actor.summary() for actor in stage.actors.values()]
    told.append(await _attempt(farewell.devices_leave, stage, number=len(told) + 1, step=place.step))
    count = sum(proof.held for proof in told)
    tell("")
    tell("All nine proofs held." if count == len(told) else f"{count} of {len(told)} proofs held.")
    return stage, told, before


async def _attempt(proof: Callable[[Stage], Any], stage: Stage, *, number: int, step: bool) -> Proof:
    """One proof; what goes wrong on the way means that it did not hold, and the story goes on."""
    stage.tell("")
    if step:
        stage.tell(f"(Enter goes on to proof {number}.)")
        await enter_pressed()
    stage.tell(f"Proof {number}")
    try:
        result: Proof = await proof(stage)
    except SimulatorError as failed:
        name = (proof.__doc__ or "").partition(": ")[2].partition("\n")[0].rstrip(".")
        result = Proof(number, name[:1].upper() + name[1:], held=False, detail=str(failed))
    await stage.runner.quiet()
    stage.tell(f"  {'HELD' if result.held else 'NOT HELD'}: {result.name}.")
    stage.tell(f"    {result.detail[:1].upper()}{result.detail[1:].rstrip('.')}.")
    return result


async def _stage(place: Place, transport: Transport, *, runner: Runner, tell: Tell) -> Stage:
    """The stage on the seeded tenant; on a new tenant of the same seed if that one has been played on."""
    endpoints = place.endpoints
    token = os.environ.get("FAUXTUNE_CONTROL_TOKEN")
    control = Control(transport, endpoints.control, tenant=endpoints.tenant_id, token=token)
    tenant = {"clientId": endpoints.client_id, "clientSecret": endpoints.client_secret} | await _words(control.tenant())
    graph = await _sign_in(endpoints, transport, tenant=tenant)
    if (await graph.get("/deviceManagement/deviceConfigurations")).get("value"):
        tenant = await _words(control.create_tenant(), also=("clientId", "clientSecret"))
        tell(f"This data folder has seen the story before: it is told in a new tenant, {tenant['name']}.")
        control = Control(transport, endpoints.control, tenant=tenant["id"], token=token)
        graph = await _sign_in(endpoints, transport, tenant=tenant)
    return Stage(
        server=endpoints.https,
        pki=f"{endpoints.http}/pki/{tenant['name']}",
        tenant=tenant["name"],
        domain=tenant["domain"],
        edition=tenant["edition"],
        authority=Authority(host=tenant["certificationAuthority"], name=tenant["certificationAuthorityName"]),
        transport=transport,
        graph=graph,
        control=control,
        runner=runner,
        folder=place.folder / tenant["name"],
        tell=tell,
    )


async def _words(asked: Awaitable[dict[str, Any]], *, also: tuple[str, ...] = ()) -> dict[str, str]:
    """What the story needs to know of a tenant; AnswerBroken if the control surface does not say it."""
    answer = await asked
    setting = answer.get("settings", {}).get("edition", {})
    answer = {**answer, "edition": setting.get("value")}
    names = ("id", "name", "domain", "certificationAuthority", "certificationAuthorityName", "edition", *also)
    missing = [name for name in names if not isinstance(answer.get(name), str)]
    if missing:
        raise AnswerBroken(f"the control surface does not say the tenant's {', '.join(missing)}")
    return {name: answer[name] for name in names}


async def _sign_in(endpoints: Endpoints, transport: Transport, *, tenant: dict[str, str]) -> Graph:
    return await Graph.sign_in(
        transport,
        origin=endpoints.https,
        tenant=tenant["id"],
        client_id=tenant["clientId"],
        client_secret=tenant["clientSecret"],
    )


def _document(told: list[Proof], stage: Stage, *, before: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "proofs": [{"number": one.number, "name": one.name, "held": one.held, "detail": one.detail} for one in told],
        "devices": before,
        "devicesAfter": [actor.summary() for actor in stage.actors.values()],
    }


def _ready(endpoints: Endpoints, stage: Stage) -> str:
    tablet, mail = (shlex.quote(str(stage.folder / name)) for name in ("alice-tablet", "mails/signed.eml"))
    device, service = runnable("fauxtune-sim"), runnable("fauxtune")
    server = f"--url {endpoints.https} --ca {shlex.quote(str(endpoints.ca_file))} --tenant {stage.tenant}"
    return "\n".join(
        (
            "",
            "The server and the devices stay up. Ctrl-C ends them.",
            f"  Graph            {endpoints.https}/beta",
            f"  control surface  {endpoints.control}",
            f"  CA file          {endpoints.ca_file}",
            "Try in another terminal, in this folder:",
            f"  {device} keystore --state {tablet}",
            f"  {device} mail read --state {tablet} {mail}",
            f"  {service} history --user {stage.user('alice')} {server}",
        )
    )


def _at_the_end(staging: Staging) -> str:
    """What becomes of everything now."""
    if staging.data_dir is None:
        return "Ending. The server's data, the devices and the mails are deleted; `--data-dir DIR` would keep them."
    return f"Ending. The server's data, the devices and the mails are kept in {staging.data_dir}."
