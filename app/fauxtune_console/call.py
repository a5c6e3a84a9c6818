"""A call of the console: the tenant, its clock, its operations, the form that was sent, and the page that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote, unquote, urlencode

from fastapi import Request, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from fauxtune.core.language.catalogue import Language, preferred
from fauxtune.core.model.certificates import Marks
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.connectors.selection import why_silent
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.live_faults import TenantFaults
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.rows.certificates import ConnectorRow
from fauxtune.surfaces.http import emulator_of
from fauxtune_console import templating
from fauxtune_console.addresses import LANGUAGE_COOKIE, PATH
from fauxtune_console.session import Session, note_name
from fauxtune_console.shown_marks import show

T = TypeVar("T")
P = ParamSpec("P")

#: Fields of a form, and files in it.
_MOST_FIELDS, _MOST_FILES = 500, 5
#: Bytes of a form: a PFX file of the largest size in base64, and room for what else is typed.
_LARGEST_FORM = 512 * 1024
#: Another encoding of a form than that of our pages. Python knows some that take minutes, and some that fail.
_OTHER_CHARSET = re.compile(r"charset(?!=\"?utf-8\"?\s*(?:;|$))", re.IGNORECASE)
_LONGEST_DONE = 300
#: The header of a page that is read again by its own script.
LIVE = "x-fauxtune-live"
#: Digits of a number in an address: no list is longer.
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a browser that has access, without a tenant."""

    request: Request
    session: Session

    @property
    def emulator(self) -> Emulator:
        """The emulator that answers."""
        return emulator_of(self.request)

    @property
    def language(self) -> Language:
        """The language that somebody has chosen; otherwise the one that the browser prefers."""
        chosen = self.request.cookies.get(LANGUAGE_COOKIE, "")
        if chosen in Language.__members__.values():
            return Language(chosen)
        return preferred(self.request.headers.get("accept-language", ""))

    @property
    def here(self) -> str:
        """The address of the page, for a form that comes back to it."""
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    async def form(self, *, largest: int = _LARGEST_FORM) -> FormData:
        """Return the form that was sent. Raises NotAllowed for one that no page of this console made, HTTPException for
        one that is too large (in bytes), or in an encoding that browsers do not use.
        """
        headers = self.request.headers
        if "transfer-encoding" in headers:
            raise HTTPException(411, "A form must say how long it is (Content-Length), as browsers do.")
        if int(headers.get("content-length", "0")) > largest:
            raise HTTPException(413, f"This form is too large: it may have {largest // 1024} KiB.")
        if _OTHER_CHARSET.search(headers.get("content-type", "")):
            raise HTTPException(415, "A form must be in UTF-8, as this console's pages are.")
        form = await self.request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS)
        self.session.check(form)
        return form

    def lead_to(self, address: str, *, done: str) -> Response:
        """Return the answer to a form that was carried out: the page to show next, with a sentence on what was done."""
        response = RedirectResponse(address, 303)
        note = self.session.signed_note(quote(done[:_LONGEST_DONE]))
        name = note_name(self.request)
        response.set_cookie(name, note, path=PATH, max_age=60, httponly=True, samesite="strict")
        return response

    def page(self, template: str, /, *, status: int = 200, **values: Any) -> Response:
        """Return a page. Its template gets `call`, these values, and `done`: what the last form did, once."""
        note = self.request.cookies.get(note_name(self.request), "")
        done = unquote(self.session.read_note(note))
        response = templating.page(template, status=status, language=self.language, call=self, done=done, **values)
        # A window that reads itself again does not show the sentence: it stays for the page that the form leads to.
        if note and not self.request.headers.get(LIVE):
            response.delete_cookie(note_name(self.request), path=PATH)
        return response


@dataclass(frozen=True, slots=True)
class TenantCall(Call):
    """A request about one tenant. `seen`: what had happened in it before the page was read; see `live`. `connectors`:
    those of the tenant, since every page says when one does not answer.
    """

    tenant: Tenant
    seen: str = ""
    connectors: Sequence[ConnectorRow] = ()

    @property
    def now(self) -> datetime:
        """The tenant's time."""
        return self.emulator.runner.now(self.tenant)

    @property
    def silent(self) -> list[tuple[ConnectorRow, str]]:
        """The connectors that do not answer, each with the reason in words that follow its name."""
        reasons = [(row, why_silent(row, now=self.now, faults=self.faults)) for row in self.connectors]
        return [(row, why) for row, why in reasons if why is not None]

    @property
    def faults(self) -> TenantFaults | None:
        """The tenant's fault rules; None without any."""
        return self.emulator.faults.of(self.tenant.id)

    async def run(self, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation of this tenant."""
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a named query, or a function of several."""
        return await self.emulator.runner.read(query, *args, **kwargs)

    async def marks(self) -> Marks:
        """Return the marks of the tenant's certificates by now, also of those that this request has made, and let the
        page show them.
        """
        marks = await self.emulator.runner.marks.of(self.tenant)
        show(marks)
        return marks

    def url(self, *parts: str, **query: str | int | None) -> str:
        """Return the address of a page of this tenant, such as `url("devices", id)`; queries that are None are left
        out.
        """
        path = "/".join([f"{PATH}/{quote(self.tenant.name, safe='')}", *(quote(part, safe="") for part in parts)])
        given = {name: value for name, value in query.items() if value not in {None, ""}}
        return f"{path}?{urlencode(given)}" if given else path

    def query(self, name: str, default: str = "") -> str:
        """Return a value of the address's query."""
        return self.request.query_params.get(name, default)

    def number(self, name: str) -> int | None:
        """Return a whole number of the address's query, of its first digits if it has many; None for anything else."""
        return whole_number(self.query(name))

    def back(self, *parts: str, done: str, form: FormData | None = None, **query: str | int | None) -> Response:
        """Do what `lead_to` does, to a page of this tenant.

        The page is that of `parts` and the query, unless the form names the one it stood on in its field `back`.
        """
        named = "" if form is None else str(form.get("back", ""))
        here = f"{named}/".startswith(f"{self.url()}/")
        return self.lead_to(named if here else self.url(*parts, **query), done=done)


def whole_number(text: str) -> int | None:
    """Return the number that a text of digits is, or its first digits if they are many; None for another text."""
    return int(text[:_MOST_DIGITS]) if text.isascii() and text.isdigit() else None
