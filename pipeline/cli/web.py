"""`breast-us-seg web`: segment images in a browser on this machine."""

import argparse
from typing import Any

from pipeline.cli.run_options import add_bundle_root
from pipeline.settings.bundle_root import find_bundle_root


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "web",
        help="open a page that segments images in the browser",
        description=(
            "Serve a page to this machine that segments images in the browser. It computes in the "
            "browser itself: no image is sent, not even to this program. See docs/web.md."
        ),
    )
    add_bundle_root(parser)
    parser.add_argument(
        "--port", type=int, default=8001, help="port; 0 takes a free one (default: 8001)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted.

    Returns:
        0.

    Raises:
        ConfigError: the page was not built, or the port is taken.
    """
    from pipeline.web import SiteServer, find_site

    site = find_site(args.bundle_root or find_bundle_root())
    with SiteServer(site, args.port) as server:
        print(f"open {server.url} and stop with Ctrl+C", flush=True)
        server.serve_forever()
    return 0
