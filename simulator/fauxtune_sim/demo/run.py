"""The course of the demonstration: make the proofs, then keep everything running or end it."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fauxtune_sim.agent.agent import CheckInResult
from fauxtune_sim.agent.runner import Runner, describe, refusals
from fauxtune_sim.demo import departure, mail, proofs, scep
from fauxtune_sim.demo.clients import Graph
from fauxtune_sim.demo.narration import Narration, command_name
from fauxtune_sim.demo.profiles import Authority
from fauxtune_sim.demo.proofs import Evidence
from fauxtune_sim.demo.scenario import Scenario, keep_keys, write_report
from fauxtune_sim.demo.server_process import DemoOptions, Endpoints, ServerProcess, Stage
from fauxtune_sim.errors import AnswerBroken, Interrupted, ServerUnreachable, SimulatorError
from fauxtune_sim.server.control import Control
from fauxtune_sim.server.transport import Transport, read_ca


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
        "The sender obtains the public key: from the address book, after the certificate was published there",
        mail.sender_obtains_key,
    ),
    Claim(
        "Signed mail can be verified with the root and the intermediate certificate that were delivered",
        proofs.signed_mail,
    ),
    Claim("With an imported signing certificate Alice is the same signer on all of her devices", proofs.same_signer),
    Claim(
        "The end user can then enable S/MIME: before, the mail app neither signs nor encrypts; then it does both",
        mail.user_enables_smime,
    ),
    Claim(
        "The iPhone's mail account, set up only by its profile, signs, encrypts, verifies and reads mail",
        mail.mail_account,
    ),
    Claim(
        "The device communicates securely with the mail server: it logs in with its certificate, and others cannot",
        mail.mailbox_login,
    ),
)
#: The claims about ends: after them some devices hold nothing.
_LAST_CLAIMS = (
    Claim(
        "Devices that have left hold no certificates; their PKCS certificates are revoked, the imported ones are not",
        departure.devices_leave,
    ),
    Claim(
        "By SCEP a phone makes its key itself: Intune confirms what it requests, it renews, and retiring revokes",
        scep.key_made_on_the_phone,
    ),
)
_COUNT = len(_CLAIMS) + len(_LAST_CLAIMS)


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof of the demonstration: its number, its claim, whether the claim held, and what the devices showed."""

    number: int
    claim: str
    evidence: Evidence


class _Events:
    """The lines about check-ins: all of them at the end; during the proofs, whose tables show the rest, refusals."""

    def __init__(self, narration: Narration) -> None:
        self._narration = narration
        self.are_complete = False

    def lines(self, result: CheckInResult) -> list[str]:
        """The lines about a check-in."""
        return describe(result) if self.are_complete else refusals(result)

    def announce(self, line: str) -> None:
        """Print a line."""
        self._narration.say(f". {line}", indent=2, hang=2)


async def run_demo(
    stage: Stage, options: DemoOptions, *, narration: Narration, show: Callable[[Any], None] | None = None
) -> bool:
    """Make the proofs, as `start.demonstrate` says."""
    endpoints, process, stop = stage.endpoints, stage.process, stage.stop
    _introduce(endpoints, narration)
    async with Transport(ca=read_ca(endpoints.ca_file)) as transport:
        events = _Events(narration)
        runner = Runner(announce=events.announce, lines=events.lines)
        try:
            environment = DemoEnvironment(endpoints, stage.folder, with_report=options.report is not None)
            work = asyncio.create_task(_make_proofs(environment, transport, runner=runner, narration=narration))
            if not await _unless(stop, process, work=work):
                _close(options, narration)
                raise Interrupted("")
            scenario, results, before = work.result()
            is_complete = options.report is None or await write_report(
                scenario, endpoints.data_dir, file=options.report, language=options.language
            )
            if show is not None:
                show(_document(results, scenario, before=before, report=options.report))
            if not options.once:
                events.are_complete = True
                narration.exactly(*_instructions(endpoints, scenario))
                await _unless(stop, process, work=asyncio.create_task(stop.wait()))
                _close(options, narration)
        finally:
            await runner.close()
    return is_complete and len(results) == _COUNT and all(proof.evidence.held for proof in results)


def _introduce(endpoints: Endpoints, narration: Narration) -> None:
    narration.say(f"Look at it in a browser: {endpoints.http}/console/{endpoints.tenant}", style="bold")
    narration.say("")
    narration.say(
        f"{_COUNT} proofs show how certificates for S/MIME mail reach managed devices, and what can be done "
        "with them. Each begins with a claim and ends with HELD if the devices show that it is true, else with NOT "
        "HELD. The server is an emulator: no real service is contacted."
    )


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
    """The server, and the folder for devices and mails."""

    endpoints: Endpoints
    folder: Path
    with_report: bool = False


