"""Opens an address in the browser of whoever started the command."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser


def show(address: str) -> None:
    """Open the address without waiting for the browser; print a line on standard error if that is impossible."""
    threading.Thread(target=_open, args=(address,), daemon=True).start()


def _open(address: str) -> None:
    try:
        browser = webbrowser.get()
        # Without a display Python finds browsers for the terminal: one of them would take the terminal from the server.
        in_terminal = type(browser) is webbrowser.GenericBrowser and "BROWSER" not in os.environ
        opened = not in_terminal and browser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        print(f"fauxtune: No browser could be opened here. Open {address} yourself.", file=sys.stderr)
