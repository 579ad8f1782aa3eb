"""The page of an evaluation, read as a file; `browser` has it in a browser."""

import json
import re
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from monai.data import DataLoader, Dataset
from PIL import Image

from pipeline.errors import ConfigError
from pipeline.evaluation.evaluation_page import EvaluationPage
from pipeline.writers.report.plots import (
    Dot,
    list_worst,
    plot_agreement,
    plot_histogram,
    plot_sizes,
)

HEIGHT, WIDTH = 24, 40


def mask(left: int | None, *, width: int = 10) -> torch.Tensor:
    plane = torch.zeros(1, HEIGHT, WIDTH)
    if left is not None:
        plane[:, 3:7, left : left + width] = 1
    return plane


def item(name: str, *, label: int | None, pred: int | None, **facts: Any) -> dict[str, Any]:
    """Make an item whose masks start at the given columns, `None` for an empty mask."""
    return {
        "id": name,
        "pathology": "normal" if label is None else "benign",
        "source": "busi",
        "original": torch.full((1, HEIGHT, WIDTH), 120.0),
        "label": mask(label),
        "pred": mask(pred),
        "lesion_probability": 0.75,
        "mm_per_pixel": 0.0,
    } | facts


def items() -> list[dict[str, Any]]:
    return [
        item("busi/benign (2)", label=5, pred=10, mm_per_pixel=0.5),
        item("busi/benign (1)", label=5, pred=5, source="busbra", mm_per_pixel=0.5),
        item("busi/benign (3)", label=5, pred=None),
        item("busi/normal (1)", label=None, pred=20),
        item("busi/benign (4)", label=5, pred=25),
    ]


def evaluate(data: list[dict[str, Any]], folder: Path, *, size: int = 2, **options: Any) -> Path:
    page = EvaluationPage(folder, split="test", **options)
    engine = Engine(lambda _engine, batch: batch)
    page.attach(engine)
    engine.run([data[start : start + size] for start in range(0, len(data), size)])
    return page.path


