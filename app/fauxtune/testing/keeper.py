"""Keep a server alive for a test run: a script that is its parent, and ends it with the run.

`python -I -S keeper.py FOLDER OWNER COMMAND...` starts the command with its output in files of the folder:
`server.json` (standard output), `log` (standard error). It ends the command when the file `stop` appears or when the
process OWNER has ended, however that happened, and then writes the exit code to `ended`. It imports nothing of
Fauxtune.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

_INTERVAL = 0.05
#: Seconds that a server has to end by itself.
_PATIENCE = 10.0


def main() -> None:
    """Run until the command has ended."""
    folder, owner, command = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if os.fork():
        os._exit(0)  # whoever started this has no child to wait for
    # Ctrl-C goes to every process of the terminal: the owner decides when the server ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: (folder / "stop").touch())
    with (folder / "server.json").open("wb") as output, (folder / "log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - the command of whoever started this
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=log, start_new_session=True
        )
    while server.poll() is None and not (folder / "stop").exists() and _is_alive(owner):
        time.sleep(_INTERVAL)
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
    code = server.wait()
    if _is_alive(owner):
        # Written beside it first: whoever sees the file finds the whole code in it.
        written = folder / "ended.part"
        written.write_text(str(code), encoding="ascii")
        written.rename(folder / "ended")
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
