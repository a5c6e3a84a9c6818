"""The values of options and arguments, read without pydantic where they are plainly right.

typer reads each of them by an adapter of pydantic's, also an option that nobody gave: a sixth of the memory of an idle
server, and a third of the time of a short command. A text, a switch, a whole number, a path or a word of an enumeration
needs none. Whatever is not plainly right is left to typer, which refuses it in its words (docs/decisions/0077).

What typer documents does not spare pydantic: a `parser=` is called from inside such an adapter, and a callback gets the
value behind it. So ours stands where typer makes the readers, in a function that it does not document. A test fails at
once with a version of typer that makes them elsewhere, and with one whose `parser=` does without pydantic: with that
this module can go.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin

from typer import core
from typer.models import ParameterInfo

_Read = Callable[[Any], Any]
_NUMBER = re.compile("-?[0-9]{1,18}")
#: What a path may have to be beside readable: then typer looks at it.
_DEMANDS = ("allow_dash", "exists", "path_type", "resolve_path", "writable")
#: The name in `typer.core` of what makes the reader of a parameter. In a version without it everything stays typer's.
_MAKER = "build_runtime_param"


def read_plainly() -> None:
    """Let all commands of this process read plain values without pydantic. Safe to repeat."""
    make = getattr(core, _MAKER, None)
    if make is not None and not isinstance(make, _Maker):
        setattr(core, _MAKER, _Maker(make))


@dataclass(frozen=True, slots=True)
class _Maker:
    """Stands in typer for what makes the reader of a parameter; `otherwise` is typer's own."""

    otherwise: Callable[[Any], Any]

    def __call__(self, parameter: Any) -> Any:
        read = _reader(parameter.annotation, parameter.parameter_info)
        return self.otherwise(parameter) if read is None else _Plain(read, partial(self.otherwise, parameter))


@dataclass(frozen=True, slots=True)
class _Plain:
    """Reads the values of a parameter as typer calls it; `otherwise` makes typer's own reader."""

    read: _Read
    otherwise: Callable[[], Any]

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        """Return the value that a text, or a default, stands for."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        try:
            return self.read(value)
        except (TypeError, ValueError):
            return self.otherwise().coerce(value, param=param, ctx=ctx)


def _reader(annotation: Any, info: ParameterInfo) -> _Read | None:
    """Return what reads a value of this type; None if only typer can."""
    if info.parser is not None:
        return None
    if get_origin(annotation) is list:
        (member,) = get_args(annotation)
        read = _reader(member, info)
        return None if read is None else lambda values: [read(value) for value in _several(values)]
    if annotation is str:
        return _text
    if annotation is bool:
        return _switch
    if annotation is int and info.min is None and info.max is None:
        return _number
    if annotation is Path and info.file_okay and info.dir_okay and not any(getattr(info, each) for each in _DEMANDS):
        return _readable
    return annotation if isinstance(annotation, type) and issubclass(annotation, Enum) else None


def _several(values: Any) -> Any:
    if not isinstance(values, list | tuple):
        raise ValueError
    return values


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _number(value: Any) -> int:
    if not _NUMBER.fullmatch(str(value)):
        raise ValueError
    return int(value)


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _readable(value: Any) -> Path:
    path = Path(value)
    if not os.access(path, os.R_OK) and path.exists():
        raise ValueError
    return path
