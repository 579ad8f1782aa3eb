"""What is made of the figures."""

import inspect
import sys
from pathlib import Path

import pytest
import speed
import speed_forward
from speed_machine import ROOT, run
from speed_steps import STEPS, find_step

from pipeline.hash_file import hash_file

FOLDERS = {"PNG: masks": {"ms": 30.0}, "PNG: everything": {"ms": 50.0}}


def test_floor_is_the_image_and_its_mirror_image() -> None:
    ratios = speed.compare({"a": {"best": 10.0}, "b": FOLDERS})
    assert ratios["masks only / bare network"] == 1.5
    assert ratios["everything / bare network"] == 2.5


def test_others_are_measured_in_our_time() -> None:
    ratios = speed.compare({"b": FOLDERS, "c": {"ms": 60.0}, "d": {"with mirroring": 0.9}})
    assert ratios["plain MONAI bundle / masks only"] == 2
    assert ratios["nnU-Net / masks only"] == 30


def test_part_that_failed_is_reported_and_not_compared() -> None:
    figures = {"b": FOLDERS, "d": "nnunetv2 is not installed"}
    assert speed.compare(figures) == {}
    lines = list(speed.format_tables({"d": figures["d"]}, {}))
    assert lines[-1] == "Left out, nnU-Net v2: nnunetv2 is not installed"


@pytest.mark.parametrize(("ratio", "missed"), [(1.2, False), (1.4, True)])
def test_missed_aims_are_marked(ratio: float, missed: bool) -> None:
    lines = list(speed.format_tables({}, {"masks only / bare network": ratio}))
    assert lines[-1].endswith("missed |") is missed


def test_every_ratio_has_an_aim() -> None:
    figures = {
        "a": {"best": 1.0},
        "b": FOLDERS,
        "c": {"ms": 1.0},
        "d": {"with mirroring": 1.0},
        "e": {"mask": 2.0, "torch": 1.0},
        "f": {100: 1.0, 1000: 1.0},
        "g": {"epoch": 1.0, "bare": 1.0},
        "h": {"one process": {"ms": 1.0}, "--workers auto": {"ms": 1.0}},
    }
    assert set(speed.compare(figures)) == set(speed.TARGETS)


def test_figures_of_another_run_stay_unless_they_are_compared_with_new_ones() -> None:
    facts = {"machine": "here"}
    figures = {part: {} for part in "abcdefgh"}
    known = {"machine": facts, "figures": figures}
    assert set(speed.keep_earlier(known, facts, "fh")) == set("abcdeg")
    assert set(speed.keep_earlier(known, facts, "ah")) == set("fg")
    assert speed.keep_earlier(known, {"machine": "there"}, "fh") == {}
    assert speed.keep_earlier(known, {**facts, "torch": "3"}, "fh") == {}


def test_summary_leaves_out_what_failed() -> None:
    figures = {"b": "no", "d": "nnunetv2 is not installed", "e": {"mask": 2.04}}
    assert list(speed.format_summary(figures)) == [
        "| What | time |",
        "|---|---|",
        "| from the start of the command to the first mask | 2.0 s |",
    ]


@pytest.mark.parametrize("is_fast", [True, False])
def test_exported_networks_are_loaded_as_they_want_to_be(
    is_fast: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed_forward, "has_fast_bf16", lambda: is_fast)
    called = []
    wanted = inspect.signature(speed_forward.ExportedNetwork)
    monkeypatch.setattr(speed_forward, "export_network", lambda config, weights: None)
    monkeypatch.setattr(
        speed_forward,
        "ExportedNetwork",
        lambda *args, **options: called.append(wanted.bind(*args, **options).arguments),
    )
    network, size = speed_forward._load()
    left_out: dict[str, str] = {}
    ways = dict(speed_forward._list_ways(network, size, tmp_path, left_out, quick=True))
    assert [each["backend"] for each in called] == ["onnx", *["openvino"] * (1 + is_fast)]
    assert {each["sha256"] for each in called} == {hash_file(ROOT / "models" / "model.pt")}
    assert {"torch fp32", "ours fp32", "OpenVINO fp32"} <= set(ways)
    assert {name for name in ways if "bf16" in name} == (
        {"torch bf16", "torch bf16, channels last", "ours bf16", "OpenVINO bf16"}
        if is_fast
        else set()
    )
    assert set(left_out) == (set() if is_fast else {"bfloat16"})


def test_command_is_measured_with_its_children() -> None:
    inner = "sum(range(20_000_000))"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{inner}'])"
    usage = run([sys.executable, "-c", script])
    assert usage.cpu > 0.1
    assert usage.wall > 0.1
    assert 5 < usage.peak_mib < 500


def test_command_that_fails_is_reported() -> None:
    with pytest.raises(RuntimeError, match="ended with 1: no"):
        run([sys.executable, "-c", "raise SystemExit('no')"])


def test_unknown_part_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["speed.py", "--only", "x"])
    with pytest.raises(SystemExit) as ended:
        speed.main()
    assert ended.value.code == 2
    assert "expected parts of a, b, c" in capsys.readouterr().err


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[0])
def test_step_is_a_function_of_the_package(step: tuple[str, str, str]) -> None:
    owner, function = find_step(*step[1:])
    assert callable(getattr(owner, function))
