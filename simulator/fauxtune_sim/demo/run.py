"""The course of the demonstration: start the server, make the nine proofs, then keep everything running or end it."""

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
from fauxtune_sim.demo import departure, mail_account, proofs
from fauxtune_sim.demo.graph import Graph
from fauxtune_sim.demo.narration import Narrate, command_name, wait_for_enter, wrapped
from fauxtune_sim.demo.profiles import Authority
from fauxtune_sim.demo.proofs import Evidence
from fauxtune_sim.demo.scenario import Scenario
from fauxtune_sim.demo.server_process import Endpoints, ServerProcess, server
from fauxtune_sim.errors import AnswerBroken, Interrupted, ServerUnreachable, SimulatorError
from fauxtune_sim.runner import Runner
from fauxtune_sim.transport import Transport, read_ca


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of a proof, and its check."""

    text: str
    check: Callable[[Scenario], Awaitable[Evidence]]


_CLAIMS = (
    Claim("Each device has one signing certificate, with a key of its own", proofs.own_signing_keys),
    Claim(
        "Mail encrypted to one device's PKCS certificate can be read on that device only", proofs.own_encryption_keys
    ),
    Claim(
        "All of Alice's devices have the same three imported certificates; Bob's device has none",
        proofs.same_encryption_keys,
    ),
    Claim("The mail of each of the three years can be read on each of Alice's devices", proofs.old_mail),
    Claim("A device that is enrolled later gets all three imported certificates", proofs.later_device),
    Claim(
        "Signed mail can be verified with the root and the intermediate certificate that were delivered",
        proofs.signed_mail,
    ),
    Claim("With an imported signing certificate Alice is the same signer on all of her devices", proofs.same_signer),
    Claim(
        "The iPhone's mail account, set up by its profile alone, signs, encrypts, verifies and reads mail",
        mail_account.mail_account,
    ),
)
_LAST_CLAIM = Claim(
    "Devices that have left hold no certificates; their PKCS certificates are revoked, the imported ones are not",
    departure.devices_leave,
)


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof of the demonstration: its number, its claim, whether the claim held, and what the devices showed."""

    number: int
    claim: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The options of `fauxtune demo`."""

    once: bool
    port: int
    http_port: int
    data_dir: Path | None
    #: `2020-04` or `current`; None: the server's default.
    edition: str | None = None
    #: Wait for Enter before each proof.
    step: bool = False


async def run_demo(options: DemoOptions, *, narrate: Narrate, show: Callable[[Any], None] | None = None) -> bool:
    """Run the demonstration. Returns whether every proof held. `show` receives the JSON document.

    Without `once` the server and the devices stay up until they are interrupted. Raises Interrupted if that happens
    before the last proof.
    """
    stop, narrate_plain, narrate = interrupted(), narrate, wrapped(narrate)
    narrate("Starting a server for this demonstration ...")
    async with _running(options) as (endpoints, process, folder):
        narrate(f"The server is ready at {endpoints.https}. It is an emulator: no real service is contacted.")
        narrate(
            "Nine proofs show how certificates for S/MIME mail reach managed devices, and what can be done with them. "
            "Each proof makes a claim and ends with HELD if the devices show that it is true, else with NOT HELD."
        )
        async with Transport(ca=read_ca(endpoints.ca_file)) as transport:
            runner = Runner(announce=lambda line: narrate(f"  . {line}"))
            try:
                environment = DemoEnvironment(endpoints, folder, step=options.step)
                work = asyncio.create_task(_make_proofs(environment, transport, runner=runner, narrate=narrate))
                if not await _unless(stop, process, work=work):
                    narrate(_closing(options))
                    raise Interrupted("interrupted before the last proof")
                scenario, results, before = work.result()
                if show is not None:
                    show(_document(results, scenario, before=before))
                if not options.once:
                    narrate_plain(_instructions(endpoints, scenario))
                    await _unless(stop, process, work=asyncio.create_task(stop.wait()))
                    narrate(_closing(options))
            finally:
                await runner.close()
    return len(results) == len(_CLAIMS) + 1 and all(proof.evidence.held for proof in results)


@contextlib.asynccontextmanager
async def _running(options: DemoOptions) -> AsyncIterator[tuple[Endpoints, ServerProcess, Path]]:
    """The server, and the folder for devices and mails: below the data folder, or temporary like the server's."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-demo-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) if options.data_dir is None else options.data_dir / "demo"
        arguments = {"port": options.port, "http_port": options.http_port}
        async with server(**arguments, data_dir=options.data_dir, edition=options.edition) as (endpoints, process):
            yield endpoints, process, folder


