"""`python -m fauxtune`: the same commands as `fauxtune`."""

from __future__ import annotations

from fauxtune.cli.main import app

if __name__ == "__main__":
    app(prog_name="fauxtune")
