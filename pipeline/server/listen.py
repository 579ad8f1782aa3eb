"""Listen at an address, and answer there."""

import contextlib
import socket
from collections.abc import Sequence
from typing import Any

from pipeline.errors import ConfigError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
"""Addresses that only this machine reaches."""

_LAST_PORT = 65535
_MOST_CONNECTIONS = 256
_SECONDS_TO_END = 5


def list_hosts(host: str, names: Sequence[str] = ()) -> tuple[str, ...]:
    """List the names under which a server is reached, in small letters.

    Args:
        host: address that it listens on.
        names: further ones, as that of a proxy before it.
    """
    hosts = [*LOOPBACK, *names]
    if host not in LOOPBACK:
        hosts += [host, socket.gethostname(), socket.getfqdn()]
    return tuple(name.lower() for name in hosts)


def listen(host: str, port: int) -> socket.socket:
    """Bind an address, so that it can be shown to the user.

    Args:
        host: name or address.
        port: 0 takes any that is free.

    Raises:
        ConfigError: the port is taken or none, or there is no such address.
    """
    name = host.strip("[]")
    if not 0 <= port <= _LAST_PORT:
        msg = f"expected a --port from 0 to {_LAST_PORT}, got {port}"
        raise ConfigError(msg)
    try:
        family = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((name, port), family=family, backlog=128)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        msg = (
            f"expected to listen at {host}, port {port}, got: {reason}; choose another --port, or "
            "end the other server"
        )
        raise ConfigError(msg) from error


def serve(server: Any, listening: socket.socket, **options: Any) -> None:
    """Answer requests until interrupted.

    Args:
        server: an ASGI application.
        listening: of `listen`.
        options: further ones of uvicorn.
    """
    with contextlib.suppress(KeyboardInterrupt):
        make_uvicorn(server, **options).run(sockets=[listening])


def make_uvicorn(server: Any, **options: Any) -> Any:
    """Make the loop that answers requests."""
    import uvicorn

    from pipeline.server.connection import Connection

    config = uvicorn.Config(
        server,
        http=Connection,
        ws="none",
        log_level="warning",
        access_log=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_SECONDS_TO_END,
        **options,
    )
    return uvicorn.Server(config)
