"""The page of a run, read as a file; `browser` has it in a browser."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser.runs import RunMaker, finish_run, repeat_records
from PIL import Image
from skimage.draw import polygon2mask

from pipeline import RESEARCH_ONLY
from pipeline.lesions.lesion_table import LESION_COLUMNS
from pipeline.results.result import Result
from pipeline.writers import html_report
from pipeline.writers.html_report import HtmlReport
from pipeline.writers.report.page import encode_json
from pipeline.writers.report.run_items import MEASURES
from pipeline.writers.report.simplify_outline import simplify_outline

MASK = np.zeros((40, 60), bool)
MASK[10:20, 25:45] = True


def write_preview(folder: Path, image: np.ndarray, *, file="x.png", frame=None, mask=None) -> Path:
    report = HtmlReport(folder)
    mask = np.zeros(image.shape, bool) if mask is None else mask
    report.write(Result(file, frame, image.astype(np.float32), mask, (), 0.5, ()))
    (path,) = (path for path in report.root.rglob("*") if path.is_file())
    return path


def read_page(path: Path) -> tuple[str, dict[str, Any]]:
    text = path.read_text("utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data
    return text, json.loads(data[1])


def decode(outline: list[int]) -> np.ndarray:
    """Give the corners, (N, 2) x and y in steps of the grid."""
    return np.cumsum(np.reshape(outline, (-1, 2)), axis=0)


@pytest.fixture
def run(tmp_path: Path) -> RunMaker:
    run = RunMaker(tmp_path)
    run.add("b/two.png", np.full((40, 60), 90), MASK, 0.1, quality="uncertain boundary")
    run.add("one.png", np.full((40, 60), 90), MASK, None)
    run.add("cine.dcm", np.full((40, 60), 90), ~MASK & MASK, 0.2, frame=1)
    run.add("cine.dcm", np.full((40, 60), 90), MASK, 0.2, frame=2)
    run.add_row("notes.txt", "skipped", "expected an image, got a text")
    return run


class TestPreview:
    @pytest.mark.parametrize(
        ("file", "frame", "expected"),
        [
            ("a/x.dcm", None, "a/x.dcm.jpg"),
            ("a/x.dcm", 3, "a/x.dcm/0003.jpg"),
            ("x.JPG", None, "x.JPG"),
        ],
    )
    def test_lies_where_every_output_does(self, tmp_path: Path, file, frame, expected) -> None:
        path = write_preview(tmp_path, np.zeros((8, 9)), file=file, frame=frame)
        assert path == tmp_path / "report" / expected

    def test_that_cannot_be_written_costs_the_picture_alone(
        self, run: RunMaker, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "report" / "new.png.jpg").mkdir(parents=True)
        run.add("new.png", np.full((40, 60), 90), MASK, 0.9)
        assert "an image of the page has no picture" in caplog.text
        assert read_page(run.finish())

    def test_small_image_keeps_its_size_and_grey(self, tmp_path: Path) -> None:
        ramp = np.tile(np.linspace(0, 255, 60), (40, 1))
        with Image.open(write_preview(tmp_path, ramp)) as file:
            assert (file.format, file.mode, file.size) == ("JPEG", "L", (60, 40))
            assert np.abs(np.asarray(file, float) - ramp).max() < 6

    def test_large_image_has_640_px_on_its_longest_side(self, tmp_path: Path) -> None:
        with Image.open(write_preview(tmp_path, np.zeros((1000, 500)))) as file:
            assert file.size == (320, 640)

    def test_black_outside_of_the_region_stays_black(self, tmp_path: Path) -> None:
        image = np.zeros((64, 96))
        image[:, 32:64] = 200
        with Image.open(write_preview(tmp_path, image)) as file:
            assert np.asarray(file)[:, :24].max() == 0

    def test_holds_no_outline(self, tmp_path: Path) -> None:
        image = np.full(MASK.shape, 80.0)
        with_mask = write_preview(tmp_path / "a", image, mask=MASK).read_bytes()
        assert with_mask == write_preview(tmp_path / "b", image).read_bytes()

    def test_values_beyond_grey_are_clipped(self, tmp_path: Path) -> None:
        with Image.open(write_preview(tmp_path, np.array([[-40.0] * 8, [300.0] * 8] * 4))) as file:
            assert np.asarray(file).min() < 10 < 245 < np.asarray(file).max()


class TestData:
    def test_one_item_a_file_in_the_order_of_the_run(self, run: RunMaker) -> None:
        _, data = read_page(run.finish())
        names = [
            (data["folders"][folder], name, len(images)) for folder, name, images in data["items"]
        ]
        assert names == [
            ("b", "two.png", 1),
            ("", "cine.dcm", 2),
            ("", "notes.txt", 1),
            ("", "one.png", 1),
        ]

    def test_measures_are_those_of_the_table(self, run: RunMaker) -> None:
        _, data = read_page(run.finish())
        _, *cells = data["items"][0][2][0][-1][0]
        lesion = run.records[0].lesions[0]
        assert set(MEASURES) < set(LESION_COLUMNS)
        for name, cell in zip(MEASURES, cells, strict=True):
            expected = lesion[name]
            if cell is None:
                assert not expected, name
            else:
                assert str(cell) == expected or cell == pytest.approx(float(expected)), name

    def test_without_calibration_nothing_is_in_mm(self, run: RunMaker) -> None:
        _, data = read_page(run.finish())
        image = data["items"][3][2][0]
        cells = dict(zip(data["measures"], image[-1][0][1:], strict=True))
        assert image[6] == 0
        assert {name: cells[name] for name in MEASURES if "mm" in name} == dict.fromkeys(
            (name for name in MEASURES if "mm" in name), None
        )

    def test_counts_and_reason(self, run: RunMaker) -> None:
        _, data = read_page(run.finish())
        assert dict(zip(data["statuses"], data["counts"], strict=True)) == {
            "ok": 3,
            "no_lesion": 1,
            "skipped": 1,
            "failed": 0,
        }
        _, status, reason = data["items"][2][2][0]
        assert (data["statuses"][status], data["reasons"][reason]) == (
            "skipped",
            "expected an image, got a text",
        )

    def test_names_model_and_settings_but_no_folder_of_the_computer(self, run: RunMaker) -> None:
        text, data = read_page(run.finish())
        assert data["brief"] == "breast-us-seg 0.1.0, weights 0123456789ab, threshold 0.5"
        assert ["min_lesion_px", "64"] in data["settings"]
        assert "somebody" not in text
        assert str(run.report.path.parent) not in text
        assert RESEARCH_ONLY in text

    def test_one_region_without_scale_makes_it_uncalibrated(self, run: RunMaker) -> None:
        record = run.records[0]
        run.records[0] = replace(record, row=replace(record.row, mm_per_pixel_y="0.1 -"))
        assert read_page(run.finish())[1]["items"][0][2][0][6] == 0


class TestOutline:
    @pytest.mark.parametrize("shape", [(40, 60), (900, 700)])
    def test_encloses_the_mask(self, tmp_path: Path, shape: tuple[int, int]) -> None:
        rows, columns = np.indices(shape)
        mask = ((rows / shape[0] - 0.4) / 0.2) ** 2 + ((columns / shape[1] - 0.6) / 0.3) ** 2 < 1
        run = RunMaker(tmp_path)
        run.add("x.png", np.zeros(shape), mask, None)
        _, data = read_page(run.finish())
        corners = decode(data["items"][0][2][0][-1][0][0][0]) * (max(shape) / 1280)
        # A pixel's centre lies half a pixel from its corner, where the polygon's (0, 0) is.
        drawn = polygon2mask(shape, corners[:, ::-1] - 0.5)
        assert (drawn & mask).sum() * 2 / (drawn.sum() + mask.sum()) > (
            0.97 if shape[0] < 99 else 0.995
        )

    def test_no_corner_left_out_is_far_off_the_line(self) -> None:
        angle = np.linspace(0, 2 * np.pi, 500, endpoint=False)
        radius = 200 + 40 * np.sin(7 * angle)
        points = np.stack([320 + radius * np.cos(angle), 300 + radius * np.sin(angle)], axis=1)
        corners = decode(simplify_outline(points.ravel().tolist(), (640, 640))) / 2
        ends = np.roll(corners, -1, axis=0)
        along = ends - corners
        shares = ((points[:, None] - corners) * along).sum(-1) / (along**2).sum(-1)
        nearest = corners + shares.clip(0, 1)[..., None] * along
        off = np.linalg.norm(points[:, None] - nearest, axis=-1).min(axis=1)
        assert len(corners) < 200
        assert off.max() < 0.5 + 0.36  # a step of the grid, and the rounding to it

    def test_has_no_more_corners_than_allowed(self) -> None:
        angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
        radius = 200 + 40 * np.sin(50 * angle)
        points = np.stack([320 + radius * np.cos(angle), 300 + radius * np.sin(angle)], axis=1)
        outline = simplify_outline(points.ravel().tolist(), (640, 640), max_corners=48)
        assert 24 < len(decode(outline)) <= 48

    def test_single_pixel_of_a_large_image_stays(self) -> None:
        outline = simplify_outline([99.5, 99, 100, 99.5, 99.5, 100, 99, 99.5], (4000, 3000))
        assert len(decode(outline)) >= 3

    def test_less_than_three_corners_are_nothing(self) -> None:
        assert simplify_outline([0, 0, 1, 1], (10, 10)) == []

    def test_many_images_have_fewer_corners(self, tmp_path: Path, monkeypatch) -> None:
        run = RunMaker(tmp_path)
        run.add_phantom("x.png", 2, shape=(480, 640))
        path = run.finish()
        few = decode(read_page(path)[1]["items"][0][2][0][-1][0][0][0])
        monkeypatch.setattr(html_report, "MANY_IMAGES", 0)
        many = decode(read_page(run.finish())[1]["items"][0][2][0][-1][0][0][0])
        assert 3 <= len(many) <= 64 <= len(few)


class TestHostileNames:
    NAMES = (
        "<img src=x onerror=alert(1)>.png",
        "</script><script>alert(1)</script>.png",
        "<!--<script>.png",
        "bytes\udcff.png",
        "@@SCRIPT@@.png",
    )

    def test_come_back_whole_from_data_without_any_tag(self, tmp_path: Path) -> None:
        run = RunMaker(tmp_path)
        for name in self.NAMES:
            run.add_row(name, "failed", f"expected pixels in {name}")
        text, data = read_page(run.finish())
        assert sorted(
            f"{data['folders'][folder]}/{name}".strip("/") for folder, name, *_ in data["items"]
        ) == sorted(self.NAMES)
        assert text.count("<script") == 2
        assert "<img" not in text

    def test_what_nobody_sees_is_shown_escaped(self, tmp_path: Path) -> None:
        run = RunMaker(tmp_path)
        run.add_row("plain/ä.png", "failed", "broken")
        run.add_row("a\u202e/b\n\x1b.png", "failed", "got that of a\u202e.png")
        _, data = read_page(run.finish())
        hidden, plain = data["items"]
        assert hidden[1] == "b\n\x1b.png"
        assert hidden[3] == r"a\u202e/b\n\x1b.png"
        assert len(plain) == 3
        assert r"got that of a\u202e.png" in data["reasons"]

    def test_nan_is_refused(self) -> None:
        with pytest.raises(ValueError, match="JSON"):
            encode_json([float("nan")])


class TestPage:
    def test_policy_names_the_only_script_and_style(self, run: RunMaker) -> None:
        text, _ = read_page(run.finish())
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
        assert policy
        rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
        for name, tag in (
            ("script-src", r"<script>(.*?)</script>"),
            ("style-src", r"<style>(.*?)</style>"),
        ):
            (content,) = re.findall(tag, text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert rules[name] == f"'sha256-{digest}'"
        assert rules["default-src"] == "'none'"
        assert "http" not in policy[1]

    def test_names_no_address(self, run: RunMaker) -> None:
        text, _ = read_page(run.finish())
        assert set(re.findall(r"https?://[^\s'\"]+", text)) == {"http://www.w3.org/2000/svg"}

    def test_same_run_gives_the_same_bytes(self, tmp_path: Path) -> None:
        pages = []
        for name in ("a", "b"):
            run = RunMaker(tmp_path / name)
            run.add_phantom("x.png", 2)
            pages.append(run.finish().read_bytes())
        assert pages[0] == pages[1]

    def test_title_is_escaped(self, tmp_path: Path) -> None:
        report = HtmlReport(tmp_path, title="<b>A & B")
        report.write_run(finish_run([]))
        assert "<h1>&lt;b&gt;A &amp; B</h1>" in report.path.read_text()

    def test_size_for_many_images(self, tmp_path: Path) -> None:
        run = RunMaker(tmp_path)
        for seed in range(8):
            run.add_phantom(f"{seed}.png", seed, shape=(240, 320))
        few, many = [], []
        for sizes, count in ((few, 100), (many, 300)):
            run.report.write_run(finish_run(repeat_records(run.records, count)))
            sizes.append(run.report.path.stat().st_size)
        each = (many[0] - few[0]) / 200
        assert each * 5000 < 3e6
