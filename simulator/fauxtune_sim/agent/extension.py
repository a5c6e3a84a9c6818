"""The management agent beside MDM: the Intune Management Extension of a PC, the Intune agent of a Mac.

The service's wire to these agents is not published; this is the emulator's own. The device learns the address from an
answer to its MDM client, so that one whose service has no such work never asks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from fauxtune_sim.device.device import Device
from fauxtune_sim.device.outcomes import LONGEST_ATTRIBUTE, LONGEST_OUTPUT, Outcome, ProgramOutcome
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.errors import AnswerBroken, EnrollmentOver, ServerRefused, ServerUnreachable
from fauxtune_sim.server.transport import Answer, Transport

#: The most rounds of one conversation: a service that always has more must not keep a device busy without end.
_MOST_ROUNDS = 50
_GONE = 410

#: The kinds of scripts that look for something.
_DETECTING = ("remediation", "compliance")
#: The exit code of an installer whose files cannot be loaded, and of one that the owner refuses (a fatal error).
_NOT_LOADED, _FATAL = -2147012889, 1603
#: Carries out an order; it may load files. Returns its report, and a line about it for people.
Carry = Callable[["Extension", dict[str, Any]], Awaitable[tuple[dict[str, Any], str]]]


async def run_script(extension: Extension, order: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Run a script, which has the outcome that the device's owner declared."""
    report = script_report(extension.device, order)
    codes = ", then ".join(str(result["exitCode"]) for result in report["results"])
    return report, f"ran the script {order['name']}: exit code {codes}"


def script_report(device: Device, order: dict[str, Any]) -> dict[str, Any]:
    """Return the report of a run. After an issue that a remediation has fixed its detection finds no issue any more."""
    names = (order["id"], order["name"])
    outcome = device.scripts.of(*names)
    longest = LONGEST_ATTRIBUTE if order["kind"] == "customAttribute" else LONGEST_OUTPUT
    results = [_result("detection" if order["kind"] in _DETECTING else "script", outcome, longest)]
    if order.get("remediation") and outcome.exit_code == 1:
        results.append(_result("remediation", Outcome(outcome.remediation)))
        if outcome.remediation == 0:
            results.append(_result("detection", Outcome() if outcome.fixes else outcome))
            if outcome.fixes:
                device.scripts.fixed(*names)
    return {"id": order["id"], "run": order["run"], "results": results}


async def change_app(extension: Extension, order: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Detect an app, install it unless it is there, or uninstall it; with the outcome that the owner declared."""
    device, key, name, action = extension.device, order["id"], order["name"], order["action"]
    outcome = _outcome_of_app(device, order)
    there, code = device.programs.has(key, outcome), None
    if action == "install" and not there:
        code = await _cannot_install(extension, order)
        if code is None:
            there, code = device.programs.run(key, outcome, version=order["version"]), outcome.exit_code
    elif action == "uninstall":
        there, code = device.programs.run(key, outcome, version=None), outcome.exit_code
    report = {"id": key, "content": order["content"], "detected": there, "exitCode": code}
    word = "is there" if there else "is not there"
    return report, f"{action} of the app {name}: {'' if code is None else f'exit code {code}, '}it {word}"


def _outcome_of_app(device: Device, order: dict[str, Any]) -> ProgramOutcome:
    """The declared outcome of an app. Where a script detects it, of which an outcome is declared, the app is there if
    that ends with exit code 0 and has written something, and nothing as an error (Intune: "Add and assign Win32 apps",
    2026-04-14, step 4; the page of 2020 says only that errors are read).
    """
    names = (order["id"], order["name"])
    outcome = device.programs.of(*names)
    script = device.scripts.declared(*names) if order.get("detectionScript") else None
    if script is None:
        return outcome
    there = script.exit_code == 0 and bool(script.output.strip()) and not script.error
    return replace(outcome, before=there, after=there)


async def _cannot_install(extension: Extension, order: dict[str, Any]) -> int | None:
    """The exit code of an app that cannot be installed, without its installer being run; None for others."""
    device = extension.device
    if device.refusals.reason(Delivery.APP) is not None:
        return device.refusals[Delivery.APP] or _FATAL
    if not order.get("address"):
        return None
    try:
        answer = await extension.transport.get(f"{extension.server}{order['address']}")
    except ServerUnreachable:
        return _NOT_LOADED
    digest = hashlib.sha256(answer.body).hexdigest()
    is_right = answer.status == 200 and order.get("digest") in {None, digest}
    return None if is_right else _NOT_LOADED


def _result(part: str, outcome: Outcome, longest: int = LONGEST_OUTPUT) -> dict[str, Any]:  # noqa: PLR0917
    return {
        "part": part,
        "exitCode": outcome.exit_code,
        "output": outcome.output[:longest],
        "error": outcome.error[:longest],
    }


#: Each kind of work, by its member in the messages.
WORKS: dict[str, Carry] = {"scripts": run_script, "apps": change_app}


@dataclass(frozen=True, slots=True)
class Extension:
    """The agent of one device. `prove`: the headers that prove the device's identity for a body; `server`: the origin
    of the addresses in orders.
    """

    device: Device
    transport: Transport
    prove: Callable[[bytes], dict[str, str]]
    server: str = ""

    async def run(self, address: str, *, user_is_here: bool) -> tuple[list[str], str]:
        """Ask for work, and carry it out, until nothing is left. Returns a line for each piece of work, and when the
        service wants to be asked again (ISO 8601).

        Raises EnrollmentOver if the enrolment has ended, ServerRefused or ServerUnreachable if the service fails.
        """
        lines: list[str] = []
        reports: dict[str, list[dict[str, Any]]] = {name: [] for name in WORKS}
        for _ in range(_MOST_ROUNDS):
            answer = await self._ask(address, {"userIsHere": user_is_here, **reports})
            done = {name: [await carry(self, order) for order in answer.get(name, ())] for name, carry in WORKS.items()}
            reports = {name: [report for report, _line in each] for name, each in done.items()}
            lines += [line for each in done.values() for _report, line in each]
            if not any(reports.values()):
                return lines, str(answer["askAgainAt"])
        raise ServerRefused("the service orders work without end", status=200)

    async def _ask(self, address: str, message: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(message).encode()
        answer = await self.transport.send(
            "POST", address, body=body, content_type="application/json", headers=self.prove(body)
        )
        if answer.status == _GONE:
            raise EnrollmentOver(f"the service refused the agent ({_why(answer)})", status=answer.status)
        if answer.status != 200:
            raise ServerRefused(
                f"the service refused the agent ({answer.status}): {_why(answer)}", status=answer.status
            )
        document = answer.json()
        if not isinstance(document.get("askAgainAt"), str):
            raise AnswerBroken("the answer to the agent does not say when to ask again")
        return document


def _why(answer: Answer) -> str:
    try:
        return str(answer.json()["error"]["message"])[:300]
    except (AnswerBroken, KeyError, TypeError):
        return "no reason given"
