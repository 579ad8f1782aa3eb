import json
import re
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigParser
from monai.networks.nets import FlexibleUNet

from bundle.build import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.json"))
CHANGES = ["evaluate", "multi_gpu_train", "shard", "train_large"]
"""Configs that only hold what they change of another one."""
RUNS = [path for path in CONFIGS if path.stem not in ["metadata", *CHANGES]]


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "configs" / f"{name}.json").read_text("utf-8"))
    return content


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_is_json_of_two_spaces(path: Path) -> None:
    text = path.read_text("utf-8")
    json.loads(text)
    assert text.endswith("}\n")
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = re.sub(r'"(?:\\.|[^"\\])*"', "", line)
        closing = len(re.match(r"\s*([\]}]*)", bare)[1])  # type: ignore[index]
        if line:
            indent = len(line) - len(line.lstrip())
            assert indent == 2 * (depth - closing), f"{path.name}:{number}"
        assert line == line.rstrip(), f"{path.name}:{number}"
        depth += len(re.findall(r"[\[{]", bare)) - len(re.findall(r"[\]}]", bare))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_is_ascii_as_monai_reads_it_in_the_encoding_of_the_machine(path: Path) -> None:
    assert path.read_bytes().isascii()


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.name)
class TestRun:
    def test_network_is_that_of_inference(self, path: Path) -> None:
        network = read(path.stem)["network_def"]
        if path.stem == "train":  # where the adaptive one is the same
            network["backbone"] += "-adaptive"
        assert network == read("inference")["network_def"]
        assert isinstance(ConfigParser({"net": network}).get_parsed_content("net"), FlexibleUNet)

    def test_is_self_contained(self, path: Path) -> None:
        text = path.read_text("utf-8")
        assert "_meta_" not in text
        assert '"%' not in text

    def test_loads_with_the_loader_that_monai_label_looks_for(self, path: Path) -> None:
        config = read(path.stem)
        first = config["load"] if "load" in config else config["preprocessing"]["transforms"]
        assert first[0]["_target_"] == "LoadImaged"

    def test_image_size_is_that_of_the_metadata(self, path: Path) -> None:
        tensor = read("metadata")["network_data_format"]["inputs"]["image"]
        assert read(path.stem)["image_size"] == tensor["spatial_shape"]


def test_train_handlers_are_literal() -> None:
    assert all(isinstance(handler, dict) for handler in read("train")["train"]["handlers"])


def test_train_large_changes_what_train_has() -> None:
    train = ConfigParser(read("train"))
    for key in read("train_large"):
        first, _, last = key.rpartition("#")
        assert key in train or (last == "amp" and first in train), key


def test_evaluate_shares_all_that_decides_a_mask_with_inference() -> None:
    changed = {
        *("dataset_dir", "output_dir", "backend", "split", "datalist", "label_transform"),
        *("dataset", "dataloader", "key_metric", "handlers", "evaluator", "run", "finalize"),
        *("overwrite", "keep_maps"),
    }
    assert set(read("evaluate")) == changed
