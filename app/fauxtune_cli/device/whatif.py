"""`fauxtune whatif`: the effects of a request to Graph on devices, without sending it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from fauxtune_cli.options import Output, emit, fail, one_line, output_option, plain_failures, reasons
from fauxtune_cli.service import Emulator, with_service
from fauxtune_cli.tables import Table, certificate_name, person, print_table

_LISTS = ("install", "remove", "revoke", "reissue")
#: In place of a reason that the line above gives.
_AGAIN = "as above"
_HEADINGS = ("device", "user", "what", "item", "why")


@click.command()
@click.argument("method", help="POST, PATCH, PUT or DELETE")
@click.argument("address", metavar="URL", help="a URL of Graph: absolute, or from the version or collection on")
@click.option("--body", help="the body: JSON, or the name of a JSON file")
@output_option
@with_service(Emulator)
def whatif(method: str, address: str, *, service: Emulator, body: str | None, output: Output) -> None:
    """Show what a request to Graph would change on which device.

    Lists what would be installed, removed, revoked and re-issued, which scripts and apps would run or be installed, and
    whose compliance would change, device by device. Nothing is changed.

    \b
    fauxtune whatif POST /deviceManagement/managedDevices/ID/wipe \\
        --body '{"keepEnrollmentData": true}'
    fauxtune whatif DELETE /users/alice@contoso.example
    fauxtune whatif POST /deviceManagement/deviceConfigurations/ID/assign \\
        --body assignments.json
    """
    request = {"method": method, "url": address, "body": _read(body)}
    with plain_failures(), reasons(), service.client() as client:
        answer = client.control("POST", "/whatif", json=request)
        if output is Output.JSON:
            emit(output, answer, text="")
        else:
            print_table(effects(answer["devices"]))
            for line in unreadable(answer):
                print(line)


def _read(body: str | None) -> Any:
    """The JSON of the option, or of the file that it names."""
    if body is None:
        return None
    text = body
    if not body.lstrip().startswith(("{", "[")):
        try:
            text = Path(body).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"--body must be JSON or a JSON file; {body} cannot be read: {error}")
    try:
        return json.loads(text)
    except ValueError as error:
        fail(f"The body is not JSON: {error}")


def effects(devices: list[dict[str, Any]]) -> Table:
    """Return what a request would change as a table: a row for each item of each device, ordered by name."""
    ordered = sorted(devices, key=lambda device: str(device["deviceName"]).casefold())
    rows = [row for device in ordered for row in _rows(device)]
    return Table(_HEADINGS, rows, wraps=True, empty="The request would change nothing on any device.")


def unreadable(answer: dict[str, Any]) -> list[str]:
    """Return the mail that a request would make unreadable, in sentences; without such mail there is no sentence."""
    mail = answer["unreadable"]
    names = {device["device"]: device["deviceName"] or device["device"] for device in answer["devices"]}
    lines = []
    if mail["messages"]:
        subjects = ", ".join(f"'{one_line(subject)}'" for subject in mail["subjects"])
        more = ", ..." if mail["messages"] > len(mail["subjects"]) else ""
        lines.append(f"Mail that nobody could read any more: {mail['messages']:,} ({subjects}{more})")
    if mail["untilGivenAgain"]:
        again = mail["untilGivenAgain"]
        lines.append(f"{again:,} of it can be read again once a device is given the imported certificate again.")
    lines += [
        f"Mail that {one_line(names.get(on_device['device']))} could not read any more: {on_device['messages']:,}"
        for on_device in mail["onDevices"]
    ]
    return lines


def _rows(device: dict[str, Any]) -> list[tuple[str, ...]]:
    who = (device["deviceName"] or device["device"], person(device["userPrincipalName"]))
    rows: list[tuple[str, ...]] = [(*who, "ends", "the enrolment", device["ends"])] if device["ends"] else []
    items = [(name, item, str(item["why"])) for name in _LISTS for item in device[name]]
    for index, (name, item, why) in enumerate(items):
        is_again = index > 0 and items[index - 1][2] == why
        rows.append((*who, name, _item(item), _AGAIN if is_again else why))
    rows += [(*who, each["what"], f"{noun} {each['name']}", each["why"]) for noun, each in _works(device)]
    change = device.get("compliance")
    return rows if change is None else [*rows, (*who, "compliance", change["after"], compliance_words(change))]


def _works(device: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what changes of scripts and apps, each with its noun."""
    for noun, name in (("script", "scripts"), ("app", "apps")):
        yield from ((noun, each) for each in device.get(name) or ())


def compliance_words(change: dict[str, Any]) -> str:
    """Return a change of compliance in a sentence."""
    settings = ", ".join(setting.rpartition(".")[2] for setting in change["settings"])
    ends = change.get("graceEndsAt")
    until = f" until {ends[:16].replace('T', ' ')} UTC" if ends else ""
    not_met = f"; not met: {settings}" if settings else ""
    return f"now {change['before']}, then {change['after']}{until}{not_met}"


def effects_of_time(devices: list[dict[str, Any]]) -> Table:
    """Return what only time would change in the compliance of devices as a table."""
    rows: list[tuple[str, ...]] = [
        (
            device["deviceName"] or device["device"],
            person(device["userPrincipalName"]),
            compliance_words(device["compliance"]),
        )
        for device in devices
    ]
    empty = "Time alone would change the compliance of no device."
    return Table(("device", "user", "compliance"), rows, wraps=True, empty=empty)


def _item(item: dict[str, Any]) -> str:
    """The item in few words: the name of a certificate, else the profile's."""
    mark = certificate_name(item)
    how = item.get("reissued", "")
    return " ".join(part for part in (item["source"], mark or item["profileName"], how) if part)
