import csv
import io
import json
import logging
import re
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator

from pipeline.errors import ConfigError
from pipeline.evaluation.evaluation_report import COLUMNS, EvaluationReport
from pipeline.metrics.score_image import score_image

HEIGHT, WIDTH = 24, 40


def mask(left: int | None, *, rows: int = 4) -> torch.Tensor:
    plane = torch.zeros(1, HEIGHT, WIDTH)
    if left is not None:
        plane[:, 3 : 3 + rows, left : left + 10] = 1
    return plane


def item(name: str, *, label: int | None, pred: int | None, **facts: Any) -> dict[str, Any]:
    """Make an item whose masks start at the given columns, `None` for an empty mask."""
    original = torch.zeros(1, HEIGHT, WIDTH)
    original[..., 30:] = 120
    return {
        "id": name,
        "group": f"patient-{name}",
        "pathology": "normal" if label is None else "benign",
        "source": "busi",
        "image": torch.zeros(1, 8, 8),
        "original": original,
        "label": mask(label),
        "pred": mask(pred),
        "lesion_probability": 0.75,
    } | facts


def items() -> list[dict[str, Any]]:
    return [
        item("busi/benign (2)", label=5, pred=10),
        item("busi/benign (1)", label=5, pred=5),
        item("busi/benign (3)", label=5, pred=None),
        item("busi/normal (1)", label=None, pred=20),
        item("busi/normal (2)", label=None, pred=None),
    ]


def evaluate(
    data: list[dict[str, Any]], folder: Path, *, size: int = 2, **options: Any
) -> EvaluationReport:
    report = EvaluationReport(folder, split="test", draws=50, **options)
    run(report, data, size=size)
    return report


def run(report: EvaluationReport, data: list[dict[str, Any]], *, size: int = 2) -> None:
    batches = [data[start : start + size] for start in range(0, len(data), size)]
    engine = Engine(lambda _engine, batch: batch)
    report.attach(engine)
    engine.run(batches)


def read_table(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "per_image.csv").read_text())))


def read_summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "summary.json").read_text())


class TestTable:
    def test_one_row_per_image_in_order_of_ids(self, tmp_path: Path) -> None:
        evaluate(items(), tmp_path)
        rows = read_table(tmp_path)
        assert tuple(rows[0]) == COLUMNS
        assert [row["id"] for row in rows] == sorted(each["id"] for each in items())

    def test_values(self, tmp_path: Path) -> None:
        evaluate(items(), tmp_path)
        row = read_table(tmp_path)[1]
        scores = score_image(mask(10), mask(5))
        assert row["group"] == "patient-busi/benign (2)"
        assert (row["source"], row["pathology"]) == ("busi", "benign")
        assert float(row["dice"]) == pytest.approx(0.5)
        assert float(row["iou"]) == pytest.approx(1 / 3, abs=1e-6)
        assert float(row["hd95_px"]) == pytest.approx(scores.hd95_px, abs=1e-6)
        assert float(row["assd_px"]) == pytest.approx(scores.assd_px, abs=1e-6)
        assert (row["lesion_px"], row["pred_px"], row["overlap_px"]) == ("40", "40", "20")
        assert row["false_lesions"] == "0"

    def test_undefined_is_empty(self, tmp_path: Path) -> None:
        evaluate(items(), tmp_path)
        rows = {row["id"]: row for row in read_table(tmp_path)}
        missed, normal = rows["busi/benign (3)"], rows["busi/normal (1)"]
        assert (missed["dice"], missed["hd95_px"]) == ("0.000000", "")
        assert (normal["dice"], normal["precision"], normal["false_lesions"]) == ("", "", "1")


class TestProbability:
    @pytest.mark.parametrize("value", [0.125, torch.tensor(0.125), torch.tensor([[0.125]])])
    def test_is_one_number(self, tmp_path: Path, value: Any) -> None:
        evaluate([item("a", label=5, pred=5, lesion_probability=value)], tmp_path)
        assert float(read_table(tmp_path)[0]["probability"]) == 0.125

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (3.2, "'lesion_probability' of 0 to 1, got [3.2] for 'a'"),
            (float("nan"), "of 0 to 1, got [nan]"),
            (torch.zeros(2), "of 0 to 1, got [0.0, 0.0]"),
            (torch.zeros(0), "of 0 to 1, got [] for 'a'"),
        ],
    )
    def test_other_values(self, tmp_path: Path, value: Any, message: str) -> None:
        with pytest.raises(ConfigError, match=re.escape(message)):
            evaluate([item("a", label=5, pred=5, lesion_probability=value)], tmp_path)


class TestMalignancy:
    def test_mean_over_the_prediction(self, tmp_path: Path) -> None:
        malignancy = torch.full((1, HEIGHT, WIDTH), 0.9)
        malignancy[..., 12:17] = 0.2  # half of the prediction, which spans columns 7 to 16
        evaluate([item("a", label=5, pred=7, malignancy=malignancy)], tmp_path, size=1)
        assert float(read_table(tmp_path)[0]["malignancy"]) == pytest.approx(0.55, abs=1e-6)

    def test_empty_without_a_prediction_or_a_channel(self, tmp_path: Path) -> None:
        silent = item("a", label=5, pred=None, malignancy=torch.ones(1, HEIGHT, WIDTH))
        evaluate([silent, item("b", label=5, pred=5)], tmp_path, size=1)
        assert [row["malignancy"] for row in read_table(tmp_path)] == ["", ""]


