"""Run a module as `python -m` does, but end the process at the first touch of the network.

Tells at the end where the package `pipeline` came from.
"""

import os
import runpy
import sys
from typing import Any


def refuse_network(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo"):
        sys.stderr.write(f"touched the network: {event} {args}\n")
        sys.stderr.flush()
        os._exit(97)


if __name__ == "__main__":
    sys.addaudithook(refuse_network)
    sys.path[0] = ""  # as with -m; a script would put its own folder there
    del sys.argv[0]
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    finally:
        if "pipeline" in sys.modules:
            sys.stdout.write(f"pipeline: {sys.modules['pipeline'].__file__}\n")
