"""Serve the annotation page: correct masks in a browser or a viewer, and train on them."""

import argparse
from pathlib import Path
from typing import Any

from pipeline.cli.run_options import add_override_options
from pipeline.cli.say import say
from pipeline.errors import ConfigError
from pipeline.settings.bundle_root import find_bundle_root
from pipeline.settings.overrides import parse_overrides

_REMOTE_LABELS = "breast-us-labels"
"""Folder of labels, in the current one, where the studies have no folder to put it beside."""


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "label",
        help="correct masks in a browser or a viewer, and train on them",
        description=(
            "Serve a page to annotate with, and MONAI Label's interface for viewers. STUDIES is a "
            "folder of images, in which nothing is changed, or the URL of a DICOMweb service; its "
            "user and password come from the environment, MONAI_LABEL_DICOMWEB_USERNAME and "
            "MONAI_LABEL_DICOMWEB_PASSWORD. Needs the extra 'label', see docs/label.md."
        ),
    )
    parser.add_argument("studies", metavar="STUDIES", help="folder of images, or a DICOMweb URL")
    parser.add_argument(
        "--labels",
        type=Path,
        help="folder of labels and weights (default: beside the studies, NAME-labels)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1, this machine alone); there is no login",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="name under which a proxy before the server is reached; may be repeated",
    )
    parser.add_argument("--port", type=int, default=8000, help="port (default: 8000)")
    parser.add_argument("--weights", type=Path, help="begin with other weights than the bundle's")
    parser.add_argument(
        "--allow-weights", action="store_true", help="let clients replace the weights"
    )
    add_override_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted.

    Returns:
        0.

    Raises:
        ConfigError: an argument does not fit, the port is taken, or the packages of the extra are
            missing.
        ArchiveError: the archive does not answer.
    """
    from pipeline.label.server import make_server
    from pipeline.server.listen import LOOPBACK, listen, serve

    settings = _make_settings(args)
    if args.host not in LOOPBACK:
        say(
            f"breast-us-seg: warning: {args.host} can be reached by others, and there is no login: "
            "whoever reaches it sees the images and changes the labels",
            to_stderr=True,
        )
    with listen(args.host, args.port) as listening:
        server = make_server(
            settings, host=args.host, names=args.name, allow_weights=args.allow_weights
        )
        host = f"[{args.host}]" if args.host.count(":") and "[" not in args.host else args.host
        port = listening.getsockname()[1]
        say(f"labels and weights are kept in {settings.state}")
        say(f"open http://{host}:{port}/annotate/ and stop with Ctrl+C", flush=True)
        serve(server, listening)
    return 0


def _make_settings(args: argparse.Namespace) -> Any:
    from pipeline.label.label_settings import LabelSettings

    root = (args.bundle_root or find_bundle_root()).resolve()
    studies = args.studies.rstrip("/")
    is_remote = studies.startswith(("http://", "https://"))
    if is_remote and "@" in studies.split("/")[2]:
        msg = (
            "expected a URL without user and password, which others could read on the command "
            "line: set MONAI_LABEL_DICOMWEB_USERNAME and MONAI_LABEL_DICOMWEB_PASSWORD"
        )
        raise ConfigError(msg)
    if not is_remote:
        folder = Path(studies or "/").resolve()
        studies = str(folder)
    default = Path(_REMOTE_LABELS) if is_remote else folder.with_name(folder.name + "-labels")
    return LabelSettings(
        studies=studies,
        state=str((args.labels or default).resolve()),
        bundle_root=str(root),
        weights="" if args.weights is None else str(args.weights.resolve()),
        overrides=parse_overrides(args.overrides, root / "configs" / "inference.json"),
    )
