"""A run in a file: read within bounds, and checked, before anything is done with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fauxtune.core.chance import LARGEST_NUMBER
from fauxtune.core.errors import Invalid
from fauxtune.core.model.permissions import Permissions
from fauxtune.core.model.text import JsonObject

FORMAT, VERSION = "fauxtune run", 1
#: Bytes: what a tenant keeps of its exchanges at most, with the indentation and the state at the end.
LARGEST = 192 * 1024 * 1024

Headers = list[tuple[str, str]]
Body = str | dict[str, str]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class RecordedServer(_Model):
    """The server on which the run was recorded."""

    https: str
    http: str
    public_http_url: str = Field(alias="publicHttpUrl")
    public_url: str | None = Field(alias="publicUrl")
    names: list[str] | None
    permissions: Permissions
    certificate_authority: str = Field(alias="certificateAuthority")


class RecordedTenant(_Model):
    """What the tenant was made from. `tick`: seconds."""

    id: str
    number: Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
    place: Annotated[int, Field(ge=1)]
    at: str
    tick: Annotated[float, Field(ge=0, le=86_400)]
    name: str | None
    domain: str | None
    edition: str
    seed: dict[str, Any]


class RecordedRequest(_Model):
    """A request as it came. `path` has its escapes; `client_certificate`: DER in base64, of the TLS connection."""

    method: str
    scheme: Literal["http", "https"]
    path: str
    query: str
    headers: Headers
    body: Body
    client: list[str | int]
    server: list[str | int | None]
    client_certificate: str | None = Field(default=None, alias="clientCertificate")


class RecordedAnswer(_Model):
    """An answer. `status` is None where the connection ended without one."""

    status: int | None
    headers: Headers
    body: Body


class RecordedError(_Model):
    """An error of ours that a wait ended with."""

    type: str
    message: str
    target: str | None


class RecordedWait(_Model):
    """The end of a wait: of the `call`-th of its exchange, after so many seconds of waiting in all."""

    call: int
    seconds: float
    result: Any = None
    error: RecordedError | None = None


class RecordedStep(_Model):
    """One step; of the other members one is there."""

    exchange: Annotated[int, Field(ge=1)]
    request: RecordedRequest | None = None
    waits: int | None = None
    goes_on: RecordedWait | None = Field(default=None, alias="goes on")
    answer: RecordedAnswer | None = None


class RecordedEnd(_Model):
    """The state at the end: the digest of the tenant's export with keys, and the export without them."""

    sha256: str
    export: dict[str, Any]


class Run(_Model):
    """A run. `since`: after how many exchanges it began to be recorded; those before it led to that state."""

    format: Literal["fauxtune run"]
    version: int
    program: str
    server: RecordedServer
    tenant: RecordedTenant
    since: int
    steps: list[RecordedStep]
    end: RecordedEnd

    @property
    def exchanges(self) -> int:
        """How many exchanges it has."""
        return sum(step.request is not None for step in self.steps)


def read_run(path: Path) -> Run:
    """Read a run. Raises Invalid for a file that holds no run, is cut, or is of another version."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise Invalid(f"The run {path} cannot be read: {error.strerror}.") from None
    if size > LARGEST:
        raise Invalid(f"The run {path} has {size:,} bytes; {LARGEST:,} are the most.")
    try:
        document = orjson.loads(content)
    except ValueError as error:
        raise Invalid(f"{path} is no run, or its end is missing: {error}.") from None
    return checked(document, path=path)


def checked(document: Any, *, path: Path) -> Run:
    """Return the run of a document. Raises Invalid for a wrong one."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Invalid(f"{path} is no run: `fauxtune record stop` writes one.")
    if document.get("version") != VERSION:
        raise Invalid(
            f"The run {path} has version {str(document.get('version'))[:20]}; this program repeats version {VERSION}. "
            "Record it again."
        )
    try:
        run = Run.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Invalid(f"The run {path} is damaged at {place}: {first['msg']}.") from None
    _check_order(run, path=path)
    return run


def _check_order(run: Run, *, path: Path) -> None:
    """Raise Invalid for steps that cannot follow each other."""
    open_exchanges: dict[int, int] = {}
    newest = 0
    for place, step in enumerate(run.steps):
        is_open = step.exchange in open_exchanges
        if step.request is not None:
            wrong = step.exchange != newest + 1
            newest += 1
            open_exchanges[step.exchange] = 0
        elif step.answer is not None:
            wrong = not is_open
            open_exchanges.pop(step.exchange, None)
        else:
            wrong = not is_open or (step.waits is None) == (step.goes_on is None)
        if wrong:
            raise Invalid(f"The run {path} is damaged at steps.{place}: this step cannot stand here.")


def with_answers(document: JsonObject, *, answers: dict[int, JsonObject], end: JsonObject, program: str) -> JsonObject:
    """Return the document of a run with other answers, by their exchange, and another end."""
    steps = [
        {**step, "answer": answers[step["exchange"]]} if "answer" in step and step["exchange"] in answers else step
        for step in document["steps"]
    ]
    return {**document, "program": program, "steps": steps, "end": end}
