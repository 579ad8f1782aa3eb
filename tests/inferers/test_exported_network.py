"""Which exported network is taken, and that it computes the same.

What needs onnxruntime, openvino or the exporter is skipped where they are not installed.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from monai.networks.nets import UNet

from pipeline.cli import main
from pipeline.errors import ConfigError
from pipeline.hash_file import hash_file
from pipeline.inferers import Model, TTAInferer, exported_network
from pipeline.inferers.exported_network import (
    ExportedNetwork,
    choose_backend,
    describe_export,
    find_export,
)
from pipeline.load_segmenter import load_segmenter
from pipeline.networks.shrink_weights import shrink_weights

NETWORK = {"spatial_dims": 2, "in_channels": 1, "out_channels": 2}
NETWORK |= {"channels": [4, 8], "strides": [2]}
SIZE = [64, 96]


LINEAR = torch.nn.Linear(2, 1)


def write_export(weights: Path) -> Path:
    """Write what looks like an export."""
    weights.write_bytes(b"weights")
    path = weights.with_suffix(".onnx")
    path.write_bytes(b"network")
    sums = describe_export(path, weights.name, hash_file(weights), LINEAR)
    path.with_name("model.onnx.sha256").write_text(sums)
    return path


def find(weights: Path, network: torch.nn.Module | None = LINEAR) -> Path | None:
    return find_export(weights, hash_file(weights), network)


def choose(weights: Path, *, bf16: bool) -> str:
    return choose_backend(weights, hash_file(weights), LINEAR, bf16=bf16)


def pretend_installed(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    monkeypatch.setattr(exported_network, "find_spec", lambda name: name in packages or None)


def test_export_of_the_weights_is_found(tmp_path: Path) -> None:
    path = write_export(tmp_path / "model.pt")
    assert find(tmp_path / "model.pt") == path


def test_export_of_other_weights_is_none(tmp_path: Path) -> None:
    write_export(tmp_path / "model.pt")
    (tmp_path / "model.pt").write_bytes(b"better weights")
    assert find(tmp_path / "model.pt") is None


def test_export_of_another_network_is_none(tmp_path: Path) -> None:
    path = write_export(tmp_path / "model.pt")
    assert find(tmp_path / "model.pt", torch.nn.Linear(3, 1)) is None
    assert find(tmp_path / "model.pt", None) == path


def test_damaged_export_is_none(tmp_path: Path) -> None:
    write_export(tmp_path / "model.pt").write_bytes(b"netw0rk")
    assert find(tmp_path / "model.pt") is None


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_checksums_are_those_of_sha256sum(exported: Path) -> None:
    subprocess.run(["sha256sum", "-c", "model.onnx.sha256"], cwd=exported.parent, check=True)


@pytest.mark.parametrize("missing", ["model.onnx", "model.onnx.sha256"])
def test_half_an_export_is_none(missing: str, tmp_path: Path) -> None:
    write_export(tmp_path / "model.pt")
    (tmp_path / missing).unlink()
    assert find(tmp_path / "model.pt") is None


@pytest.mark.parametrize(
    ("packages", "bf16", "expected"),
    [
        (("openvino", "onnxruntime"), True, "openvino"),
        (("openvino", "onnxruntime"), False, "openvino"),
        (("onnxruntime",), True, "torch"),
        (("onnxruntime",), False, "onnx"),
        ((), False, "torch"),
    ],
)
def test_automatic_choice(
    packages: tuple[str, ...], bf16: bool, expected: str, tmp_path: Path, monkeypatch
) -> None:
    pretend_installed(monkeypatch, *packages)
    write_export(tmp_path / "model.pt")
    assert choose(tmp_path / "model.pt", bf16=bf16) == expected
    (tmp_path / "model.onnx").unlink()
    assert choose(tmp_path / "model.pt", bf16=bf16) == "torch"


def test_automatic_choice_without_an_export_is_torch(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"weights")
    assert Model(tmp_path / "model.pt", LINEAR, backend="auto").backend == "torch"


def test_missing_export_is_reported(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"weights")
    with pytest.raises(ConfigError, match="run `breast-us-seg export`"):
        Model(tmp_path / "model.pt", LINEAR, backend="openvino").load()


def test_missing_package_is_reported(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(exported_network, "PACKAGES", {"onnx": "no_such_runtime"})
    write_export(tmp_path / "model.pt")
    with pytest.raises(ConfigError, match="pip install no_such_runtime, or set"):
        Model(tmp_path / "model.pt", LINEAR, backend="onnx").load()


def test_unknown_backend_is_refused(tmp_path: Path) -> None:
    write_export(tmp_path / "model.pt")
    with pytest.raises(ConfigError, match="expected a backend of torch, auto, onnx, openvino"):
        Model(tmp_path / "model.pt", LINEAR, backend="tensorrt").load()  # type: ignore[arg-type]


def test_rounded_kernels_are_stored_in_half(exported: Path, tmp_path: Path) -> None:
    """Not in the fixture's export, whose kernels float16 does not hold."""
    onnx = pytest.importorskip("onnx")
    halves = []
    for name in ("as they are", "rounded"):
        root = tmp_path / name
        shutil.copytree(exported.parents[1], root)
        weights = root / "models" / "model.pt"
        if name == "rounded":
            torch.save(shrink_weights(torch.load(weights, weights_only=True)), weights)
        assert main.main(["export", "--bundle-root", str(root), "--overwrite"]) == 0
        graph = onnx.load(weights.with_suffix(".onnx")).graph
        onnx.checker.check_model(onnx.load(weights.with_suffix(".onnx")), full_check=True)
        halves.append(
            [each.name for each in graph.initializer if each.data_type == onnx.TensorProto.FLOAT16]
        )
    assert halves[0] == []
    assert halves[1]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights, and beside them what the command has made of them."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    root = tmp_path_factory.mktemp("bundle")
    (root / "configs").mkdir()
    (root / "models").mkdir()
    definition = {"_target_": "monai.networks.nets.UNet", **NETWORK}
    config = {"imports": ["$import torch"], "network_def": definition, "image_size": SIZE}
    (root / "configs" / "inference.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    torch.save(UNet(**NETWORK).state_dict(), root / "models" / "model.pt")
    assert main.main(["export", "--bundle-root", str(root)]) == 0
    return root / "models" / "model.pt"


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
@pytest.mark.parametrize(("count", "size"), [(1, SIZE), (3, SIZE), (2, [32, 64])])
def test_logits_are_those_of_torch(
    backend: str, count: int, size: list[int], exported: Path
) -> None:
    pytest.importorskip(exported_network.PACKAGES[backend])
    image = torch.randn(count, 1, *size)
    results = []
    for name in ("torch", backend):
        model = Model(exported, UNet(**NETWORK), backend=name, bf16=False)  # type: ignore[arg-type]
        model.load()
        with torch.no_grad():
            results.append(TTAInferer(flip=True, model=model)(image, model.network))
    assert torch.allclose(*results, atol=1e-4)


def open_export(weights: Path) -> ExportedNetwork:
    exported = Model(weights, UNet(**NETWORK), backend="openvino", bf16=False).exported
    assert exported is not None
    return exported


def test_weights_are_no_use_of_torch_where_openvino_computes(exported: Path, monkeypatch) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: pytest.fail("loaded"))
    model = Model(exported, UNet(**NETWORK).train(), backend="openvino", bf16=False)
    model.load()
    image = torch.randn(1, 1, *SIZE)
    expected = open_export(exported)(image)
    assert torch.equal(TTAInferer(model=model)(image, model.network), expected)


