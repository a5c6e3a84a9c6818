"""`python -m fauxtune`: the same commands as `fauxtune`."""

from __future__ import annotations

from importlib.metadata import entry_points

if __name__ == "__main__":
    (program,) = entry_points(group="console_scripts", name="fauxtune")
    program.load()(prog_name="fauxtune")
