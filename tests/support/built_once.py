"""Lets typer build the commands of an app once a process: it does so at each call, which takes longer than most run."""

from __future__ import annotations

from functools import cache
from typing import Any

import typer.main
import typer.testing
from typer.core import TyperGroup


def build_commands_once() -> None:
    """Let an app that is called again, and `CliRunner`, find the commands that the first call built. Safe to repeat."""
    main: Any = typer.main
    runner: Any = typer.testing
    if not hasattr(main.get_command, "cache_info"):
        main.get_command = runner._get_command = cache(main.get_command)


def build(app: typer.Typer) -> None:
    """Build all commands of an app, also those that wait to be called."""
    _build_below(typer.main.get_command(app))


def _build_below(command: Any) -> None:
    if isinstance(command, TyperGroup):
        context = command.context_class(command)
        for name in command.list_commands(context):
            _build_below(command.get_command(context, name))
