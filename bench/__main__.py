"""`python -m bench [--only NAME]`: print the table, each row as soon as it is measured."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterator

from bench import (
    checkin,
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
    "retire": retire.rows,
    "concurrent": concurrent.rows,
    "wire": wire.rows,
    "console": console.rows,
    "mail": mail.rows,
    "library": library.rows,
    "tenants": tenants.rows,
    "state": state.rows,
    "statements": statements.rows,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=TABLE, help="measure one group of rows")
    group = parser.parse_args().only
    print(f"Python {platform.python_version()}, {platform.machine()}; ratios count, absolute figures vary by machine")
    print(f"{'':<46} {'measured':>17} {'floor':>17} {'ratio':>7} {'goal':>8}")
    for name, rows in TABLE.items():
        if group in (None, name):
            for row in rows():
                print(line(row), flush=True)


if __name__ == "__main__":
    main()
