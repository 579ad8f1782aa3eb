"""Serve segmentation by HTTP."""

import argparse
import getpass
import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

from pipeline.cli.run_options import add_override_options
from pipeline.cli.say import say
from pipeline.errors import ConfigError
from pipeline.settings.bundle_root import find_bundle_root
from pipeline.settings.overrides import parse_overrides

_MIB = 1 << 20


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "serve",
        help="segment images that come by HTTP",
        description=(
            "Answer POST /v1/segment (an image or DICOM file in; JSON, PNG mask, DICOM SEG or SR "
            "out) and POST /v1/studies until stopped; /openapi.json describes it. Research only."
        ),
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1, this machine alone); others need a token",
    )
    parser.add_argument("--port", type=int, default=8080, help="port (default: 8080)")
    parser.add_argument(
        "--token-file", type=Path, help="file whose first line clients have to send as their token"
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="name under which a proxy before the server is reached; may be repeated",
    )
    parser.add_argument(
        "--queue", type=int, default=16, help="requests that wait; more get 429 (default: 16)"
    )
    parser.add_argument(
        "--timeout", type=float, default=600.0, help="seconds for a request (default: 600)"
    )
    parser.add_argument(
        "--max-mib", type=int, default=512, help="largest body in MiB (default: 512)"
    )
    parser.add_argument("--weights", type=Path, help="other weights than the bundle's")
    add_override_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted.

    Returns:
        0.

    Raises:
        ConfigError: an argument does not fit, the model cannot be loaded, the port is taken, or
            the packages of the extra are missing.
    """
    try:
        from pipeline.serve.make_service import make_service
    except ModuleNotFoundError as error:
        msg = f"expected the packages of the extra 'serve', {error.name} is missing"
        raise ConfigError(msg) from error
    from pipeline.server.listen import LOOPBACK, listen, serve
    from pipeline.server.read_secret import read_secret
    from pipeline.server.scratch import Scratch

    for name in ("queue", "timeout", "max_mib"):
        if getattr(args, name) <= 0:
            msg = f"expected a number above 0 for --{name.replace('_', '-')}"
            raise ConfigError(msg)
    token = "" if args.token_file is None else read_secret(args.token_file)
    if args.host not in LOOPBACK and not token:
        msg = f"expected --token-file with --host {args.host}, which others can reach"
        raise ConfigError(msg)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(levelname)s - %(message)s")
    worker = _make_worker(args)
    with listen(args.host, args.port) as listening:
        worker.check()
        scratch = Scratch(_find_scratch())
        service = make_service(
            worker,
            scratch,
            host=args.host,
            names=args.name,
            token=token,
            most=args.queue,
            seconds=args.timeout,
            largest_bytes=args.max_mib * _MIB,
        )
        port = listening.getsockname()[1]
        say(f"listens at {args.host}, port {port}; stop with Ctrl+C", flush=True)
        serve(service, listening)
    return 0


def _make_worker(args: argparse.Namespace) -> Any:
    from pipeline.server.segment_worker import SegmentWorker

    root = args.bundle_root or find_bundle_root()
    parse_overrides(args.overrides, root / "configs" / "inference.json")  # raises if one is wrong
    weights = [] if args.weights is None else [f"ckpt={json.dumps(str(args.weights.resolve()))}"]
    return SegmentWorker(root, ["outputs#masks=true", *weights, *args.overrides])


def _find_scratch() -> Path:
    """Find a folder of this user, where the next server finds what a killed one left."""
    folder = Path(tempfile.gettempdir()) / f"breast-us-seg-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or (os.name == "posix" and folder.stat().st_uid != os.getuid()):
        msg = f"expected {folder} to be ours: remove it, or set TMPDIR to another folder"
        raise ConfigError(msg)
    return folder
