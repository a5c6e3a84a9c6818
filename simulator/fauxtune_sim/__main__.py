"""`python -m fauxtune_sim`: the commands of `fauxtune-sim`."""

from __future__ import annotations

from fauxtune_sim.cli.main import app

app(prog_name="fauxtune-sim")
