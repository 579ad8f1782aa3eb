"""The network in ONNX Runtime or OpenVINO, as `breast-us-seg export` has written it."""

import hashlib
import importlib
import logging
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline.errors import ConfigError
from pipeline.hash_file import hash_file

logger = logging.getLogger(__name__)

Backend = Literal["torch", "onnx", "openvino"]
"""What computes; `torch` needs no export."""

PACKAGES: dict[Backend, str] = {"onnx": "onnxruntime", "openvino": "openvino"}
"""Packages of the backends, which extras of the same names bring."""

SUFFIX = ".onnx"
"""Of the exported file, which lies beside the weights and is named after them."""


_TELEMETRY = ("openvino_telemetry", "openvino.tools")


class ExportedNetwork:
    """Call an exported network like the one that it was made of.

    It is loaded when it is called first, for as many threads as PyTorch has in the thread that
    calls it.

    Args:
        weights: file of the weights; the exported file is searched beside it.
        backend: ``onnx`` or ``openvino``.
        sha256: of the weights.
        network: that the weights are for.
        bf16: compute in bfloat16, which only OpenVINO does; ONNX Runtime stays at float32.

    Raises:
        ConfigError: the backend's package is not installed, or there is no export of these
            weights.
    """

    def __init__(
        self,
        weights: str | Path,
        backend: Backend,
        *,
        sha256: str,
        network: nn.Module,
        bf16: bool = False,
    ) -> None:
        path = find_export(weights, sha256, network)
        if path is None:
            msg = (
                f"expected {Path(weights).with_suffix(SUFFIX)}, exported from {Path(weights).name} "
                "as it is now: run `breast-us-seg export`, or set backend to torch"
            )
            raise ConfigError(msg)
        package = _import(backend)
        load = _load_openvino if backend == "openvino" else _load_onnx
        self._compute = cache(lambda threads: load(package, path, bf16=bf16, threads=threads))

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Run the network.

        Args:
            images: (B, C, H, W) float32.

        Returns:
            Logits (B, C', H, W), float32.
        """
        compute = self._compute(torch.get_num_threads())
        return torch.from_numpy(compute(images.contiguous().numpy()))


def find_export(weights: str | Path, sha256: str, network: nn.Module | None) -> Path | None:
    """Find the file that was exported from weights.

    Args:
        weights: file of the weights.
        sha256: of it.
        network: that the weights are for; `None` takes an export of any.

    Returns:
        The exported file; `None` if there is none, it is not what was exported, or it is that of
        other weights or of another network.
    """
    path = Path(weights).with_suffix(SUFFIX)
    sums = name_checksums(path)
    if not path.is_file() or not sums.is_file():
        return None
    expected = describe_export(path, Path(weights).name, sha256, network)
    found = sums.read_text("utf-8")
    return path if found == expected or (network is None and found.startswith(expected)) else None


def name_checksums(path: Path) -> Path:
    """Name the file beside an exported one that holds the SHA-256 of it and of its weights."""
    return path.with_name(f"{path.name}.sha256")


def describe_export(path: Path, weights: str, sha256: str, network: nn.Module | None) -> str:
    """Describe an export, as `sha256sum` does; the network is a comment in the last line.

    Args:
        path: of the exported file.
        weights: name of the file of the weights.
        sha256: of the weights.
        network: that the weights are for; the names and shapes of its tensors count. `None` leaves
            it out.
    """
    sums = f"{hash_file(path)}  {path.name}\n{sha256}  {weights}\n"
    if network is None:
        return sums
    tensors = sorted((name, tuple(each.shape)) for name, each in network.state_dict().items())
    layout = hashlib.sha256(repr(tensors).encode()).hexdigest()
    return f"{sums}# tensors {layout}\n"


def list_faster_backends(*, bf16: bool) -> tuple[Backend, ...]:
    """List the backends that are faster than PyTorch on a CPU, the fastest first.

    Args:
        bf16: whether bfloat16 is wanted, and fast on this CPU. Torch computes faster in it than
            ONNX Runtime in float32.
    """
    return ("openvino",) if bf16 else ("openvino", "onnx")


def choose_backend(weights: str | Path, sha256: str, network: nn.Module, *, bf16: bool) -> Backend:
    """Choose the fastest available backend; never raises.

    An export that is there and cannot be used is reported in the log.

    Args:
        weights: file of the weights.
        sha256: of it.
        network: that the weights are for.
        bf16: see `list_faster_backends`.
    """
    installed = [each for each in list_faster_backends(bf16=bf16) if find_spec(PACKAGES[each])]
    if installed and find_export(weights, sha256, network):
        return installed[0]
    path = Path(weights).with_suffix(SUFFIX)
    if installed and path.is_file():
        logger.warning(
            "%s is damaged, or was exported from other weights: PyTorch computes in its place; "
            "`breast-us-seg export --overwrite` makes a new one",
            path,
        )
    return "torch"


def _import(backend: Backend) -> ModuleType:
    # OpenVINO does without, and would report to its makers over the network that it was imported.
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    for name in _TELEMETRY:
        modules.setdefault(name, None)
    try:
        return importlib.import_module(PACKAGES[backend])
    except ImportError as error:
        msg = (
            f"expected the package {PACKAGES[backend]}, found none: "
            f"pip install {PACKAGES[backend]}, or set backend to torch"
        )
        raise ConfigError(msg) from error


_Compute = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def _load_onnx(package: Any, path: Path, *, bf16: bool, threads: int) -> _Compute:
    options = package.SessionOptions()
    options.intra_op_num_threads = threads
    session = package.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (image,) = session.get_inputs()

    def compute(images: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = session.run(None, {image.name: images})[0]
        return logits

    return compute


def _load_openvino(package: Any, path: Path, *, bf16: bool, threads: int) -> _Compute:
    precision = package.Type.bf16 if bf16 else package.Type.f32
    hints = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": threads,
        # It is on once the threads are counted, and then all processes take the same cores.
        "ENABLE_CPU_PINNING": False,
    }
    request = package.Core().compile_model(str(path), "CPU", hints).create_infer_request()

    def compute(images: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = np.array(request.infer([images])[0])  # its buffer is reused
        return logits

    return compute
