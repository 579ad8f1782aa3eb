"""A component sees the config that it was made from."""

import json
from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from pipeline.errors import ConfigError
from pipeline.parsed_config import read_parsed_config

WHOLE = {"_target_": "pipeline.parsed_config.read_parsed_config"}


def test_overrides_below_a_key_are_in_it(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"a": {"b": [1, 2], "c": "@a#b"}, "d": "%a#b", "whole": WHOLE}))
    parser = ConfigParser()
    parser.read_config(path)
    parser.update({"a#b#1": 3})
    assert parser.get_parsed_content("a") == {"b": [1, 3], "c": [1, 3]}
    whole = parser.get_parsed_content("whole")
    assert whole["a"] == {"b": [1, 3], "c": "@a::b"}
    assert whole["d"] == [1, 3]


def test_metadata_is_left_out_and_the_copy_is_its_own() -> None:
    parser = ConfigParser({"_meta_": {"x": 1}, "epochs": 3, "whole": WHOLE})
    parser["epochs"] = 4
    whole = parser.get_parsed_content("whole")
    assert set(whole) == {"epochs", "whole"}
    assert whole["epochs"] == 4
    whole["whole"]["_target_"] = "changed"
    assert parser["whole"] == WHOLE


def test_the_innermost_of_two_configs_counts() -> None:
    def make() -> dict:
        return dict(ConfigParser({"b": 2, "whole": WHOLE}).get_parsed_content("whole"))

    parser = ConfigParser({"a": 1, "inner": "$make()"}, globals={"make": make})
    assert parser.get_parsed_content("inner")["b"] == 2


def test_caller_that_is_no_config() -> None:
    with pytest.raises(ConfigError, match="while a config is resolved"):
        read_parsed_config()
