"""`fauxtune diagnose`: why a certificate or an app is missing on a device.

A diagnosis is shown as a tree of devices, profiles and links, a history as a table. Colours only on a terminal.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import click

from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune.core.model.text import JsonObject
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import FAILED, SHORT, emit, fail, one_line, plain
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import certificate_name, has_colours

#: Text in the colour of a status.
Paint = Callable[[str, str], str]

_COLOURS = {"ok": "32", "waiting": "33", "warning": "33", "not applicable": "33", "broken": "31", "error": "31"}
_WIDTH = 7
_HEADINGS = ("source", "for", "from", "until", "status", "certificate")
_COLUMNS, _INDENT = 80, " " * 10
_STATUSES = {"notYetValid": "not valid yet"}
#: A fix that ends with a command. Quotation marks are around names: a name that looks like a command is not coloured.
_COMMAND = re.compile(r"((?:[\w ,./()-]|\b'\b)+:) (fauxtune .+)")


def paint_for_terminal() -> Paint:
    """Return the painter: colours if standard output is a terminal and NO_COLOR (no-color.org) is not set."""
    return coloured if has_colours() else uncoloured


def coloured(status: str, text: str) -> str:
    """Return the text in the colour of the status."""
    return f"\x1b[{_COLOURS[status]}m{text}\x1b[0m" if status in _COLOURS else text


def uncoloured(_status: str, text: str) -> str:
    """Return the text unchanged."""
    return text


def diagnosis(answer: JsonObject, *, paint: Paint, everything: bool) -> str:
    """Return the tree, the findings, and the verdict."""
    lines = [*_tree(answer["chains"], paint=paint, everything=everything)]
    if answer["devicesLeftOut"]:
        lines.append(f"{answer['devicesLeftOut']} more devices were not looked at.")
    if answer["findings"]:
        lines += ["", "Found:", *(line for finding in answer["findings"] for line in _finding(finding, paint=paint))]
    return "\n".join([*lines, *([""] if lines else []), _verdict(answer, paint=paint)])


def history(answer: JsonObject, *, paint: Paint, ids: bool = False) -> str:
    """Return the table, 80 columns wide, and the findings. Below each certificate are its details, its holders, and its
    problems. `ids`: with whole thumbprints.
    """
    person = answer["user"]
    lines = [f"{plain(person['userPrincipalName'])}, primary SMTP address {plain(person['mail'] or 'not set')}", ""]
    lines += [_columns(_HEADINGS)] if answer["value"] else ["No certificates."]
    for certificate in answer["value"]:
        lines += [_columns(_row(certificate, ids=ids)), *_details(certificate)]
    findings = [line for finding in answer["findings"] for line in _finding(finding, paint=paint)]
    return "\n".join(
        [*lines, "", *(["Found:", *findings] if findings else [paint("ok", "Nothing is wrong with them.")])]
    )


def _verdict(answer: JsonObject, *, paint: Paint) -> str:
    """The last line: the problems, the worst first; "All is well." only without any."""
    if not answer["chains"] and not answer["findings"]:
        return "There is nothing to look at: no profile reaches a device."
    parts = [] if answer["healthy"] else ["Not all is well"]
    for severity in ("error", "warning"):
        codes = Counter(finding["code"] for finding in answer["findings"] if finding["severity"] == severity)
        if codes:
            named = ", ".join(code if count == 1 else f"{code} ({count})" for code, count in codes.items())
            parts.append(f"{_counted(codes.total(), severity)}: {named}")
    waiting = sum(chain["status"] == "waiting" for chain in answer["chains"])
    if waiting:
        parts.append(f"{_counted(waiting, 'profile')} waiting")
    if not parts:
        return paint("ok", "All is well.")
    text = "\n".join(_wrapped("; ".join(parts) + "."))
    return paint("warning" if answer["healthy"] else "broken", text)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _tree(chains: list[JsonObject], *, paint: Paint, everything: bool) -> Iterator[str]:
    """Chains below their devices, links below their chain."""
    owners: dict[tuple[str, str | None], list[JsonObject]] = {}
    for chain in chains:
        owners.setdefault((chain["user"] or "no user", (chain["device"] or {"id": None})["id"]), []).append(chain)
    names = Counter(_device_name(mine[0]["device"]) for mine in owners.values())
    for (user, device), mine in owners.items():
        name = _device_name(mine[0]["device"])
        # Two devices can have one name: their ids tell them apart.
        same = f", {device[:SHORT]}" if device and names[name] > 1 else ""
        yield from _wrapped(f"{user}: {name}{same}", further="  ")
        for position, chain in enumerate(mine):
            yield from _chain(chain, is_last=position == len(mine) - 1, paint=paint, everything=everything)


def _device_name(device: JsonObject | None) -> str:
    return "no device" if device is None else f"{device['deviceName'] or device['id']} ({device['variant']})"


def _chain(chain: JsonObject, *, is_last: bool, paint: Paint, everything: bool) -> Iterator[str]:
    """A chain, and its links that do not hold; the others are counted, or with `everything` shown as well."""
    stem, branch = ("   ", "└─ ") if is_last else ("│  ", "├─ ")
    yield from _branch(chain, chain["profile"]["displayName"], first=branch, further=stem, paint=paint)
    links = [link for link in chain["links"] if everything or _shown(link) != "ok"]
    holding = len(chain["links"]) - len(links)
    count = links and holding
    for number, link in enumerate(links):
        branch, below = ("└─ ", "   ") if number == len(links) - 1 and not count else ("├─ ", "│  ")
        warned = f" [{', '.join(link['findings'])}]" if link["findings"] else ""
        text = f"{link['link']}: {link['message']}{warned}"
        yield from _branch(link, text, first=stem + branch, further=stem + below, paint=paint)
    if count:
        text = f"{_counted(holding, 'other link')} {'holds' if holding == 1 else 'hold'}"
        yield f"{stem}└─ {paint('ok', 'ok'.ljust(_WIDTH))} {text}"


def _branch(part: JsonObject, text: str, *, first: str, further: str, paint: Paint) -> Iterator[str]:
    """The lines of a link or a chain: branch, status and text."""
    word = _shown(part).ljust(_WIDTH)
    start, *rest = _wrapped(text, first=f"{first}{word} ", further=further.ljust(len(first)) + " " * (_WIDTH + 1))
    yield start.replace(word, paint(_shown(part), word), 1)
    yield from rest


def _shown(part: JsonObject) -> str:
    """The status of a link or a chain as text. A valid one with a warning is shown as the warning."""
    warned = part["findings"] if "link" in part else any(link["findings"] for link in part["links"])
    if part["status"] == "ok":
        return "warning" if warned else "ok"
    return "not applicable" if part["status"] == "notApplicable" else str(part["status"])


def _finding(finding: JsonObject, *, paint: Paint) -> Iterator[str]:
    word = finding["severity"].ljust(_WIDTH)
    start, *rest = _wrapped(f"{finding['code']}: {finding['message']}", first=f"  {word} ", further=_INDENT)
    yield start.replace(word, paint(finding["severity"], word), 1)
    yield from rest
    error = finding["evidence"].get("error")
    if isinstance(error, dict):
        yield from _wrapped(f"{error['hexadecimal']} ({error['family']}): {error['words']}", first=_INDENT)
    fix = one_line(finding["fix"])
    command = _COMMAND.fullmatch(fix)
    if command is None:
        yield from _wrapped(f"fix: {fix}", first=_INDENT, further=f"{_INDENT}     ")
    else:  # on a line of its own, however long, so that it can be pasted
        yield from _wrapped(f"fix: {command[1]}", first=_INDENT)
        yield f"{_INDENT}{command[2]}"


def _wrapped(text: str, *, first: str = "", further: str | None = None) -> Iterator[str]:
    """The text on lines of 80 columns, the first one after `first`, the others after `further` (default: the same)."""
    yield from textwrap.wrap(
        one_line(text),
        _COLUMNS,
        initial_indent=first,
        subsequent_indent=first if further is None else further,
        break_on_hyphens=False,
    )


def _row(certificate: JsonObject, *, ids: bool) -> tuple[str, ...]:
    return tuple(
        plain(text)
        for text in (
            certificate["source"] or "issued",
            certificate["usage"] or "?",
            (certificate["notBefore"] or "?")[:10],
            (certificate["notAfter"] or "?")[:10],
            _STATUSES.get(certificate["status"]) or certificate["status"],
            certificate_name(certificate, ids=ids),
        )
    )


def _details(certificate: JsonObject) -> Iterator[str]:
    """The addresses, issuer, devices and problems of a certificate."""
    details = []
    if certificate["emailAddresses"] is not None:
        details = [
            ", ".join(certificate["emailAddresses"]) or "no e-mail address",
            f"issued by {certificate['issuer']}",
        ]
    if certificate["profileName"]:
        details.append(f"by the profile '{certificate['profileName']}'")
    if certificate["intendedPurpose"]:
        details.append(f"imported for {certificate['intendedPurpose']}")
    holders = ", ".join(held["deviceName"] or held["device"][:SHORT] for held in certificate["holders"])
    findings = ", ".join(finding["code"] for finding in certificate["findings"])
    for text in ("; ".join(details), f"held by: {holders or 'no device'}", f"wrong: {findings}" if findings else ""):
        if text:
            yield from _wrapped(text, first=_INDENT)


def _columns(row: tuple[str, ...]) -> str:
    widths = (8, 10, 10, 10, 13, SHORT)
    return "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip()


@click.command()
@click.option("--user", shell_complete=completion.user, help="a user: name or id")
@click.option("--device", shell_complete=completion.device, help="a device: name or id")
@click.option("--profile", shell_complete=completion.profile, help="a profile: name or id")
@click.option("--app", help="an app: name or id")
@click.option("--all", "everything", is_flag=True, help="show the links without problems, too")
@with_service(Administration)
def diagnose(
    *,
    service: Administration,
    user: str | None,
    device: str | None,
    profile: str | None,
    app: str | None,
    everything: bool,
) -> None:
    """Find out why a certificate or an app is missing on a device.

    Shows at which link the way from an import, or an app, to a device breaks, why, and what repairs it. At least one of
    --user, --device, --profile and --app is required; several of them narrow the search. Nothing is changed. The exit
    code is 1 if a link is broken or an error was found, else 0, also with warnings or while something is pending.
    docs/diagnosis.md explains every code.

    \b
    fauxtune diagnose --user alice
    fauxtune diagnose --profile "S/MIME encryption" --all
    fauxtune diagnose --device PC-1 --app "7-Zip"
    fauxtune diagnose --device "Alice's phone" --output json
    """
    if not (user or device or profile or app):
        fail("--user, --device, --profile or --app is required; several of them narrow the search.")
    with service.session() as session:
        params = {
            "user": user and names.user(session.client, user).name,
            "device": device and names.device_or_enrolment(session.client, device)[0],
            "profile": profile and names.profile(session.client, profile).id,
            "app": app,
        }
        query = urlencode({name: value for name, value in params.items() if value}, safe="@")
        answer = session.marked(session.send(AdminRequest("GET", f"/diagnose?{query}", service=Service.CONTROL)))
        paint = paint_for_terminal()
        emit(session.output, answer, text=diagnosis(answer, paint=paint, everything=everything))
        if not answer["healthy"]:
            raise click.exceptions.Exit(FAILED)
