"""What `--set` takes: data, of the type that the config has, for keys that it has."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.settings.as_data import as_data
from pipeline.settings.bundle_root import list_config_files
from pipeline.settings.overrides import parse_overrides

ROOT = Path(__file__).resolve().parents[2]


def parse(name: str, *overrides: str) -> dict[str, Any]:
    return parse_overrides(overrides, *list_config_files(name, ROOT))


@pytest.mark.parametrize(
    ("name", "override", "expected"),
    [
        ("inference", "threshold=0.4", {"threshold": 0.4}),
        ("inference", "threshold=1", {"threshold": 1}),
        ("inference", "outputs#seg=false", {"outputs#seg": False}),
        ("inference", "outputs::seg=False", {"outputs#seg": False}),
        ("inference", "image_size=[256,320]", {"image_size": [256, 320]}),
        ("inference", "device=cpu", {"device": "cpu"}),
        ("inference", "model#bf16=false", {"model#bf16": False}),
        ("inference", "malignancy_scale#slope=2", {"malignancy_scale#slope": 2}),
        ("inference", "writers#3#geometry=none", {"writers#3#geometry": "none"}),
        ("evaluate", "split=lesion_free", {"split": "lesion_free"}),
        ("train", "repeat#busi=3", {"repeat#busi": 3}),
        ("train", "repeat={}", {"repeat": {}}),
        ("train", "first_size=1", {"first_size": 1}),
        ("train", "optimizer#weight_decay=0.1", {"optimizer#weight_decay": 0.1}),
    ],
)
def test_what_fits_is_taken(name: str, override: str, expected: dict[str, Any]) -> None:
    assert parse(name, override) == expected


@pytest.mark.parametrize("text", ["$1/0", "@ckpt", "%x", "a#b"])
def test_text_is_no_code(text: str) -> None:
    (value,) = as_data(parse("inference", f"dataset_dir={text}")).values()
    assert value.startswith("$'")
    assert not set(value[2:-1]) & set("$@%#")


@pytest.mark.parametrize(
    ("name", "override", "problem"),
    [
        ("inference", "outputs#overlay=false", "did you mean outputs#overlays?"),
        ("inference", "outputs#segg=true", "did you mean outputs#seg?"),
        ("inference", "outputs#SEG=true", "is no key of this config"),
        ("inference", "outputs#=true", "is no key of this config"),
        ("inference", "outputs#seg#x=1", "did you mean outputs#seg?"),
        ("inference", "outputs=false", "all of masks"),
        ("inference", "outputs={}", "all of masks"),
        ("inference", "treshold=0.4", "did you mean threshold?"),
        ("inference", "threshold#x=1", "did you mean threshold?"),
        ("inference", "=3", "is no key of this config"),
        ("inference", "threshold", "expected --set KEY=VALUE"),
        ("inference", "threshold=7", "above 0, up to 1, got 7"),
        ("inference", "threshold=abc", "got 'abc'"),
        ("inference", "threshold=", "got ''"),
        ("inference", "threshold=NaN", "got nan"),
        ("inference", "threshold=true", "got True"),
        ("inference", "outputs#seg=no", "True or False, got 'no'"),
        ("inference", "flip=1", "True or False, got 1"),
        ("inference", "malignancy_scale#slope=abc", "a value like"),
        ("inference", "device=$torch.device('cpu')", "cpu, cuda, cuda:N or mps"),
        ("inference", "network_def={}", "is built by the config"),
        ("inference", "network_def#_target_=os.system", "is built by the config"),
        ("inference", "reader#find_field=false", "is built by the config"),
        ("inference", "run=x", "is built by the config"),
        ("inference", "imports=[]", "is built by the config"),
        ("inference", "model#bf16=@flip", "a value like true"),
        ("inference", "postprocessing#transforms#99#sigma=2", "is no key of this config"),
        ("inference", "split=test", "is no key of this config"),
        ("evaluate", "outputs#seg=false", "is no key of this config"),
        ("train", "threshold=0.5", "is no key of this config"),
        ("train", "epochs=2.0", "a whole number"),
        ("train", "repeat#norml=3", "did you mean repeat#normal?"),
        ("train", 'repeat={"busi":0}', "1 or more, got 0"),
        ("train", "optimizer#lr=3", "is built by the config"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, override: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(name, override)
    assert problem in str(caught.value)


def test_argument_that_the_config_leaves_out_must_be_one() -> None:
    with pytest.raises(ConfigError, match=r"did you mean writers#3#geometry\?"):
        parse("inference", "writers#3#geometri=none")


def test_keys_of_a_config_laid_over_are_known(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps({"mine": 3, "augment": "$@mine"}))
    files = [*list_config_files("train", ROOT), tmp_path / "mine.json"]
    assert parse_overrides(["mine=4", "epochs=2"], *files) == {"mine": 4, "epochs": 2}


@pytest.mark.parametrize("text", ["[]", "{", None])
def test_config_that_is_none_is_named(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.json"):
        parse_overrides([], path)
