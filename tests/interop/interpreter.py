"""The program that runs Python blocks of a page, started by `shell.Interpreter`: one after the other, in one process.

Blocks share their variables, and may `await` outside a function, as in `python -m asyncio`. Each line of standard input
asks for a run of the file that it names.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import sys
import traceback
from inspect import isawaitable
from pathlib import Path
from types import FunctionType
from typing import Any


async def _finished(result: Any) -> None:
    await result


def main(end: str) -> None:
    """Run the files that standard input names. After each `end` is printed, with 1 if the block failed, else 0."""
    variables: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    with asyncio.Runner() as loop:
        for line in sys.stdin:
            failed = 0
            try:
                text = Path(line.strip()).read_text(encoding="utf-8")
                code = compile(text, "<block>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
                result = FunctionType(code, variables)()
                if isawaitable(result):
                    loop.run(_finished(result))
            except Exception:
                traceback.print_exc()
                failed = 1
            print(f"\n{end} {failed}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
