"""`fauxtune whatif`: the effects of a request to Graph on devices, without sending it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from fauxtune.cli.options import Output, OutputOption, emit, fail, plain, plain_failures
from fauxtune.cli.service import Emulator, with_service

_LISTS = ("install", "remove", "revoke", "reissue")
_HEADINGS = ("device", "user", "what", "item", "why")
_SHORT = 12


@with_service(Emulator)
def whatif(
    method: Annotated[str, typer.Argument(help="POST, PATCH, PUT or DELETE")],
    address: Annotated[
        str, typer.Argument(metavar="URL", help="a URL of Graph: absolute, or from the version or collection on")
    ],
    *,
    service: Emulator,
    body: Annotated[str | None, typer.Option(help="the body: JSON, or the name of a JSON file")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what a request to Graph would change on which device.

    Lists what would be installed, removed, revoked and re-issued, device by device. Nothing is changed.

    \b
    fauxtune whatif POST /deviceManagement/managedDevices/ID/wipe --body '{"keepEnrollmentData": true}'
    fauxtune whatif DELETE /users/alice@contoso.example
    fauxtune whatif POST /deviceManagement/deviceConfigurations/ID/assign --body assignments.json
    """
    request = {"method": method, "url": address, "body": _read(body)}
    with plain_failures(), service.client() as client:
        answer = client.control("POST", "/whatif", json=request)
        emit(output, answer, text=_table(answer["devices"]))


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


def _table(devices: list[dict[str, Any]]) -> str:
    lines = [line for device in devices for line in _lines(device)]
    if not lines:
        return "The request would change nothing on any device."
    widths = [max(len(line[column]) for line in (_HEADINGS, *lines)) for column in range(len(_HEADINGS))]
    rows = ["  ".join(part.ljust(width) for part, width in zip(line, widths, strict=True)) for line in lines]
    head = "  ".join(part.ljust(width) for part, width in zip(_HEADINGS, widths, strict=True))
    return "\n".join(line.rstrip() for line in (head, *rows))


def _lines(device: dict[str, Any]) -> list[tuple[str, ...]]:
    who = (plain(device["deviceName"] or device["device"]), plain(device["userPrincipalName"] or "-"))
    lines: list[tuple[str, ...]] = [(*who, "ends", "the enrolment", device["ends"])] if device["ends"] else []
    lines += [(*who, name, _item(item), plain(item["why"])) for name in _LISTS for item in device[name]]
    return lines


def _item(item: dict[str, Any]) -> str:
    """The item in few words: the beginning of a certificate's thumbprint, else the profile's name."""
    mark = (item["thumbprint"] or "")[:_SHORT]
    how = item.get("reissued", "")
    return plain(" ".join(part for part in (item["source"], mark or item["profileName"], how) if part))
