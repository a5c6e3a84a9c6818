"""Run the demonstration's server, and end it with the demonstration: a script that is the server's parent.

`python -I -S guard.py FOLDER COMMAND...` starts the command with this process's output. It ends the command when
standard input ends: the demonstration closes it, and however the demonstration is killed, the system does. It then
removes FOLDER; an empty word names none. It exits as the command does, and imports nothing of Fauxtune.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from threading import Thread

#: Seconds that the server has to end by itself.
PATIENCE = 15.0


def main() -> None:
    """Run until the command has ended."""
    folder, command = sys.argv[1], sys.argv[2:]
    # Ctrl-C goes to every process of the terminal: the demonstration decides when the server ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - the command of the demonstration
    Thread(target=_end, args=(server,), daemon=True).start()
    code = server.wait()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code if code >= 0 else 128 - code)


def _end(server: subprocess.Popen[bytes]) -> None:
    """Wait for the end of standard input, and end the server."""
    sys.stdin.buffer.read()
    server.terminate()
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    main()
