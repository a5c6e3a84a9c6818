"""What a device's owner does and looks at, without parsing of arguments and printing: lock, restart, refuse deliveries,
facts, outcomes of scripts; and the key store and the mail accounts as a table of 80 columns.

The table has two lines for each certificate: source, use, key, end and name; then its subject and its issuer.
Everything is taken from the rows of the JSON (`KeyStore.listing`, `MailAccount.row`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli.commands import CommandOutput
from fauxtune_sim.device.outcomes import Outcome
from fauxtune_sim.errors import FactRefused, NotFoundHere
from fauxtune_sim.facts.device_facts import read_value, withheld_facts
from fauxtune_sim.facts.table import facts_of
from fauxtune_sim.facts.values import FactValue
from fauxtune_sim.mail.smime_settings import describe_smime

_INDENT = "  "
Row = Mapping[str, Any]
WIDTH = 80
_TABLE_INDENT = " " * 10


class Owner:
    """The owner of the device in a folder. Raises StateBroken or NotFoundHere if the folder has no device."""

    def __init__(self, state: Path) -> None:
        self._state, self._device = state, load_device(state)

    def lock(self, *, locked: bool) -> CommandOutput:
        """Lock or unlock the device."""
        device = self._device
        device.condition.lock(locked)
        device.save(keys=False, state=False)
        state_word = "locked" if locked else "unlocked"
        return CommandOutput({"device": device.name, "locked": locked}, [f"{device.name} is {state_word}"])

    def restart(self) -> CommandOutput:
        """Restart the device."""
        device = self._device
        device.condition.restart()
        device.save(keys=False, state=False)
        document = {"device": device.name, "locked": True, "reboots": device.condition.reboots}
        return CommandOutput(document, [f"{device.name} has restarted and is locked"])

    def refuse(self, kinds: Sequence[str], *, code: int | None) -> CommandOutput:
        """Set which deliveries the device refuses; none if `kinds` is empty."""
        device = self._device
        device.refusals.clear()
        for kind in kinds:
            device.refusals.refuse(kind, code)
        device.save(keys=False, state=False)
        answer = "" if code is None else f" with the error {code}"
        words = f"refuses {', '.join(device.refusals)}{answer}" if kinds else "refuses nothing"
        return CommandOutput({"device": device.name, "refuses": device.refusals.document()}, [f"{device.name} {words}"])

    def keystore(self) -> CommandOutput:
        """List the keys, trusted certificates and mail accounts on the device."""
        device = self._device
        rows = device.keystore.listing()
        accounts = [account.row() for account in (*device.accounts.values(), *device.own_accounts.values())]
        return CommandOutput(
            rows + accounts, listing_lines(rows, accounts) or [f"{device.name} has no managed certificates or accounts"]
        )

    def settings(self) -> CommandOutput:
        """List the settings that management has set on the device."""
        device = self._device
        rows = [{"address": address, "value": value} for address, value in sorted(device.settings.items())]
        lines = [f"{row['address']} = {row['value']}" for row in rows]
        return CommandOutput(rows, lines or [f"{device.name} has no managed settings"])

    def list_facts(self) -> CommandOutput:
        """List the facts, with the fields that carry them."""
        device = self._device
        values, withheld = device.facts, withheld_facts(device)
        rows = [
            {
                "name": fact.name,
                "value": values.get(fact.name),
                "reportedAs": fact.field_of(device.platform),
                "withheld": fact.name in withheld,
                "settable": fact.settable,
            }
            for fact in facts_of(device.platform)
        ]
        lines = []
        for row in rows:
            value = "none" if row["value"] is None else _text(values[str(row["name"])])
            lines.append(f"{row['name']} = {value}")
            how = "withheld: the device does not report it" if row["withheld"] else f"reported as {row['reportedAs']}"
            lines += textwrap.wrap(how, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
        return CommandOutput({"device": device.name, "facts": rows}, lines)

    def set_facts(self, assignments: Sequence[str]) -> CommandOutput:
        """Change facts, each as NAME=VALUE: all of them or, if one is refused, none."""
        device = self._device
        facts: dict[str, FactValue] = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals:
                raise FactRefused(f"a fact is set as NAME=VALUE, such as isEncrypted=false; {assignment[:60]} has no =")
            if name in facts:
                raise FactRefused(f"{name} is set twice: once is right")
            facts[name] = read_value(device.platform, name, text=text)
        device.report(**facts)
        device.save(keys=False, state=False)
        withheld = withheld_facts(device)
        values = {name: device.facts.get(name) for name in facts}
        lines = [f"{name} = {_text(value)}" for name, value in values.items() if value is not None]
        hidden = [name for name in facts if name in withheld]
        if hidden:
            lines.append(f"withheld, so that the service will not learn it: {', '.join(hidden)}")
        elif device.is_enrolled:
            lines.append(f"{device.name} reports it at its next check-in: `fauxtune-sim checkin --state {self._state}`")
        return CommandOutput({"device": device.name, "facts": values}, lines)

    def list_outcomes(self) -> CommandOutput:
        """List the declared outcomes."""
        device = self._device
        lines = [f"{name}: {_words(outcome)}" for name, outcome in device.scripts.items()]
        document = {"device": device.name, "scripts": device.scripts.document()}
        return CommandOutput(document, lines or ["every script succeeds and writes nothing"])

    def set_outcome(self, script: str, *, outcome: Outcome) -> CommandOutput:
        """Declare the outcome of a script on the device."""
        device = self._device
        device.scripts.declare(script, outcome)
        device.save(keys=False, state=False)
        document = {"device": device.name, "scripts": device.scripts.document()}
        return CommandOutput(document, [f"{script} on {device.name}: {_words(outcome)}"])

    def forget_outcome(self, script: str) -> CommandOutput:
        """Forget the outcome of a script. Raises NotFoundHere if none was set."""
        device = self._device
        if device.scripts.pop(script.lower(), None) is None:
            known = ", ".join(device.scripts) or "no script"
            raise NotFoundHere(f"no outcome of '{script}' is set on {device.name}; outcomes are set of {known}")
        device.save(keys=False, state=False)
        document = {"device": device.name, "scripts": device.scripts.document()}
        return CommandOutput(document, [f"{script} on {device.name} succeeds and writes nothing"])


def _text(value: FactValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(outcome: Outcome) -> str:
    words = f"exit code {outcome.exit_code}"
    words += f", writes {outcome.output!r}" if outcome.output else ""
    words += f", writes {outcome.error!r} as error" if outcome.error else ""
    if outcome.exit_code == 1 and (outcome.remediation or not outcome.fixes):
        end = "the issue is gone then" if outcome.fixes else "the issue stays"
        words += f"; a remediation ends with {outcome.remediation}" + ("" if outcome.remediation else f", and {end}")
    return words


def listing_lines(certificates: Sequence[Row], accounts: Sequence[Row]) -> list[str]:
    """The lines of the table; none if there are neither certificates nor accounts."""
    lines = [_columns(("source", "for", "key", "until", "certificate"))] if certificates else []
    for row in certificates:
        key = "yes" if row["hasKey"] else "no"
        lines.append(_columns((row["source"], row["usage"] or "?", key, row["notAfter"][:10], row["thumbprint"][:8])))
        lines += _wrapped("; ".join(_details(row)))
    for row in accounts:
        words = f"{row['address']} at {row['host']}" if row["address"] else "app configuration"
        lines += _wrapped(words, first=f"{'email':<10}")
        lines += _wrapped(f"in {row['package']}{describe_smime(row['smime'])}")
    return lines


def _details(row: Row) -> Iterator[str]:
    yield row["subject"]
    missing = [address for address in row["emailAddresses"] if address not in row["subject"]]
    if missing:
        yield ", ".join(missing)
    if row["issuer"] != row["subject"]:
        yield f"issued by {row['issuer']}"
    if row["intendedPurpose"]:
        yield f"imported for {row['intendedPurpose']}"


def _columns(row: tuple[str, str, str, str, str]) -> str:
    source, purpose, key, until, certificate = row
    return f"{source:<9} {purpose:<10} {key:<4} {until:<10}  {certificate}"


def _wrapped(text: str, *, first: str = _TABLE_INDENT) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=_TABLE_INDENT, break_on_hyphens=False)
