"""Requests and names as text to paste.

A request as text to paste: curl, Python (httpx), PowerShell (Invoke-MgGraphRequest).

Quoting: POSIX shell 2.2.2 (single quotes), Python literals, PowerShell `about_Quoting_Rules` (here-strings). Characters
that do not print, such as those that turn the direction of text, are written as escapes. The credentials come from the
variables that `fauxtune env` prints: no snippet contains one.

A name as one word of a command line, for POSIX shells (2.2 "Quoting") and PowerShell (`about_Quoting_Rules`).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fauxtune.core.administration.requests import AdminRequest, Service

_CONTROL = "/_fauxtune/v1"
_SURROGATE_PAIRS = 0x10000
_SINGLE_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
#: `fauxtune env --for python` sets the variables.
_PYTHON_SIGN_IN = """\
tenant = f"{os.environ['AZURE_AUTHORITY_HOST']}/{os.environ['AZURE_TENANT_ID']}"
form = {
    "grant_type": "client_credentials",
    "client_id": os.environ["AZURE_CLIENT_ID"],
    "client_secret": os.environ["AZURE_CLIENT_SECRET"],
    "scope": "https://graph.microsoft.com/.default",
}
token = httpx.post(f"{tenant}/oauth2/v2.0/token", data=form).raise_for_status().json()["access_token"]
"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where requests go: the service's origin, such as `https://localhost:8443`, and the tenant by id or name.
    `control_token`: the control surface asks for its token.
    """

    https: str
    tenant: str
    control_token: bool = False

    def url(self, request: AdminRequest) -> str:
        """The whole address of a request."""
        match request.service:
            case Service.GRAPH:
                return f"{self.https}/beta{request.path}"
            case Service.CONTROL:
                return f"{self.https}{_CONTROL}/tenants/{quote(self.tenant, safe='')}{request.path}"
            case Service.EMULATOR:
                return f"{self.https}{_CONTROL}{request.path}"


def as_curl(request: AdminRequest, addresses: Addresses) -> str:
    """The command for a POSIX shell. `eval "$(fauxtune env --for curl)"` sets its variables."""
    parts = [f"curl -sS -X {request.method} {shlex.quote(addresses.url(request))}"]
    variable = _token_variable(request, addresses)
    if variable is not None:
        parts.append(f'-H "Authorization: Bearer ${variable}"')
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers.items()]
    if request.body is not None:
        parts += ["-H 'Content-Type: application/json'", f"--data-raw {_in_single_quotes(_json(request.body))}"]
    elif _names_json(request):
        parts.append("-H 'Content-Type: application/json'")
    if request.file is not None:
        parts += [f"-H 'Content-Type: {request.media}'", f"--data-binary {shlex.quote('@' + request.file)}"]
    return " \\\n  ".join(parts)


def as_python(request: AdminRequest, addresses: Addresses) -> str:
    """The program for Python with httpx. `eval "$(fauxtune env --for python)"` sets its variables."""
    variable = _token_variable(request, addresses)
    arguments = [_python(request.method), _python(addresses.url(request))]
    headers = []
    if variable is not None:
        bearer = "{token}" if request.service is Service.GRAPH else f"{{os.environ[{variable!r}]}}"
        headers.append(f'"Authorization": f"Bearer {bearer}"')
    headers += [f"{_python(name)}: {_python(value)}" for name, value in request.headers.items()]
    if request.file is not None:
        headers.append(f'"Content-Type": "{request.media}"')
    elif _names_json(request):
        headers.append('"Content-Type": "application/json"')
    if headers:
        arguments.append(f"headers={{{', '.join(headers)}}}")
    if request.body is not None:
        arguments.append(f"json={_python(request.body, indent=1)}")
    if request.file is not None:
        arguments.append(f"content=open({_python(request.file)}, 'rb').read()")
    imports = "import httpx" if variable is None else "import os\n\nimport httpx"
    call = ",\n".join(f"    {argument}" for argument in arguments)
    token = f"\n{_PYTHON_SIGN_IN}" if request.service is Service.GRAPH else ""
    return (
        f"{imports}\n{token}\nanswer = httpx.request(\n{call},\n)\n"
        "print(answer.status_code, answer.text)\nanswer.raise_for_status()"
    )


def as_powershell(request: AdminRequest, addresses: Addresses) -> str:
    """The command for PowerShell; Graph's needs `Connect-MgGraph` before it, the control surface's no module."""
    parts = ["Invoke-MgGraphRequest" if request.service is Service.GRAPH else "Invoke-RestMethod"]
    parts.append(f"-Method {request.method} -Uri {powershell_text(addresses.url(request))}")
    if request.service is not Service.GRAPH and addresses.control_token:
        parts.append('-Headers @{ Authorization = "Bearer $env:FAUXTUNE_CONTROL_TOKEN" }')
    if request.headers:
        named = "; ".join(
            f"{powershell_text(name)} = {powershell_text(value)}" for name, value in request.headers.items()
        )
        parts.append(f"-Headers @{{ {named} }}")
    if request.body is not None:
        # No line of JSON begins with an apostrophe, so none ends the here-string.
        parts.append(f"-ContentType 'application/json; charset=utf-8' -Body @'\n{_json(request.body)}\n'@")
    elif _names_json(request):
        parts.append("-ContentType application/json")
    if request.file is not None:
        parts.append(f"-ContentType '{request.media}' -InFile {powershell_text(request.file)}")
    return " ".join(parts)


def _names_json(request: AdminRequest) -> bool:
    """Whether it is a POST without a body to the control surface, which wants the media type all the same."""
    is_empty = request.body is None and request.file is None
    return is_empty and request.method == "POST" and request.service is not Service.GRAPH


def _token_variable(request: AdminRequest, addresses: Addresses) -> str | None:
    """The variable that holds the token for the request; None for a request that needs none."""
    if request.service is Service.GRAPH:
        return "TOKEN"
    return "FAUXTUNE_CONTROL_TOKEN" if addresses.control_token else None


def _json(body: Any) -> str:
    return _printable(json.dumps(body, indent=2, ensure_ascii=False), _json_escape)


def _python(value: Any, *, indent: int = 0) -> str:
    """The value as a literal of Python, with one member a line."""
    inside, outside = "    " * (indent + 1), "    " * indent
    match value:
        case str():
            # What JSON escapes in a text, Python reads alike.
            return _printable(json.dumps(value, ensure_ascii=False), _python_escape)
        case {} | [] if not value:
            return repr(value)
        case dict():
            members = (
                f"{inside}{_python(name)}: {_python(each, indent=indent + 1)},\n" for name, each in value.items()
            )
            return f"{{\n{''.join(members)}{outside}}}"
        case list():
            elements = (f"{inside}{_python(each, indent=indent + 1)},\n" for each in value)
            return f"[\n{''.join(elements)}{outside}]"
        case _:
            return repr(value)


def _printable(text: str, escape: Callable[[int], str]) -> str:
    return "".join(each if each.isprintable() or each == "\n" else escape(ord(each)) for each in text)


def _json_escape(number: int) -> str:
    """The character as an escape of JSON: RFC 8259 7."""
    if number < _SURROGATE_PAIRS:
        return f"\\u{number:04x}"
    high, low = divmod(number - _SURROGATE_PAIRS, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _python_escape(number: int) -> str:
    return f"\\u{number:04x}" if number < _SURROGATE_PAIRS else f"\\U{number:08x}"


def _in_single_quotes(text: str) -> str:
    """The text as one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def powershell_text(text: str) -> str:
    """Return the text in single quotes for PowerShell, which takes curly ones for the same."""
    return "'" + _SINGLE_QUOTES.sub(r"\g<0>\g<0>", text) + "'"


_HARMLESS = re.compile(r"[\w '.,:@+-]+")


def quoted(text: str) -> str:
    """Return a name as one word of a command line that can be pasted into any shell. Quotation marks, in which shells
    replace something, are around harmless names only.
    """
    return f'"{text}"' if _HARMLESS.fullmatch(text) and shlex.quote(text) != text else shlex.quote(text)