async def _make_proofs(
    environment: DemoEnvironment, transport: Transport, *, runner: Runner, narration: Narration
) -> tuple[Scenario, list[Proof], list[dict[str, Any]]]:
    """Make all proofs. Returns the scenario, the proofs, and the devices as they were before any left."""
    scenario = await _scenario(environment, transport, runner=runner, narration=narration)
    await proofs.prepare(scenario)
    results: list[Proof] = []
    for number, claim in enumerate(_CLAIMS, start=1):
        results.append(await _prove(claim, scenario, number=number))
    await scenario.deliver_mails()
    before = [device.summary() for device in scenario.devices.values()]
    if environment.with_report:
        keep_keys(scenario)
    for claim in _LAST_CLAIMS:
        results.append(await _prove(claim, scenario, number=len(results) + 1))
    count = sum(proof.evidence.held for proof in results)
    narration.say("")
    closing = f"All {count} proofs held." if count == len(results) else f"{count} of {len(results)} proofs held."
    narration.say(closing, style="bold")
    return scenario, results, before


async def _prove(claim: Claim, scenario: Scenario, *, number: int) -> Proof:
    """Make one proof. An error on the way means that it did not hold; the demonstration goes on."""
    scenario.narration.proof(number, claim.text, of=_COUNT)
    try:
        evidence = await claim.check(scenario)
    except SimulatorError as failed:
        evidence = Evidence(held=False, detail=str(failed))
    # What the devices did is printed before the next proof begins.
    await scenario.runner.wait_until_idle()
    cells = [] if evidence.table is None else [cell for row in evidence.table.rows for cell in row]
    await scenario.learn_names([evidence.detail, *cells])
    if evidence.table is not None:
        scenario.narration.table(evidence.table)
    detail = f"{evidence.detail[:1].upper()}{evidence.detail[1:].rstrip('.')}."
    scenario.narration.verdict(detail, held=evidence.held)
    return Proof(number, claim.text, evidence)


async def _scenario(
    environment: DemoEnvironment, transport: Transport, *, runner: Runner, narration: Narration
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
        narration.say(
            f"The demonstration has run in this data folder before, so it uses a new tenant. Its page is "
            f"{endpoints.http}/console/{tenant['name']}."
        )
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
        narration=narration,
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


def _document(
    results: list[Proof], scenario: Scenario, *, before: list[dict[str, Any]], report: Path | None
) -> dict[str, Any]:
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
        "report": None if report is None else str(report.absolute()),
    }


def _instructions(endpoints: Endpoints, scenario: Scenario) -> tuple[str, ...]:
    """The last page: what keeps running, and commands that can be pasted into another terminal."""
    device, service = command_name("fauxtune-sim"), command_name("fauxtune")
    read = f'{device} mail read --state "$DEMO"/alice-tablet "$DEMO"/mails/'
    variables: dict[str, object] = {
        "FAUXTUNE_DATA_DIR": endpoints.data_dir.absolute(),
        "DEMO": scenario.folder.absolute(),
    }
    if scenario.tenant != endpoints.tenant:
        variables["FAUXTUNE_TENANT"] = scenario.tenant
    return (
        "",
        "The server and the devices keep running. Ctrl-C ends them.",
        f"  console     {endpoints.http}/console/{scenario.tenant}",
        f"  interfaces  {endpoints.http}/docs",
        f"  Graph       {endpoints.https}/beta",
        f"  CA file     {endpoints.ca_file}",
        "Paste these commands into another terminal, in this folder:",
        *(f"  export {name}={shlex.quote(str(value))}" for name, value in variables.items()),
        f"  {service} device list",
        f"  {service} history --user {scenario.user('alice')}",
        f"  {service} mail matrix {scenario.user('alice')}",
        f'  {device} keystore --state "$DEMO"/alice-tablet',
        f'  {read}"signed on Alice\'s tablet.eml"',
        "The imported certificate is still good. The company phone was wiped, and its own certificate revoked:",
        f"  {read}signed.eml",
    )


def _close(options: DemoOptions, narration: Narration) -> None:
    """Print whether the data is kept or deleted."""
    narration.say("")  # the terminal has written ^C
    if options.data_dir is None:
        narration.say(
            "The demonstration ends. The server's data, the devices and the mails are deleted; `--data-dir DIR` would "
            "keep them."
        )
    else:
        narration.say(f"The demonstration ends. Its data, the devices and the mails are kept in {options.data_dir}.")
