"""Export a config's network with weights to an ONNX file that computes the same."""

import importlib
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigParser

from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError
from pipeline.inferers.exported_network import (
    PACKAGES,
    SUFFIX,
    ExportedNetwork,
    describe_export,
    name_checksums,
)
from pipeline.inferers.model import Model
from pipeline.settings.config_keys import SIZE_MULTIPLE

TOLERANCE = 1e-3
"""Most that a logit may differ from PyTorch's in float32; a threshold of 0.5 is a logit of 0."""

_EXPORTERS = ("onnx", "onnxscript")
_IMAGES = 2

_FEWEST_TO_HALVE = 64
"""Values from which a tensor is smaller in float16 than the node that casts it back."""


def export_network(config_file: Path, weights: Path) -> tuple[Path, dict[str, float]]:
    """Write the network of a config as ONNX, for any number of images of any size.

    Args:
        config_file: a config with ``network_def`` and ``image_size``.
        weights: its state_dict; the file goes beside it.

    Returns:
        The file, and the largest difference of a logit from PyTorch's for each backend that is
        installed.

    Raises:
        ConfigError: a package that exports is missing, the weights do not fit, or a backend
            differs by more than `TOLERANCE`; then there is no file.
        WriteError: the file cannot be written.
    """
    for package in _EXPORTERS:
        if find_spec(package) is None:
            msg = (
                f"expected the package {package}, found none: install the extra `export` "
                "(pip install '.[export]' from the sources)"
            )
            raise ConfigError(msg)
    model, image = _load(config_file, weights)
    network = model.network
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, of its own deprecations
        program: Any = torch.onnx.export(
            network,
            (image,),
            dynamo=True,
            verbose=False,
            input_names=["image"],
            output_names=["pred"],
            dynamic_shapes=[{0: torch.export.Dim.DYNAMIC, **_name_sizes()}],
        )
        expected = network(image)
    # For each node, it names the traced code with the folders of this machine.
    passes = importlib.import_module("onnx_ir.passes.common")
    passes.ClearMetadataAndDocStringPass()(program.model)
    _store_in_half(program.model.graph)
    path = weights.with_suffix(SUFFIX)
    sums = name_checksums(path)
    sums.unlink(missing_ok=True)  # what is half done must not be found
    with tempfile.TemporaryDirectory() as folder:
        program.save(Path(folder) / path.name)
        write_atomically(path, (Path(folder) / path.name).read_bytes())
    text = describe_export(path, weights.name, model.sha256, network)
    write_atomically(sums, text.encode())
    try:
        return path, _compare(model, image, expected)
    except ConfigError:
        path.unlink()
        sums.unlink()
        raise


def _load(config_file: Path, weights: Path) -> tuple[Model, torch.Tensor]:
    parser = ConfigParser()
    parser.read_config(str(config_file))
    for statement in parser.get("imports", []):
        importlib.import_module(statement.removeprefix("$import ").strip())
    model = Model(weights, parser.get_parsed_content("network_def"))
    model.load()
    shape = (_IMAGES, 1, *parser.get_parsed_content("image_size"))
    return model, torch.randn(shape, generator=torch.Generator().manual_seed(0))


def _name_sizes() -> dict[int, Any]:
    """Name the axes of rows and columns, whose sizes are multiples of `SIZE_MULTIPLE`."""
    return {
        axis: SIZE_MULTIPLE * torch.export.Dim(name) for axis, name in ((2, "rows"), (3, "columns"))
    }


def _store_in_half(graph: Any) -> None:
    """Store in float16 what that holds to the last bit; a runtime casts it back when it loads.

    That is most of what `shrink_weights` has rounded: kernels that the exporter has joined with
    a normalisation are other numbers.
    """
    ir = importlib.import_module("onnx_ir")
    for name, value in list(graph.initializers.items()):
        exact = value.const_value.numpy()
        if exact.dtype != np.float32 or exact.size < _FEWEST_TO_HALVE:
            continue
        with np.errstate(over="ignore"):
            half = exact.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), exact):
            continue
        stored = ir.Value(name=f"{name}_half", const_value=ir.tensor(half, name=f"{name}_half"))
        cast = ir.node("Cast", [stored], {"to": ir.DataType.FLOAT})
        ir.convenience.replace_all_uses_with(value, cast.outputs[0])
        del graph.initializers[name]
        graph.register_initializer(stored)
        graph.insert_before(graph[0], cast)


def _compare(model: Model, image: torch.Tensor, expected: torch.Tensor) -> dict[str, float]:
    differences: dict[str, float] = {}
    for backend, package in PACKAGES.items():
        if find_spec(package) is None:
            continue
        exported = ExportedNetwork(model.path, backend, sha256=model.sha256, network=model.network)
        logits = exported(image)
        difference = float((logits - expected).abs().max())
        if not difference <= TOLERANCE:
            msg = f"expected logits within {TOLERANCE} of PyTorch's, got {difference} by {backend}"
            raise ConfigError(msg)
        differences[backend] = difference
    return differences
