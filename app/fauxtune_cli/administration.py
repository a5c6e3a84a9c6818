"""What the commands for people share: a session with one tenant, which sends requests, shows them, and prints answers.

A command takes `service: Administration` (see `service.with_service`) and works in `with service.session() as session`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import click

from fauxtune.core.administration import snippets
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune.core.formats.secret_names import secret_kind
from fauxtune.core.language.catalogue import Language, joined
from fauxtune.core.language.recognition import recogniser
from fauxtune_cli.device.whatif import effects, unreadable
from fauxtune_cli.options import (
    FAILED,
    SHORT,
    OneOf,
    Output,
    emit,
    fail,
    one_line,
    output_option,
    plain,
    plain_failures,
    reasons,
)
from fauxtune_cli.progress import BYTES, progress
from fauxtune_cli.service import Emulator, from_option
from fauxtune_cli.tables import Table, certificate_name, has_colours, in_colour, print_table
from fauxtune_client.endpoints import ClientError, Refused
from fauxtune_client.http import Client
from fauxtune_client.marks import read_marks

T = TypeVar("T")
TextT = TypeVar("TextT", Table, str)
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")


class Notation(StrEnum):
    """The notation in which requests are shown."""

    CURL = "curl"
    PYTHON = "python"
    POWERSHELL = "powershell"


yes_option = click.option("--yes", "-y", is_flag=True, help="do not ask first")
what_if_option = click.option(
    "--what-if", is_flag=True, help="show what would change on which device, and change nothing"
)


#: The catalogues of what commands print.
_DOMAINS = ("commands", "console", "labs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration(Emulator):
    """A tenant of a Fauxtune server, and the form of the output."""

    output: Output = from_option(output_option)
    ids: bool = from_option(click.option("--ids", is_flag=True, help="print whole ids"))
    show_request: bool = from_option(
        click.option(
            "--show-request", is_flag=True, help="also print the request that is sent, as curl, to standard error"
        )
    )
    show_request_as: Notation | None = from_option(
        click.option("--show-request-as", type=OneOf(Notation), help="print the request in this language instead")
    )
    lang: Language = from_option(
        click.option(
            "--lang",
            type=OneOf(Language),
            default="en",
            envvar="FAUXTUNE_LANG",
            show_envvar=True,
            help="the language of what is printed: en, it",
        ),
        default=Language.ENGLISH,
    )

    @contextmanager
    def session(self, *, with_graph: bool = True) -> Iterator[Session]:
        """Yield a session with the tenant; an expected failure ends the command with a line on standard error.
        `with_graph`: Graph is called too, as the tenant's application.

        Of a refusal people read only the reason; the request itself is shown with --show-request.
        """
        with plain_failures(), reasons(), self.client() as client:
            if with_graph:
                self.sign_in(client)
            notation = self.show_request_as or (Notation.CURL if self.show_request else None)
            yield Session(client, output=self.output, ids=self.ids, notation=notation, lang=self.lang)


@dataclass(frozen=True, slots=True)
class Session:
    """Requests to one tenant. `notation`: every request of `send` and `elements` is printed in it before it is sent."""

    client: Client
    output: Output
    ids: bool
    notation: Notation | None
    #: The colours of the certificates that were named so far, by the first digits of their thumbprints.
    hues: dict[str, int] = field(default_factory=dict)
    lang: Language = Language.ENGLISH

    def send(
        self,
        request: AdminRequest,
        *,
        seconds: float = 30.0,
        readable: AdminRequest | None = None,
        title: str = "Waiting for the server",
    ) -> Any:
        """Send the request and return the answer, for which the control surface may take so many seconds.

        `readable`: the request as --show-request prints it, without its secrets. `title`: what a terminal shows while
        the answer takes its time, with the bytes of what is large.
        """
        self._show(readable or request)
        with progress(title, output=self.output, unit=BYTES) as meter, self.client.watched(meter.reach):
            if request.service is Service.GRAPH:
                return self.client.graph(request.method, request.path, json=request.body, headers=request.headers)
            call = self.client.control if request.service is Service.CONTROL else self.client.emulator
            return call(
                request.method,
                request.path,
                json=request.body,
                seconds=seconds,
                message=None if request.file is None else content_of(request.file),
                media=request.media,
            )

    def send_each(self, requests: Iterable[tuple[str, AdminRequest]]) -> list[Any]:
        """Send requests and return the answers. The names say what each is about: a failure lists what was done."""
        answers: list[Any] = []
        done: list[str] = []
        chosen = list(requests)
        with progress("Waiting for the server", output=self.output, total=len(chosen)) as meter, partial(done):
            for name, request in chosen:
                answers.append(self.send(request))
                done.append(name)
                meter.one_done()
        return answers

    def elements(self, request: AdminRequest) -> list[dict[str, Any]]:
        """Return all elements of the collection, from all pages."""
        if request.service is Service.GRAPH:
            self._show(request)
            with progress("Reading page by page", output=self.output):
                return self.client.graph_list(request.path)
        rows: list[dict[str, Any]] = self.send(request)["value"]
        return rows

    def what_if(self, requests: Iterable[AdminRequest]) -> None:
        """Print what requests to Graph would change on which devices. Nothing is changed."""
        answers: list[dict[str, Any]] = []
        for request in requests:
            question = {"method": request.method, "url": f"/beta{request.path}", "body": request.body}
            answer = self.send(AdminRequest("POST", "/whatif", question, service=Service.CONTROL))
            answers.append(self.marked(answer))
        devices = [device for answer in answers for device in answer["devices"]]
        mail = [answer["unreadable"] for answer in answers]
        self.show({"devices": devices, "unreadable": mail}, effects(devices))
        if self.output is Output.TEXT:
            for line in (line for answer in answers for line in unreadable(answer)):
                print(line)

    def show(self, document: Any, text: Table | str) -> None:
        """Print the result: the document as JSON, or the table or sentence, in the language that was asked for."""
        if isinstance(text, Table):
            text = replace(self.translated(text), hues=self.hues)
        elif self.output is Output.TEXT:
            print(self.in_colour(plain(self.translated(text))))
            return
        show(self.output, document, text=text)

    def translated(self, text: TextT) -> TextT:
        """Return a table or sentence in the language that was asked for; as it is where JSON is printed."""
        is_english = self.lang is Language.ENGLISH or self.output is not Output.TEXT
        return text if is_english else in_language(text, lang=self.lang)

    def marked(self, answer: T) -> T:
        """Return an answer in which each certificate has its `mark` beside its thumbprint, if it has one."""
        rows = [row for row in _objects(answer) if _THUMBPRINT.fullmatch(str(row.get("thumbprint")))]
        marks = read_marks(self.client, [row["thumbprint"] for row in rows])
        for row in rows:
            mark = marks.of(row["thumbprint"])
            if mark.is_spoken:
                row["mark"] = mark.letters
                self.hues[row["thumbprint"][:SHORT].lower()] = mark.hue
        return answer

    def certificate(self, thumbprint: str) -> str:
        """Return what people call a certificate: its mark and the first digits of its thumbprint."""
        return certificate_name(self.marked({"thumbprint": thumbprint}), ids=self.ids)

    def in_colour(self, text: str) -> str:
        """Return a text in which the names of certificates have their colours, if it is for a terminal."""
        return in_colour(text, self.hues) if has_colours() else text

    def short(self, id_: str | None) -> str:
        """Return the beginning of an id, or the whole one with --ids."""
        return "-" if not id_ else id_ if self.ids else id_[:SHORT]

    def _show(self, request: AdminRequest) -> None:
        if self.notation is not None:
            print(_snippet(request, self.client, notation=self.notation), file=sys.stderr)


def show(output: Output, document: Any, *, text: Table | str) -> None:
    """Print the result of a command: the document as JSON, or the table or sentence."""
    if isinstance(text, Table) and output is Output.TEXT:
        print_table(text)
    else:
        emit(output, document, text=plain(str(text)))


def in_language(text: TextT, *, lang: Language) -> TextT:
    """Return what a command prints in a language: the sentences that the catalogues know, and headings. What people
    have named stays, and so does what nobody has translated.
    """
    known, words = recogniser(lang, *_DOMAINS), joined(lang, *_DOMAINS)
    if isinstance(text, str):
        return "\n".join(_line(line, known.translated) for line in text.split("\n"))
    return replace(
        text,
        headings=tuple(map(words.gettext, text.headings)),
        rows=[tuple(map(known.translated, row)) for row in text.rows],
        shrinks=None if text.shrinks is None else words.gettext(text.shrinks),
        empty=known.translated(text.empty),
    )


def _line(line: str, translated: Callable[[str], str]) -> str:
    """Translate a line behind its indent."""
    words = line.lstrip(" ")
    return line[: len(line) - len(words)] + translated(words)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all JSON objects in an answer."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each)


def content_of(file: str) -> bytes:
    """Return the bytes of a file that is sent, or of standard input."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")


