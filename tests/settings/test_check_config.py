"""All keys of all configs, as they are shipped and as someone has changed them."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigParser

from pipeline.errors import SettingError
from pipeline.settings.bundle_root import list_config_files
from pipeline.settings.check_config import check_config
from pipeline.settings.config_keys import KEYS, list_keys
from pipeline.settings.value_kinds import Group

ROOT = Path(__file__).resolve().parents[2]


def read(name: str, *changes: str) -> dict[str, Any]:
    parser = ConfigParser()
    files = [*list_config_files(name, ROOT)]
    files += [ROOT / "configs" / f"{change}.json" for change in changes]
    parser.read_config([*map(str, files)])
    config: dict[str, Any] = parser.get()
    config.pop("_meta_")
    return config


CONFIGS = {name: read(name) for name in ("inference", "evaluate", "train")}


def refuse(name: str, **changes: Any) -> SettingError:
    parser = ConfigParser(deepcopy(CONFIGS[name]))
    for key, value in changes.items():
        parser[key.replace("__", "#")] = value
    with pytest.raises(SettingError) as caught:
        check_config(name, parser.get())
    return caught.value


@pytest.mark.parametrize("name", CONFIGS)
def test_shipped_configs_pass(name: str) -> None:
    check_config(name, CONFIGS[name])


def test_large_training_passes() -> None:
    check_config("train", read("train", "train_large"))


@pytest.mark.parametrize("name", CONFIGS)
def test_table_has_what_a_config_has(name: str) -> None:
    """What is no object: a number, a truth value, a list of numbers, or a path."""
    files = [path.stem for path in list_config_files(name, ROOT)]
    config = json.loads((ROOT / "configs" / f"{files[-1]}.json").read_text("utf-8"))
    plain = {
        key
        for key, value in config.items()
        if isinstance(value, (bool, int, float))
        or (isinstance(value, list) and all(isinstance(each, int) for each in value) and value)
        or (isinstance(value, str) and not value.startswith("$@network_def"))
    }
    groups = {key.name for key in KEYS if isinstance(key.kind, Group)} & set(config)
    assert plain | groups <= set(list_keys(name))
    assert set(list_keys(name)) <= set(CONFIGS[name])


@pytest.mark.parametrize(
    ("name", "key", "value", "problem"),
    [
        ("inference", "threshold", 7, "a number above 0, up to 1, got 7"),
        ("inference", "threshold", "abc", "a number above 0, up to 1, got 'abc'"),
        ("inference", "threshold", float("nan"), "got nan"),
        ("inference", "threshold", True, "got True"),
        ("inference", "min_lesion_px", 2.5, "a whole number, 0 or more"),
        ("inference", "flip", "false", "True or False, got 'false'"),
        ("inference", "target", "benign", "lesion or malignant"),
        ("inference", "image_size", [256, 200], "multiples of 32"),
        ("inference", "image_size", [0, 256], "multiples of 32"),
        ("inference", "image_size", 256, "multiples of 32"),
        ("inference", "outputs", {"masks": True}, "all of masks"),
        ("inference", "device", "gpu", "cpu, cuda, cuda:N or mps"),
        ("inference", "backend", "tensorrt", "auto, torch, onnx or openvino"),
        ("evaluate", "min_lesion_share", -0.1, "a number from 0 to 1"),
        ("evaluate", "split", "", "name of a list"),
        ("train", "epochs", 0, "a whole number, 1 or more"),
        ("train", "epochs", "$1/0", "an expression that has a value, got RuntimeError"),
        ("train", "learning_rate", float("inf"), "got inf"),
        ("train", "repeat", {"busi": 0}, "1 or more, got 0"),
        ("train", "first_size", 0, "above 0"),
        ("inference", "operating_point", "best", "sensitive, specific or all"),
        ("train", "ckpt", 3, "weights"),
    ],
)
def test_value_of_another_kind_is_refused(name: str, key: str, value: Any, problem: str) -> None:
    error = refuse(name, **{key: value})
    assert error.key.split("#")[0] == key
    assert problem in error.problem


@pytest.mark.parametrize(
    ("name", "key", "guess"),
    [
        ("inference", "treshold", "threshold"),
        ("inference", "outputs__overlay", "outputs#overlays"),
        ("inference", "outputs__segg", "outputs#seg"),
        ("evaluate", "min_lesion_pix", "min_lesion_px"),
        ("train", "epoch", "epochs"),
        ("train", "los", "loss"),
        ("train", "repeat__norml", "repeat#normal"),
        ("inference", "inferer__flp", "inferer#flip"),
        ("inference", "reader__find_feild", "reader#find_field"),
        ("inference", "model__bf61", "model#bf16"),
        ("inference", "network_def__backbon", "network_def#backbone"),
        ("inference", "dataset__exclud", "dataset#exclude"),
        ("inference", "writers__3__geometri", "writers#3#geometry"),
        (
            "inference",
            "postprocessing__transforms__10__transforms__1__min_sise",
            "postprocessing#transforms#10#transforms#1#min_size",
        ),
        ("inference", "evaluator__val_handler", "evaluator#val_handlers"),
        ("evaluate", "segmenter__keep_map", "segmenter#keep_maps"),
        ("train", "optimizer__weight_decai", "optimizer#weight_decay"),
    ],
)
def test_typo_is_refused_with_a_guess(name: str, key: str, guess: str) -> None:
    error = refuse(name, **{key: 1})
    assert error.key == key.replace("__", "#")
    assert error.problem == f"is no key of this config: did you mean {guess}?"


def test_arguments_that_an_object_takes_without_naming_them_pass() -> None:
    config = deepcopy(CONFIGS["inference"])
    config["preprocessing"]["transforms"][0]["whatever"] = 1  # for the reader
    config["reader"] = {"_target_": "not_there.Reader", "_disabled_": True, "x": 1}
    check_config("inference", config)


def test_key_of_ones_own_that_another_uses_passes() -> None:
    config = deepcopy(CONFIGS["train"])
    check_config("train", {**config, "mine": [], "augment": "$@mine"})


def test_expressions_count_by_their_value() -> None:
    check_config("train", {**CONFIGS["train"], "epochs": "$2 * 4", "patience": "$@epochs // 2"})
    assert refuse("train", epochs="$2 * 0").key == "epochs"


def test_every_key_says_what_it_means() -> None:
    assert all(key.meaning and str(key.kind) for key in KEYS)
    assert len({(key.name, config) for key in KEYS for config in key.configs}) == sum(
        len(key.configs) for key in KEYS
    )


def test_names_are_those_of_files() -> None:
    names = {config for key in KEYS for config in key.configs}
    assert all(Path(ROOT / "configs" / f"{name}.json").is_file() for name in names)
