"""Labs in a tenant, and classrooms.

Labs in a tenant. Control surface: `/_fauxtune/v1/tenants/{tenant}/labs`.

Classrooms: what an instructor does. Control surface: `/_fauxtune/v1/classrooms`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.administration.requests import AdminRequest, Json, Service, key

LABS = "/labs"


def list_labs() -> AdminRequest:
    """List the labs, with what was done in the tenant."""
    return AdminRequest("GET", LABS, service=Service.CONTROL)


def read_lab(name: str) -> AdminRequest:
    """Get a lab, with its steps and what was done."""
    return AdminRequest("GET", _path(name), service=Service.CONTROL)


def start_lab(name: str) -> AdminRequest:
    """Start a lab: what is in the tenant is lost."""
    return _post(name, "start")


def reset_lab(name: str) -> AdminRequest:
    """Give the tenant the state in which the lab began."""
    return _post(name, "reset")


def answer_lab(name: str, *, question: str, choice: int) -> AdminRequest:
    """Answer the first question (`predict`) or the last (`quiz`), by the number of a choice."""
    return _post(name, "answer", body={"question": question, "choice": choice})


def check_lab(name: str, *, step: int | None = None) -> AdminRequest:
    """Check a step, or all."""
    return _post(name, "check", body={} if step is None else {"step": step})


def hint_lab(name: str, *, step: int) -> AdminRequest:
    """Get the next hint of a step."""
    return _post(name, "hint", body={"step": step})


def solve_lab(name: str, *, step: int | None = None, wrong: int | None = None) -> AdminRequest:
    """Do a step, or all; or a wrong way of a step."""
    given = {"step": step, "wrong": wrong}
    return _post(name, "solve", body={member: value for member, value in given.items() if value is not None})


def lab_file(name: str, file: str) -> AdminRequest:
    """Get a file of a lab."""
    return AdminRequest("GET", f"{_path(name)}/files/{key(file)}/raw", service=Service.CONTROL)


def _post(name: str, what: str, *, body: Json | None = None) -> AdminRequest:
    return AdminRequest("POST", f"{_path(name)}/{what}", {} if body is None else body, service=Service.CONTROL)


def _path(name: str) -> str:
    return f"{LABS}/{key(name)}"


CLASSROOMS = "/classrooms"


def list_classrooms() -> AdminRequest:
    """List the classrooms that are open."""
    return _request("GET")


def open_classroom(seats: int, *, name: str | None = None, labs: Sequence[str] = ()) -> AdminRequest:
    """Open a classroom with so many seats; without `labs` the lesson has all labs."""
    body: Json = {"seats": seats, "name": name, "labs": [*labs]}
    return _request("POST", body={member: value for member, value in body.items() if value})


def read_classroom(name: str) -> AdminRequest:
    """Get a classroom with the progress of its seats."""
    return _request("GET", f"/{key(name)}")


def set_classroom_step(name: str, *, lab: str, step: int = 1, preview: bool = False) -> AdminRequest:
    """Set all seats to a step of a lab; 1 is its beginning. `preview`: only say what would become of each seat."""
    body: Json = {"lab": lab, "step": step, **({"preview": True} if preview else {})}
    return _request("POST", f"/{key(name)}/step", body=body)


def set_classroom_clocks(name: str, *, frozen: bool) -> AdminRequest:
    """Stop the clocks of all seats, or let them run."""
    return _request("PUT", f"/{key(name)}/clocks", body={"frozen": frozen})


def reset_seat(name: str, seat: str) -> AdminRequest:
    """Reset a seat: it is as its present lab began."""
    return _request("POST", f"/{key(name)}/seats/{key(seat)}/reset", body={})


def send_fault(name: str, seat: str, *, fault: str) -> AdminRequest:
    """Let something go wrong at a seat: a fault of the list that the console offers, by its name."""
    return _request("POST", f"/{key(name)}/seats/{key(seat)}/faults", body={"fault": fault})


def read_transcripts(name: str) -> AdminRequest:
    """Get what was done at each seat."""
    return _request("GET", f"/{key(name)}/transcripts")


def close_classroom(name: str) -> AdminRequest:
    """Close a classroom: its seats are deleted with everything in them."""
    return _request("DELETE", f"/{key(name)}")


def _request(method: str, path: str = "", *, body: Json | None = None) -> AdminRequest:
    return AdminRequest(method, f"{CLASSROOMS}{path}", body, Service.EMULATOR)
