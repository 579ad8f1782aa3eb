"""`breast-us-seg info`: what is installed, and which backend would compute."""

import argparse
import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import RESEARCH_ONLY, __version__
from pipeline.cli.run_options import add_bundle_root
from pipeline.cli.say import say
from pipeline.errors import ConfigError
from pipeline.hash_file import hash_file
from pipeline.settings.bundle_root import find_bundle_root

if TYPE_CHECKING:
    from pipeline.inferers.exported_network import Backend

_DISTRIBUTION = "breast-us-seg"
_LICENCE = "Apache-2.0"
_PACKAGES = (
    *("torch", "monai", "openvino", "onnxruntime", "pytorch-ignite", "numpy", "scikit-image"),
    *("pydicom", "highdicom", "pillow"),
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "info",
        help="show versions, weights, backend, licences and extras",
        description=(
            "Show what a report of a problem needs: versions, the weights and their hash, which "
            "backend would compute and why, what the CPU has, licences, and which extras are "
            "installed."
        ),
    )
    parser.add_argument("--weights", type=Path, help="other weights than the bundle's")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    add_bundle_root(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print it.

    Returns:
        0.

    Raises:
        ConfigError: there are no weights.
    """
    root = args.bundle_root or find_bundle_root()
    weights = args.weights or root / "models" / "model.pt"
    if not weights.is_file():
        msg = f"--weights: expected weights at {weights}, found none"
        raise ConfigError(msg)
    content = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _find_version(name) for name in _PACKAGES},
        "weights": _describe_weights(weights),
        "computing": _describe_computing(weights),
        "licences": _describe_licences(root),
        "extras": _list_extras(),
        "notice": RESEARCH_ONLY,
    }
    if args.json:
        print(json.dumps(content, indent=2))
    else:
        say(*_format(content))
    return 0


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _describe_weights(weights: Path) -> dict[str, Any]:
    digest = hash_file(weights)
    sums = weights.with_name(f"{weights.name}.sha256")
    expected = sums.read_text("utf-8").split()[:1] if sums.is_file() else [digest]
    return {"file": str(weights), "sha256": digest, "is_sound": expected == [digest]}


def _describe_computing(weights: Path) -> dict[str, Any]:
    # Seconds of imports, which --help need not pay.
    import torch

    from pipeline.inferers.exported_network import PACKAGES, find_export, list_faster_backends
    from pipeline.inferers.fast_bf16 import has_fast_bf16

    bf16 = has_fast_bf16()
    wanted = list_faster_backends(bf16=bf16)
    installed = [name for name in wanted if find_spec(PACKAGES[name])]
    device = "cpu"
    backend: Backend = "torch"
    if torch.cuda.is_available():
        device, reason = "cuda", "PyTorch has found a GPU"
    elif not installed:
        packages = " nor ".join(PACKAGES[name] for name in wanted)
        reason = f"{packages} is not installed"
    elif find_export(weights, hash_file(weights), None) is None:
        reason = "there is no export of these weights: `breast-us-seg export` makes one"
    else:
        backend = installed[0]
        reason = "it is the fastest that is installed, and has an export of these weights"
    features = [name for name, has in torch.cpu.get_capabilities().items() if has is True]
    return {
        "device": device,
        "backend": backend,
        "reason": reason,
        "precision": "bfloat16" if bf16 else "float32",
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "cpu_features": features,
    }


def _describe_licences(root: Path) -> dict[str, str]:
    metadata = json.loads((root / "configs" / "metadata.json").read_text("utf-8"))
    return {"code and weights": _LICENCE, "weights were trained on": metadata["data_source"]}


def _list_extras() -> dict[str, bool]:
    """Return for each extra whether all its packages are installed."""
    from packaging.requirements import Requirement

    try:
        found = distribution(_DISTRIBUTION)
    except PackageNotFoundError:  # an unzipped bundle
        return {}
    requirements = [Requirement(text) for text in found.requires or ()]
    extras = found.metadata.get_all("Provides-Extra") or []
    return {
        extra: _are_installed(
            each.name
            for each in requirements
            if each.marker is not None
            and each.marker.evaluate({"extra": extra})
            and not each.marker.evaluate({"extra": ""})
            and each.name != _DISTRIBUTION
        )
        for extra in sorted(extras)
    }


def _are_installed(packages: Iterable[str]) -> bool:
    return all(_find_version(package) is not None for package in packages)


def _format(content: dict[str, Any]) -> list[str]:
    weights, computing = content["weights"], content["computing"]
    state = "" if weights["is_sound"] else ", which is not what its .sha256 file says"
    extras = content["extras"]
    packages = (f"{name} {number or '-'}" for name, number in content["packages"].items())
    lines = {
        "version": content["version"],
        "python": f"{content['python']}, {content['platform']}",
        "packages": ", ".join(packages),
        "weights": f"{weights['file']}, SHA-256 {weights['sha256']}{state}",
        "computes": f"{computing['backend']} on {computing['device']} in {computing['precision']}, "
        f"because {computing['reason']}",
        "cpu": f"{computing['cores']} cores, {computing['threads']} threads, "
        f"{', '.join(computing['cpu_features']) or 'no features known'}",
        "extras": ", ".join(name for name, has in extras.items() if has) or "none",
        "not installed": ", ".join(name for name, has in extras.items() if not has) or "none",
        **content["licences"],
        "notice": content["notice"],
    }
    width = max(map(len, lines)) + 2
    return [f"{name:{width}}{text}" for name, text in lines.items()]
