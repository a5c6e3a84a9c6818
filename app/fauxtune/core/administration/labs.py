"""Labs in a tenant. Control surface: `/_fauxtune/v1/tenants/{tenant}/labs`."""

from __future__ import annotations

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
