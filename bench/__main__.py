"""`python -m bench [--only NAME]`: print the table, each row as soon as it is measured, and then what each part took.

A part that fails prints its trace; the others are measured all the same, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import (
    checkin,
    classroom,
    concurrent,
    console,
    enrolment,
    fanout,
    fleet,
    graph,
    idle,
    issuance,
    library,
    mail,
    mdm,
    older,
    policies,
    retire,
    scale,
    scep,
    start,
    state,
    statements,
    status,
    tenants,
    wire,
)
from bench.rows import Row, line

TABLE: dict[str, Callable[[], Iterator[Row]]] = {
    "start": start.rows,
    "checkin": checkin.rows,
    "idle": idle.rows,
    "issuance": issuance.rows,
    "scale": scale.rows,
    "scep": scep.rows,
    "fanout": fanout.rows,
    "graph": graph.rows,
    "status": status.rows,
    "enrolment": enrolment.rows,
    "fleet": fleet.rows,
    "mdm": mdm.rows,
    "policies": policies.rows,
    "retire": retire.rows,
    "concurrent": concurrent.rows,
    "wire": wire.rows,
    "classroom": classroom.rows,
    "console": console.rows,
    "mail": mail.rows,
    "library": library.rows,
    "tenants": tenants.rows,
    "state": state.rows,
    "statements": statements.rows,
}


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a part took: seconds, and those of processor time of this process and of the children that have ended."""

    seconds: float
    computed: float
    failed: bool = False

    @classmethod
    def now(cls) -> _Taken:
        """Return what was taken until now."""
        times = os.times()
        return cls(time.perf_counter(), times.user + times.system + times.children_user + times.children_system)

    def since(self, before: _Taken, *, failed: bool) -> _Taken:
        """Return what was taken after `before`."""
        return _Taken(self.seconds - before.seconds, self.computed - before.computed, failed)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=TABLE, help="measure one group of rows")
    group = parser.parse_args().only
    print(f"Python {platform.python_version()}, {platform.machine()}; ratios count, absolute figures vary by machine")
    print(f"{'':<54} {'measured':>17} {'floor':>17} {'ratio':>7} {'goal':>8}")
    taken = {name: _measured(rows) for name, rows in TABLE.items() if group in {None, name}}
    _print(taken)
    return 1 if any(part.failed for part in taken.values()) else 0


def _measured(rows: Callable[[], Iterator[Row]]) -> _Taken:
    before, failed = _Taken.now(), False
    try:
        for row in rows():
            print(line(row), flush=True)
    except older.HistoryMissingError as missing:
        failed = True
        print(missing, file=sys.stderr, flush=True)
    except Exception:
        failed = True
        traceback.print_exc()
    return _Taken.now().since(before, failed=failed)


def _print(taken: dict[str, _Taken]) -> None:
    """Print what each part took, the dearest first."""
    print(f"\n{'seconds of each part':<54} {'in all':>17} {'processor':>17}")
    for name, part in sorted(taken.items(), key=lambda pair: -pair[1].seconds):
        print(f"{name:<54} {part.seconds:>17.0f} {part.computed:>17.0f}{' FAILED' if part.failed else ''}")
    seconds, computed = sum(part.seconds for part in taken.values()), sum(part.computed for part in taken.values())
    print(f"{f'{len(taken)} parts':<54} {seconds:>17.0f} {computed:>17.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