def without(request: AdminRequest, member: str) -> AdminRequest:
    """Return the request with dots in place of a secret member of its body."""
    body = request.body or {}
    return replace(request, body={**body, member: "..."}) if member in body else request


def without_secrets(request: AdminRequest) -> AdminRequest:
    """Return the request with dots in place of every secret in its body, by the names of the members."""
    return replace(request, body=_masked(request.body))


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: "..." if isinstance(member, str) and secret_kind(name) is not None else _masked(member)
        for name, member in value.items()
    }


def _snippet(request: AdminRequest, client: Client, *, notation: Notation) -> str:
    addresses = snippets.Addresses(
        https=client.server.https, tenant=client.server.tenant, control_token=client.has_control_token
    )
    writers = {
        Notation.CURL: snippets.as_curl,
        Notation.PYTHON: snippets.as_python,
        Notation.POWERSHELL: snippets.as_powershell,
    }
    notes = "".join(f"# {note}\n" for note in request.notes)
    return notes + writers[notation](request, addresses)


@contextmanager
def partial(done: list[str]) -> Iterator[None]:
    """Add to the message of a failure what was done before it, and stays."""
    try:
        yield
    except ClientError as error:
        if not done:
            raise
        reason = error.reason if isinstance(error, Refused) else str(error)
        raise ClientError(f"{reason}\nDone before that: {', '.join(one_line(name) for name in done)}.") from None


def confirm(question: str | Callable[[], str], *, yes: bool) -> None:
    """Ask, if somebody sits at a terminal and did not say --yes. Ends the command if the answer is no. `question`: may
    be a function that returns it, if that takes a request.
    """
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    if not click.confirm(question if isinstance(question, str) else question(), err=True):
        print("Nothing was changed.", file=sys.stderr)
        raise click.exceptions.Exit(FAILED)