async def _unless(stop: asyncio.Event, process: ServerProcess, *, work: asyncio.Task[Any]) -> bool:
    """Wait for the work; False if it was interrupted first. Raises ServerUnreachable if the server ended by itself."""
    halted, ended = asyncio.create_task(stop.wait()), asyncio.create_task(process.ended())
    try:
        await asyncio.wait([work, halted, ended], return_when=asyncio.FIRST_COMPLETED)
        if ended.done() and not stop.is_set():
            raise ServerUnreachable(f"the server ended unexpectedly ({ended.result()}):\n{process.last_lines()}")
        if work.done():
            work.result()
            return True
        return False
    finally:
        for task in (work, halted, ended):
            task.cancel()
        await asyncio.gather(work, halted, ended, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class DemoEnvironment:
    """The server, the folder for devices and mails, and whether each proof waits for Enter."""

    endpoints: Endpoints
    folder: Path
    step: bool


async def _make_proofs(
    environment: DemoEnvironment, transport: Transport, *, runner: Runner, narrate: Narrate
) -> tuple[Scenario, list[Proof], list[dict[str, Any]]]:
    """Make all proofs. Returns the scenario, the proofs, and the devices as they were before the last proof."""
    scenario = await _scenario(environment, transport, runner=runner, narrate=narrate)
    await proofs.prepare(scenario)
    results: list[Proof] = []
    for number, claim in enumerate(_CLAIMS, start=1):
        results.append(await _prove(claim, scenario, number=number, step=environment.step))
    before = [device.summary() for device in scenario.devices.values()]
    results.append(await _prove(_LAST_CLAIM, scenario, number=len(results) + 1, step=environment.step))
    count = sum(proof.evidence.held for proof in results)
    narrate("")
    narrate("All nine proofs held." if count == len(results) else f"{count} of {len(results)} proofs held.")
    return scenario, results, before


async def _prove(claim: Claim, scenario: Scenario, *, number: int, step: bool) -> Proof:
    """Make one proof. An error on the way means that it did not hold; the demonstration goes on."""
    scenario.narrate("")
    if step:
        scenario.narrate(f"(Press Enter to go on to proof {number}.)")
        await wait_for_enter()
    scenario.narrate(f"Proof {number}")
    try:
        evidence = await claim.check(scenario)
    except SimulatorError as failed:
        evidence = Evidence(held=False, detail=str(failed))
    await scenario.runner.wait_until_idle()
    scenario.narrate(f"  {'HELD' if evidence.held else 'NOT HELD'}: {claim.text}.")
    scenario.narrate(f"    {evidence.detail[:1].upper()}{evidence.detail[1:].rstrip('.')}.")
    return Proof(number, claim.text, evidence)


async def _scenario(
    environment: DemoEnvironment, transport: Transport, *, runner: Runner, narrate: Narrate
) -> Scenario:
    """The scenario on the seeded tenant, or on a new tenant of the same seed if that one has profiles already."""
    endpoints = environment.endpoints
    token = os.environ.get("FAUXTUNE_CONTROL_TOKEN")
    control = Control(transport, endpoints.control, tenant=endpoints.tenant_id, token=token)
    credentials = {"clientId": endpoints.client_id, "clientSecret": endpoints.client_secret}
    tenant = credentials | await _tenant_facts(control.tenant())
    graph = await _sign_in(endpoints, transport, tenant=tenant)
    if (await graph.get("/deviceManagement/deviceConfigurations")).get("value"):
        tenant = await _tenant_facts(control.create_tenant(), also=("clientId", "clientSecret"))
        narrate(f"The demonstration has run in this data folder before, so it uses a new tenant: {tenant['name']}.")
        control = Control(transport, endpoints.control, tenant=tenant["id"], token=token)
        graph = await _sign_in(endpoints, transport, tenant=tenant)
    return Scenario(
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
        folder=environment.folder / tenant["name"],
        narrate=narrate,
    )


async def _tenant_facts(request: Awaitable[dict[str, Any]], *, also: tuple[str, ...] = ()) -> dict[str, str]:
    """The facts of a tenant that the scenario needs. Raises AnswerBroken if the control surface's answer lacks one."""
    answer = await request
    setting = answer.get("settings", {}).get("edition", {})
    answer = {**answer, "edition": setting.get("value")}
    names = ("id", "name", "domain", "certificationAuthority", "certificationAuthorityName", "edition", *also)
    missing = [name for name in names if not isinstance(answer.get(name), str)]
    if missing:
        raise AnswerBroken(f"the control surface's answer about the tenant lacks {', '.join(missing)}")
    return {name: answer[name] for name in names}


async def _sign_in(endpoints: Endpoints, transport: Transport, *, tenant: dict[str, str]) -> Graph:
    return await Graph.sign_in(
        transport,
        origin=endpoints.https,
        tenant=tenant["id"],
        client_id=tenant["clientId"],
        client_secret=tenant["clientSecret"],
    )


def _document(results: list[Proof], scenario: Scenario, *, before: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "proofs": [
            {
                "number": proof.number,
                "name": proof.claim,
                "held": proof.evidence.held,
                "detail": proof.evidence.detail,
            }
            for proof in results
        ],
        "devices": before,
        "devicesAfter": [device.summary() for device in scenario.devices.values()],
    }


def _instructions(endpoints: Endpoints, scenario: Scenario) -> str:
    tablet, mail = (shlex.quote(str(scenario.folder / name)) for name in ("alice-tablet", "mails/signed.eml"))
    device, service = command_name("fauxtune-sim"), command_name("fauxtune")
    server = f"--url {endpoints.https} --ca {shlex.quote(str(endpoints.ca_file))} --tenant {scenario.tenant}"
    return "\n".join(
        (
            "",
            "The server and the devices keep running. Press Ctrl-C to end them.",
            f"  Graph            {endpoints.https}/beta",
            f"  control surface  {endpoints.control}",
            f"  CA file          {endpoints.ca_file}",
            "Try these commands in another terminal, in this folder:",
            f"  {device} keystore --state {tablet}",
            f"  {device} mail read --state {tablet} {mail}",
            f"  {service} history --user {scenario.user('alice')} {server}",
        )
    )


def _closing(options: DemoOptions) -> str:
    """The last line: whether the data is kept or deleted."""
    if options.data_dir is None:
        return "Ending. The server's data, the devices and the mails are deleted; `--data-dir DIR` would keep them."
    return f"Ending. The server's data, the devices and the mails are kept in {options.data_dir}."
