"""The list of mutants."""

from __future__ import annotations

from tests.mutants import (
    access,
    administration,
    authorities,
    changes,
    checkins,
    compliance,
    console,
    decoding,
    device_facts,
    engine,
    faults,
    mailboxes,
    policies,
    probing,
    several,
    states,
)
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *engine.MUTANTS,
    *policies.MUTANTS,
    *access.MUTANTS,
    *checkins.MUTANTS,
    *compliance.MUTANTS,
    *authorities.MUTANTS,
    *administration.MUTANTS,
    *console.MUTANTS,
    *decoding.MUTANTS,
    *device_facts.MUTANTS,
    *changes.MUTANTS,
    *faults.MUTANTS,
    *mailboxes.MUTANTS,
    *states.MUTANTS,
    *probing.MUTANTS,
    *several.MUTANTS,
)
