"""Export the network for programs other than PyTorch."""

import argparse
from pathlib import Path
from typing import Any

from pipeline.cli.run_options import add_bundle_root
from pipeline.cli.say import say
from pipeline.errors import ConfigError, SettingError
from pipeline.settings.bundle_root import find_bundle_root


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "export",
        help="write the network as ONNX, which ONNX Runtime and OpenVINO compute faster",
        description=(
            "Write the network with its weights as ONNX beside the weights, check what each "
            "installed backend makes of it against PyTorch, and let `infer` find it. Needs the "
            "extra `export`."
        ),
    )
    parser.add_argument("--weights", type=Path, help="other weights than the bundle's")
    parser.add_argument("--overwrite", action="store_true", help="replace what was exported before")
    add_bundle_root(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export, and print the comparison with PyTorch.

    Returns:
        0.

    Raises:
        ConfigError: there is an export already, a package is missing, the weights do not fit, or
            a backend computes something else.
        WriteError: the file cannot be written.
    """
    root = args.bundle_root or find_bundle_root()
    weights = args.weights or root / "models" / "model.pt"
    path = weights.with_suffix(".onnx")
    if path.exists() and not args.overwrite:
        msg = f"expected no {path} yet, found one: replace it by --overwrite"
        raise ConfigError(msg)
    # Seconds of imports, which --help need not pay.
    from pipeline.inferers.export_network import export_network

    try:
        path, differences = export_network(root / "configs" / "inference.json", weights)
    except SettingError as error:
        msg = f"--weights: {error.problem}"
        raise ConfigError(msg) from error
    say(f"wrote {path}")
    for backend, difference in differences.items():
        say(f"{backend}: logits differ from PyTorch's by at most {difference:.1g}")
    if not differences:
        say("not checked: neither onnxruntime nor openvino is installed")
    return 0
