"""`python -m fauxtune_sim.demo`: the demonstration, which `fauxtune demo` starts."""

from __future__ import annotations

from fauxtune_sim.cli.main import OF_A_PROGRAM, demo

demo.context_settings = OF_A_PROGRAM
demo(prog_name="fauxtune demo")