def read_page(path: Path) -> tuple[str, dict[str, Any]]:
    text = path.read_text("utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data
    return text, json.loads(data[1])


class TestData:
    def test_items_in_the_order_of_their_ids(self, tmp_path: Path) -> None:
        _, data = read_page(evaluate(items(), tmp_path))
        assert [values[2] for values in data["items"]] == sorted(each["id"] for each in items())

    def test_values_of_one_item(self, tmp_path: Path) -> None:
        _, data = read_page(evaluate(items(), tmp_path))
        source, pathology, name, preview, *values = data["items"][1]
        assert (data["sources"][source], data["pathologies"][pathology]) == ("busi", "benign")
        assert (name, (tmp_path / "report" / preview).is_file()) == ("busi/benign (2)", True)
        # Size, scale, probability, Dice, HD95, areas, overlap, false lesions, long axes.
        assert values[:5] == [HEIGHT, WIDTH, 0.5, 0.75, 0.5]
        assert values[5:10] == [5.0, 40, 40, 20, 0]
        # 10 x 4 px from edge to edge of the pixels in the middle of both ends.
        assert values[10] == values[11] == pytest.approx(np.hypot(10, 3), abs=0.05)
        assert all(values[12:14])

    def test_missed_and_normal_have_no_outline(self, tmp_path: Path) -> None:
        _, data = read_page(evaluate(items(), tmp_path))
        missed, normal = data["items"][2], data["items"][4]
        assert (missed[8], missed[-3], missed[-1]) == (0, None, [])
        assert missed[-2]
        assert (normal[8], normal[-4], normal[-2]) == (None, None, [])
        assert normal[-1]

    def test_mean_dice_counts_a_miss_as_0(self, tmp_path: Path) -> None:
        _, data = read_page(evaluate(items(), tmp_path))
        assert "mean Dice 0.375 over 4 images" in data["brief"]

    def test_no_lesion_at_all(self, tmp_path: Path) -> None:
        text, data = read_page(evaluate(items()[3:4], tmp_path))
        assert data["brief"] == "List test: no image with a lesion"
        assert "<figure>" not in text

    def test_scale_comes_through_a_loader(self, tmp_path: Path) -> None:
        page = EvaluationPage(tmp_path, split="test")
        engine = Engine(lambda _engine, batch: _decollate(batch))
        page.attach(engine)
        data = [item("a", label=5, pred=5, mm_per_pixel=0.25)]
        engine.run(DataLoader(Dataset(data), batch_size=1))
        assert read_page(page.path)[1]["items"][0][6] == 0.25

    @pytest.mark.parametrize("facts", [{"mm_per_pixel": float("nan")}, {"mm_per_pixel": -1.0}])
    def test_scale_that_is_none(self, tmp_path: Path, facts: dict[str, float]) -> None:
        path = evaluate([item("a", label=5, pred=5, **facts)], tmp_path)
        assert read_page(path)[1]["items"][0][6] == 0


class TestFiles:
    def test_preview_is_the_image_without_any_outline(self, tmp_path: Path) -> None:
        evaluate(items()[:1], tmp_path)
        (path,) = (tmp_path / "report").iterdir()
        with Image.open(path) as file:
            assert file.size == (WIDTH, HEIGHT)
            assert np.abs(np.asarray(file, float) - 120).max() <= 2

    def test_id_leads_nowhere_else(self, tmp_path: Path) -> None:
        data = [item(name, label=5, pred=5) for name in ("../../out", "/etc/x", "a b", "a/b")]
        evaluate(data, tmp_path / "run")
        assert len(list((tmp_path / "run" / "report").iterdir())) == 4
        assert [path.name for path in tmp_path.iterdir()] == ["run"]

    def test_those_of_an_earlier_run_go_and_other_files_stay(self, tmp_path: Path) -> None:
        evaluate(items(), tmp_path)
        (tmp_path / "report" / "mine.jpg").touch()
        evaluate(items()[:1], tmp_path)
        assert len(list((tmp_path / "report").iterdir())) == 2
        assert (tmp_path / "report" / "mine.jpg").exists()

    def test_same_evaluation_gives_the_same_bytes(self, tmp_path: Path) -> None:
        one = evaluate(items(), tmp_path / "a", size=1).read_bytes()
        assert one == evaluate(items()[::-1], tmp_path / "b", size=5).read_bytes()

    def test_hostile_id(self, tmp_path: Path) -> None:
        name = "</script><img src=x onerror=alert(1)>"
        text, data = read_page(evaluate([item(name, label=5, pred=5)], tmp_path))
        assert data["items"][0][2] == name
        assert "<img" not in text
        assert text.count("<script") == 2

    def test_keeps_no_pixels(self, tmp_path: Path) -> None:
        alive: list[weakref.ref[torch.Tensor]] = []

        def process(_engine: Engine, index: int) -> list[dict[str, Any]]:
            made = item(f"i{index}", label=5, pred=5 + index)
            alive.extend(weakref.ref(made[key]) for key in ("original", "label", "pred"))
            return [made]

        engine = Engine(process)
        EvaluationPage(tmp_path, split="test").attach(engine)
        engine.run(range(6))
        engine.state.output = None
        assert len(alive) == 18
        assert not any(reference() is not None for reference in alive)

    def test_original_of_another_size(self, tmp_path: Path) -> None:
        data = [item("a", label=5, pred=5, original=torch.zeros(1, 8, 8))]
        with pytest.raises(
            ConfigError, match=r"'original' of the shape .* got \(1, 8, 8\) for 'a'"
        ):
            evaluate(data, tmp_path)


class TestPlots:
    @pytest.mark.parametrize("images", [1, 2, 3, 7])
    def test_images_are_counted_in_whole_numbers(self, images: int) -> None:
        plot = plot_histogram([0.5] * images)
        counts = re.findall(r'text-anchor="end">([^<]+)<', plot)
        assert counts[0] == "0"
        assert len(counts) > 1
        assert all(count.isdecimal() for count in counts)

    def test_histogram_counts_and_mean(self) -> None:
        plot = plot_histogram([0.0, 0.52, 0.54, 1.0])
        assert re.findall(r"<title>(.*?)</title>", plot) == [
            "0.00 to 0.05: 1 images",
            "0.50 to 0.55: 2 images",
            "0.95 to 1.00: 1 images",
        ]
        assert "mean 0.515" in plot

    def test_agreement_after_bland_and_altman(self) -> None:
        true, found = np.array([10.0, 20.0, 30.0]), np.array([11.0, 20.0, 33.0])
        difference = found - true
        mean, spread = difference.mean(), 1.96 * difference.std(ddof=1)
        plot = plot_agreement(zip(true, found, range(3), strict=True), "mm")
        assert (
            f"{mean:+.1f} mm, 95 % limits {mean - spread:+.1f} to {mean + spread:+.1f} mm" in plot
        )
        heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', plot)]
        assert heights[2] < heights[0] < heights[1]  # the more is predicted, the higher

    def test_size_runs_to_the_right_and_dice_upwards(self) -> None:
        plot = plot_sizes([Dot(10, 0.2, 0), Dot(30, 0.9, 1), Dot(20, 0.0, 2, missed=True)])
        (x0, y0), (x1, y1), (_, y2) = (
            (float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', plot)
        )
        assert x0 < x1
        assert y1 < y0 < y2
        assert plot.count('class="dot missed"') == 1

    def test_worst_first_and_escaped(self) -> None:
        figure = list_worst([(0.9, 5, "good", 0), (0.1, 5, "<b>", 1), (0.1, 9, "larger", 2)])
        assert figure.index("larger") < figure.index("&lt;b&gt;") < figure.index("good")
        assert 'data-item="1">0.100' in figure

    @pytest.mark.parametrize(
        "figure", [plot_histogram([]), plot_sizes([]), plot_agreement([(1, 1, 0)], "px")]
    )
    def test_nothing_to_draw(self, figure: str) -> None:
        assert figure == ""

    def test_all_equal(self) -> None:
        assert "nan" not in plot_agreement([(5, 5, 0), (5, 5, 1)], "px")

    def test_agreement_in_mm_has_only_images_with_a_scale(self, tmp_path: Path) -> None:
        text, _ = read_page(evaluate(items(), tmp_path))
        figures = dict(re.findall(r"<figcaption>(.*?)<small>(.*?)</small>", text))
        assert figures["Long axis in px"].endswith("3 images")
        assert figures["Long axis in mm"].endswith("2 images")


def _decollate(batch: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value[0] for name, value in batch.items()}]
