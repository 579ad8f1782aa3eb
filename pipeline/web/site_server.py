"""Serve the built web page to this machine, with headers that let it reach nothing else."""

from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError

HOST = "127.0.0.1"
"""The address that only this machine reaches."""

_LAST_PORT = 65535
_FOLDER = Path("web", "dist")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
        "img-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    # Both together isolate the page, without which a browser gives it one thread only.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""What every answer says; ``docs/web.md`` has it for other servers."""


def find_site(bundle_root: Path) -> Path:
    """Find the built page.

    Args:
        bundle_root: folder around ``configs/``.

    Returns:
        Folder of ``index.html``.

    Raises:
        ConfigError: the page was not built.
    """
    site = bundle_root / _FOLDER
    if not (site / "index.html").is_file():
        msg = (
            f"expected the built web page in {site}, found none: run `make web-page` in a "
            "checkout, which needs Node.js"
        )
        raise ConfigError(msg)
    return site


class SiteServer(ThreadingHTTPServer):
    """Serves the files of a folder on loopback, and nothing else.

    Args:
        site: folder of ``index.html``.
        port: to listen on, 1 to 65535; 0 takes a free one.

    Raises:
        ConfigError: the port does not exist or is taken.
    """

    daemon_threads = True

    def __init__(self, site: Path, port: int) -> None:
        self.site = site
        if not 0 <= port <= _LAST_PORT:
            msg = f"expected a port from 0 to {_LAST_PORT}, got {port}"
            raise ConfigError(msg)
        try:
            super().__init__((HOST, port), _SiteHandler)
        except OSError as error:
            msg = f"expected a free port, got {port} ({error.strerror}): choose another by --port"
            raise ConfigError(msg) from error

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{HOST}:{self.server_port}/"


class _SiteHandler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "breast-us-seg"
    sys_version = ""
    server: SiteServer
    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        # Whatever this machine's registry of types says: browsers insist on these.
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }

    def __init__(self, request: Any, client_address: Any, server: SiteServer) -> None:
        super().__init__(request, client_address, server, directory=str(server.site))

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        """Show no folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep no log of who asks for what."""
