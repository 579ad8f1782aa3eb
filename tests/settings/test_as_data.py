"""Whatever a value looks like, a config gives it back and runs nothing."""

from typing import Any

import pytest
from monai.bundle import ConfigParser

from pipeline.settings.as_data import as_data

NASTY = [
    *("$1/0", "$import os", "@ckpt", "%x", "%x.json#y", "a#b", "a::b", "a@ckpt", "#frame=1"),
    *("it's \"\\ \n", "é", "\udcff", "", " x", "__local_refs", "C:\\scans\\new"),
]


@pytest.mark.parametrize("text", [*NASTY, "images/2024-01 left.dcm", "import os"])
def test_text_comes_back(text: str) -> None:
    config = {"ckpt": "w", "a": as_data(text), "path": "$@a + '/x'", "b": {"c": "@a"}}
    parser = ConfigParser(config)
    assert parser.get_parsed_content("path") == f"{text}/x"
    assert parser.get_parsed_content("b") == {"c": text}
    assert parser.get_parsed_content("a") == text


@pytest.mark.parametrize("value", [1, 0.5, True, None, ["$x", 1], {"a": "@b"}])
def test_values_come_back(value: Any) -> None:
    assert ConfigParser({"a": as_data(value)}).get_parsed_content("a") == value


def test_plain_text_stays_readable() -> None:
    assert as_data("/data/study 1/a.dcm") == "/data/study 1/a.dcm"