def test_result_is_not_written_over_by_the_next_one(exported: Path) -> None:
    pytest.importorskip("openvino")
    network = open_export(exported)
    first = network(torch.ones(1, 1, *SIZE))
    before = first.clone()
    network(torch.zeros(1, 1, *SIZE))
    assert torch.equal(first, before)


def find_paths(export: Path) -> list[bytes]:
    """Find names of Python files with a folder; a mere `.py` may be in the bytes of the weights."""
    return re.findall(rb"/[\w/-]+\.py\b", export.read_bytes())


def test_export_tells_no_path_of_the_machine(exported: Path) -> None:
    assert not find_paths(exported.with_suffix(".onnx"))


def test_shipped_export_is_that_of_the_shipped_weights() -> None:
    model = load_segmenter().model
    path = find(model.path, model.network)
    assert path is not None
    assert not find_paths(path)


def test_weights_of_another_network_are_not_exported(exported: Path, tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(1)}, tmp_path / "model.pt")
    root = exported.parents[1]
    arguments = ["--bundle-root", str(root), "--weights", str(tmp_path / "model.pt")]
    assert main.main(["export", *arguments]) == 1
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("damage", ["content", "checksums"])
def test_export_that_cannot_be_used_is_reported(
    damage: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = write_export(tmp_path / "model.pt")
    pretend_installed(monkeypatch, "openvino")
    assert choose(tmp_path / "model.pt", bf16=True) == "openvino"
    assert not caplog.records
    if damage == "content":
        path.write_bytes(b"netw0rk")
    else:
        path.with_name("model.onnx.sha256").unlink()
    assert choose(tmp_path / "model.pt", bf16=True) == "torch"
    assert f"{path} is damaged" in caplog.text


def test_weights_without_an_export_are_no_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "model.pt").touch()
    pretend_installed(monkeypatch, "openvino")
    assert choose(tmp_path / "model.pt", bf16=True) == "torch"
    assert not caplog.records


def test_export_is_not_overwritten_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_export(tmp_path / "model.pt")
    assert main.main(["export", "--weights", str(tmp_path / "model.pt")]) == 1
    assert "replace it by --overwrite" in capsys.readouterr().err
    assert path.read_bytes() == b"network"