class TestSummary:
    def test_numbers(self, tmp_path: Path) -> None:
        evaluate(items(), tmp_path)
        summary = read_summary(tmp_path)
        assert summary["notice"].startswith("Research use only")
        assert summary["split"] == "test"
        assert summary["images"] == 5
        assert summary["lesion"]["dice"]["mean"] == pytest.approx(0.5)
        assert summary["lesion"]["missed"] == 1
        assert summary["normal"]["with_false_lesion_share"] == 0.5

    def test_is_logged(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, logger="pipeline.evaluation.evaluation_report"):
            evaluate(items(), tmp_path)
        assert "5 images, Dice 0.500" in caplog.text
        assert "1 missed, 1 of 2 normal images with a false lesion" in caplog.text

    def test_batch_size_does_not_matter(self, tmp_path: Path) -> None:
        evaluate(items(), tmp_path / "one", size=1)
        evaluate(items(), tmp_path / "all", size=5)
        assert read_summary(tmp_path / "one") == read_summary(tmp_path / "all")


class TestRuns:
    def test_starts_afresh(self, tmp_path: Path) -> None:
        report = evaluate(items(), tmp_path)
        run(report, items()[:2])
        assert read_summary(tmp_path)["images"] == 2
        assert len(read_table(tmp_path)) == 2

    def test_leaves_no_temporary_file(self, tmp_path: Path) -> None:
        evaluate(items(), tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "per_image.csv",
            "summary.json",
        ]

    def test_failed_run_leaves_the_earlier_report(self, tmp_path: Path) -> None:
        evaluate(items(), tmp_path)
        with pytest.raises(ConfigError, match="every id once"):
            evaluate([*items(), items()[0]], tmp_path)
        assert read_summary(tmp_path)["images"] == 5

    def test_keeps_no_array(self, tmp_path: Path) -> None:
        alive: list[weakref.ref[torch.Tensor]] = []

        def process(_engine: Engine, index: int) -> list[dict[str, Any]]:
            made = item(f"i{index}", label=5, pred=5 + index)
            alive.extend(weakref.ref(made[key]) for key in ("original", "label", "pred"))
            return [made]

        engine = Engine(process)
        EvaluationReport(tmp_path, split="test", draws=50).attach(engine)
        engine.run(range(10))
        engine.state.output = None
        assert len(alive) == 30
        assert not any(reference() is not None for reference in alive)

    def test_facts_that_a_plain_folder_lacks(self, tmp_path: Path) -> None:
        data = items()[:1]
        for key in ("group", "pathology", "source"):
            del data[0][key]
        evaluate(data, tmp_path)
        row = read_table(tmp_path)[0]
        assert (row["group"], row["source"], row["pathology"]) == (row["id"], "unknown", "unknown")

    def test_in_a_monai_evaluator(self, tmp_path: Path) -> None:
        """The id and the original come with the batch, the probability with the output."""

        def postprocess(data: dict[str, Any]) -> dict[str, Any]:
            probability = data["pred"].sigmoid()
            return data | {"pred": (probability > 0.5).float(), "lesion_probability": 0.75}

        data = items()
        for each in data:
            each["image"] = each.pop("pred") * 8 - 4
            del each["lesion_probability"]
        report = EvaluationReport(tmp_path, split="test", draws=50)
        evaluator = SupervisedEvaluator(
            device=torch.device("cpu"),
            val_data_loader=DataLoader(Dataset(data), batch_size=2),
            network=torch.nn.Identity(),
            postprocessing=postprocess,
            val_handlers=[report],
        )
        for epoch in (1, 2):
            evaluator.run(epoch)
        assert read_summary(tmp_path)["lesion"]["dice"]["mean"] == pytest.approx(0.5)
        assert [row["id"] for row in read_table(tmp_path)] == sorted(each["id"] for each in data)


class TestMistakes:
    def test_no_image(self, tmp_path: Path) -> None:
        report = EvaluationReport(tmp_path, split="test")
        engine = Engine(lambda _engine, _batch: [])
        report.attach(engine)
        with pytest.raises(ConfigError, match="images to evaluate in split 'test', got none"):
            engine.run([0])
        assert not (tmp_path / "summary.json").exists()

    def test_empty_loader_that_monai_would_skip(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="in split 'test', got none"):
            SupervisedEvaluator(
                device=torch.device("cpu"),
                val_data_loader=DataLoader(Dataset([])),
                network=torch.nn.Identity(),
                val_handlers=[EvaluationReport(tmp_path, split="test")],
            )

    def test_id_twice(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"every id once, got 'busi/benign \(2\)' again"):
            evaluate([items()[0], items()[0]], tmp_path)

    @pytest.mark.parametrize("key", ["id", "label", "pred", "lesion_probability"])
    def test_missing_key(self, tmp_path: Path, key: str) -> None:
        data = items()[:1]
        del data[0][key]
        with pytest.raises(ConfigError, match=f"expected key '{key}' in an item .* got .*image"):
            evaluate(data, tmp_path)

    def test_masks_of_two_sizes(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"cannot score 'a': expected .* got \(8, 8\)"):
            evaluate([item("a", label=5, pred=5) | {"pred": torch.zeros(1, 8, 8)}], tmp_path)

    def test_output_that_was_not_decollated(self, tmp_path: Path) -> None:
        engine = Engine(lambda _engine, _batch: {"pred": mask(5)})
        EvaluationReport(tmp_path, split="test").attach(engine)
        with pytest.raises(ConfigError, match=r"expected a decollated output .* got dict"):
            engine.run([0])

    def test_no_draws(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="at least 1 bootstrap draw"):
            EvaluationReport(tmp_path, split="test", draws=0)
