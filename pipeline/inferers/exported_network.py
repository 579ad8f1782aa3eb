"""The network in ONNX Runtime or OpenVINO, as `breast-us-seg export` has written it."""

import importlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.hash_file import hash_file

Backend = Literal["torch", "onnx", "openvino"]
"""What computes; `torch` needs no export."""

PACKAGES: dict[Backend, str] = {"onnx": "onnxruntime", "openvino": "openvino"}
"""Packages of the backends, which extras of the same names bring."""

SUFFIX = ".onnx"
"""Of the exported file, which lies beside the weights and is called like them."""


class ExportedNetwork:
    """Call an exported network like the one that it was made of.

    Args:
        weights: file of the weights; the exported file is searched beside it.
        backend: ``onnx`` or ``openvino``.
        bf16: compute in bfloat16, which only OpenVINO does; ONNX Runtime stays at float32.

    Raises:
        ConfigError: the backend's package is not installed, or there is no export of these
            weights.
    """

    def __init__(self, weights: str | Path, backend: Backend, *, bf16: bool = False) -> None:
        path = find_export(weights)
        if path is None:
            msg = (
                f"expected {Path(weights).with_suffix(SUFFIX)}, exported from {Path(weights).name} "
                "as it is now: run `breast-us-seg export`, or set backend to torch"
            )
            raise ConfigError(msg)
        package = _import(backend)
        load = _load_openvino if backend == "openvino" else _load_onnx
        self._compute = load(package, path, bf16)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Run the network.

        Args:
            images: (B, C, H, W) float32.

        Returns:
            Logits (B, C', H, W), float32.
        """
        return torch.from_numpy(self._compute(images.contiguous().numpy()))


def find_export(weights: str | Path) -> Path | None:
    """Find what was exported from weights.

    Args:
        weights: a file of weights.

    Returns:
        The exported file; `None` if there is none, or it is that of other weights.
    """
    path = Path(weights).with_suffix(SUFFIX)
    origin = name_origin(path)
    if not path.is_file() or not origin.is_file():
        return None
    return path if origin.read_text("utf-8").split()[:1] == [hash_file(weights)] else None


def name_origin(path: Path) -> Path:
    """Name the file beside an exported one that holds the SHA-256 of the weights.

    Args:
        path: of the exported file.
    """
    return path.with_name(f"{path.name}.weights")


def choose_backend(weights: str | Path, *, bf16: bool) -> Backend:
    """Choose what is fastest of what is installed and exported; nothing is an error.

    Args:
        weights: a file of weights.
        bf16: whether bfloat16 is wanted, and fast on this CPU. Torch computes faster in it than
            ONNX Runtime in float32.
    """
    if find_spec(PACKAGES["openvino"]) and find_export(weights):
        return "openvino"
    if not bf16 and find_spec(PACKAGES["onnx"]) and find_export(weights):
        return "onnx"
    return "torch"


def _import(backend: Backend) -> ModuleType:
    try:
        return importlib.import_module(PACKAGES[backend])
    except ImportError as error:
        msg = (
            f"expected the package {PACKAGES[backend]}, found none: "
            f"pip install 'breast-us-seg[{backend}]', or set backend to torch"
        )
        raise ConfigError(msg) from error


_Compute = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def _load_onnx(package: Any, path: Path, bf16: bool) -> _Compute:
    options = package.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = package.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (image,) = session.get_inputs()

    def compute(images: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = session.run(None, {image.name: images})[0]
        return logits

    return compute


def _load_openvino(package: Any, path: Path, bf16: bool) -> _Compute:
    precision = package.Type.bf16 if bf16 else package.Type.f32
    hints = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    request = package.Core().compile_model(str(path), "CPU", hints).create_infer_request()

    def compute(images: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = np.array(request.infer([images])[0])  # its buffer is reused
        return logits

    return compute
