"""After an upgrade: the internals of libraries that `fauxtune.internals` builds on are still what they were.

The tests of behaviour (`test_sqlalchemy_statements.py` here, `tests/storage/test_tenancy.py`,
`tests/server/test_listening.py`, those of the surfaces) say whether they still do what they did.
"""

from __future__ import annotations

import inspect
from importlib.metadata import version

import fastapi.routing
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import Connection, Delete, Engine, Select, Update, literal, select
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from fauxtune.internals.fastapi_routes import Router
from fauxtune.internals.uvicorn_protocol import Protocol

#: Methods that are overridden or called, and their parameters.
METHODS = [
    (HttpToolsProtocol, "connection_made", ("transport",)),
    (HttpToolsProtocol, "connection_lost", ("exc",)),
    (HttpToolsProtocol, "data_received", ("data",)),
    (HttpToolsProtocol, "on_message_begin", ()),
    (HttpToolsProtocol, "on_headers_complete", ()),
    (HttpToolsProtocol, "on_message_complete", ()),
    (HttpToolsProtocol, "_unsupported_upgrade_warning", ()),
    (HttpToolsProtocol, "_unset_keepalive_if_required", ()),
    (Connection, "_handle_dbapi_exception", ("e", "statement", "parameters", "cursor", "context", "is_sub_exec")),
    (SQLCompiler, "construct_expanded_state", ("params", "escape_names")),
    (APIRoute, "get_route_handler", ()),
    (Router, "__call__", ("scope", "receive", "send")),
]


@pytest.mark.parametrize(("owner", "name", "parameters"), METHODS, ids=lambda value: getattr(value, "__name__", None))
def test_methods_have_the_parameters_that_are_passed_to_them(
    owner: type, name: str, parameters: tuple[str, ...]
) -> None:
    assert tuple(inspect.signature(getattr(owner, name)).parameters)[1:] == parameters


def test_uvicorn_s_protocol_has_the_attributes_that_ours_reads() -> None:
    """They are set where a connection or a request begins, so that only the source names them."""
    source = inspect.getsource(HttpToolsProtocol)
    for attribute in ("scope", "headers", "url", "cycle", "flow", "pipeline", "transport", "loop"):
        assert f"self.{attribute}" in source, attribute
    assert issubclass(Protocol, HttpToolsProtocol)
    assert "self.transport.write(" in inspect.getsource(RequestResponseCycle.send)
    assert version("uvicorn").startswith("0.54."), "look at uvicorn_protocol.py, then change this and pyproject.toml"


def test_sqlalchemy_has_the_attributes_that_statements_and_guard_read() -> None:
    compiled = select(literal(1)).compile()
    assert isinstance(compiled, SQLCompiler)
    for attribute in (
        "binds",
        "escaped_bind_names",
        "positional",
        "insert_prefetch",
        "isinsert",
        "isupdate",
        "isdelete",
    ):
        assert hasattr(compiled, attribute), attribute
    assert hasattr(SQLCompiler, "visit_table")
    assert hasattr(SQLCompiler, "visit_binary")
    assert issubclass(DefaultDialect.statement_compiler, SQLCompiler)
    for event in ("before_cursor_execute", "after_cursor_execute"):
        assert hasattr(Engine.dispatch, event)
    for statement in (Select, Update, Delete):
        assert hasattr(statement, "_where_criteria")
        assert hasattr(statement, "_statement_hints") or hasattr(statement, "_hints")


def test_fastapi_closes_the_files_of_forms_by_the_stack_in_the_scope() -> None:
    assert 'scope.get("fastapi_middleware_astack")' in inspect.getsource(fastapi.routing)
