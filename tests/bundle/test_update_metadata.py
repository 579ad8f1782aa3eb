import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bundle import update_metadata
from bundle.model_cards import replace_front_matter
from bundle.update_metadata import (
    BEGIN,
    CHAI_CARD,
    END,
    METADATA,
    SUMMARY,
    extract_metrics,
    format_table,
    render_files,
    replace_table,
)
from pipeline.errors import ConfigError
from pipeline.metrics.evaluated_image import EvaluatedImage
from pipeline.metrics.score_image import score_image
from pipeline.metrics.summarise import summarise


def image(name: str, *, lesion: int, pred: int, source: str) -> EvaluatedImage:
    masks = np.zeros((2, 3, 60), np.uint8)
    masks[0, 1, :lesion] = 1
    masks[1, 1, :pred] = 1
    return EvaluatedImage(
        id=name,
        group=name,
        source=source,
        pathology="benign" if lesion else "normal",
        probability=pred / 60,
        scores=score_image(masks[1], masks[0]),
    )


@pytest.fixture
def summary() -> dict[str, Any]:
    images = [
        image("a", lesion=30, pred=10, source="busi"),
        image("b", lesion=10, pred=0, source="busi"),
        image("c", lesion=0, pred=6, source="busi"),
        image("d", lesion=10, pred=10, source="busbra"),
    ]
    return summarise(images, split="test", draws=10)


def test_metrics(summary: dict[str, Any]) -> None:
    metrics = extract_metrics(summary)
    assert metrics["split"] == "test"
    assert metrics["images_with_lesion"] == 3
    assert metrics["mean_dice"] == 0.5
    assert metrics["median_dice"] == 0.5
    assert metrics["mean_iou"] == 0.4444
    assert metrics["missed_share"] == 0.3333
    assert len(metrics["mean_dice_interval_95"]) == 2
    assert metrics["normal_with_false_lesion_share"] == 1
    assert metrics["image_auc"] == pytest.approx(2 / 3, abs=1e-4)


def test_metrics_without_normal_images(summary: dict[str, Any]) -> None:
    assert "image_auc" not in extract_metrics({**summary, "normal": None})


def test_table(summary: dict[str, Any]) -> None:
    lines = format_table(summary).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert {len(row) for row in cells} == {8}
    assert cells[0][0] == f"Test images, {summary['split']}"
    assert [row[0] for row in cells[2:]] == ["BUSI", "BUS-BRA", "**all**"]
    assert cells[2][1] == "2"
    assert cells[2][2].startswith("0.250 (")
    assert cells[2][3:] == ["0.250", "0.167", "1", "1", "1"]
    assert cells[3] == ["BUS-BRA", "1", "1.000", "1.000", "1.000", "0", "0", ""]


def test_table_of_one_source_has_no_sum(summary: dict[str, Any]) -> None:
    one = {**summary, "by_source": {"busi": summary["by_source"]["busi"]}}
    assert "all" not in format_table(one)


class TestReplaceTable:
    def test_leaves_the_rest_of_the_page(self) -> None:
        page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
        new = replace_table(page, "new\n", name="page")
        assert new == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
        assert replace_table(new, "new\n", name="page") == new

    @pytest.mark.parametrize("page", ["", f"{BEGIN}\n", f"{END}\n{BEGIN}\n"])
    def test_page_without_its_place(self, page: str) -> None:
        with pytest.raises(ConfigError, match="expected one line"):
            replace_table(page, "new\n", name="page")


def test_summary_without_lesions(summary: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="expected images with a lesion"):
        render_files({**summary, "lesion": None})


def test_renders_metadata_and_pages(
    summary: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    monkeypatch.setattr(update_metadata, "PAGES", (page,))
    texts = render_files(summary)
    assert "| BUSI |" in texts[page]
    assert json.loads(texts[METADATA])["eval_metrics"] == extract_metrics(summary)


def test_chai_card_of_images_without_normal_ones(
    summary: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_metadata, "PAGES", ())
    card = render_files({**summary, "normal": None})[CHAI_CARD]
    assert "1 of 3 lesion images\nhad no mark, 0 of 0 normal images" in card
    assert f"| Name | {json.loads(METADATA.read_text('utf-8'))['name']} |" in card
    assert "$" not in card


def test_front_matter_is_what_the_hub_reads() -> None:
    page = replace_front_matter("---\nold: 1\n---\n\n# Card\n", {"name": "A: b", "version": "1.0"})
    _, head, body = page.split("---\n", 2)
    assert yaml.safe_load(head) == {
        "license": "apache-2.0",
        "library_name": "monai",
        "pipeline_tag": "image-segmentation",
        "tags": ["monai", "medical", "ultrasound", "breast", "dicom"],
        "model_name": "A: b",
        "version": "1.0",
    }
    assert body == "\n# Card\n"
    assert replace_front_matter(page, {"name": "A: b", "version": "1.0"}) == page


def test_published_scores_are_those_of_the_evaluation() -> None:
    if not SUMMARY.is_file():
        assert json.loads(METADATA.read_text("utf-8"))["eval_metrics"] == {}
        return
    for path, text in render_files(json.loads(SUMMARY.read_text("utf-8"))).items():
        assert path.read_text("utf-8") == text, f"run python -m bundle.update_metadata: {path}"
