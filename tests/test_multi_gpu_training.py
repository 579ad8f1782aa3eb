"""multi_gpu_train.json by two processes; images, network and helpers of test_training."""

import hashlib
import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from bundle_runs import CONFIGS
from ignite.engine import Events
from monai.bundle import ConfigParser
from test_training import TINY, assert_equal, load, open_workflow

from pipeline.engines import join_processes
from pipeline.errors import Refusal
from pipeline.phantom.phantom_study import write_phantom_dataset

EXACT = {
    **TINY,
    "network_def": {**TINY["network_def"], "dropout": 0.0},
    "augment#0#prob": 0.0,
    "first_size": 1.0,
    "learning_rate": 0.002,
    "epochs": 2,
}
"""Without statistics of a batch, without what each process draws itself, and with a lesion in each
image: the loss is a mean over those."""


class Killed(BaseException):
    """Like a signal."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine images to train on, of which an epoch takes eight; five to validate."""
    folder = tmp_path_factory.mktemp("phantoms")
    files = write_phantom_dataset(folder, images=20, seed=3, shape=(48, 60))
    items = [
        {"image": f"images/{file.path}", "label": f"masks/{file.path}"}
        for file in files
        if file.lesions
    ]
    datalist = {"training": items[:9], "validation": items[9:14]}
    assert len(items) >= 14
    (folder / "datalist.json").write_text(json.dumps(datalist))
    return folder


def train(data: Path, output: Path, *, kill_at: int = 0, **settings: Any) -> dict[str, Any]:
    """Train in this process, and give what it has seen."""
    workflow = open_workflow(data, output, **settings)
    trainer = workflow.parser.get_parsed_content("train#trainer")
    evaluator = workflow.parser.get_parsed_content("validate#evaluator")
    seen: dict[str, Any] = {"losses": [], "images": [], "handlers": []}
    seen["handlers"] = [type(each).__name__ for each in _list_handlers(workflow.parser)]

    @trainer.on(Events.ITERATION_COMPLETED)
    def note(engine) -> None:
        seen["losses"].append(engine.state.output["loss"].item())
        seen["images"].append([_hash(image) for image in engine.state.output["image"]])
        if engine.state.iteration == kill_at:
            raise Killed

    try:
        workflow.run()
        workflow.finalize()
    except Killed:
        pass
    seen["validation"] = dict(evaluator.state.metrics)
    return seen


def _list_handlers(parser: ConfigParser) -> list[Any]:
    return [each for each in parser.get_parsed_content("train#handlers") if each is not None]


def _hash(image: torch.Tensor) -> str:
    return hashlib.sha256(image.numpy().tobytes()).hexdigest()


def train_together(*args: Any, **kwargs: Any) -> list[dict[str, Any]]:
    """Train by two processes, and give what each has seen.

    They are started as by ``torchrun``, whose store is in the process that starts them.
    """
    store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    processes = []
    for rank in range(2):
        variables = {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(store.port),
            "TORCHELASTIC_USE_AGENT_STORE": "True",
        }
        processes.append(context.Process(target=_run, args=(variables, answers, args, kwargs)))
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
        process.kill()
    assert [process.exitcode for process in processes] == [0, 0]
    found = dict(answers.get() for _ in processes)
    return [found[0], found[1]]


def _run(variables: dict[str, str], answers: Any, args: Any, kwargs: Any) -> None:
    os.environ.update(variables)
    torch.set_num_threads(1)
    answers.put((int(variables["RANK"]), train(*args, **kwargs, changes="multi_gpu_train")))


@pytest.fixture(scope="module")
def alone(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    output = tmp_path_factory.mktemp("alone")
    return output, train(data, output, **EXACT)


@pytest.fixture(scope="module")
def together(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, Any]]]:
    output = tmp_path_factory.mktemp("together")
    return output, train_together(data, output, **EXACT)


def test_two_processes_see_the_images_of_one(alone, together) -> None:
    first, second = together[1]
    for one, mine, others in zip(
        alone[1]["images"], first["images"], second["images"], strict=True
    ):
        assert len(mine) == len(others) == 2
        assert sorted(mine + others) == sorted(one)


def test_their_loss_is_that_of_one(alone, together) -> None:
    means = [sum(pair) / 2 for pair in zip(*(each["losses"] for each in together[1]), strict=True)]
    assert means == pytest.approx(alone[1]["losses"], rel=1e-4)


def test_their_network_and_their_validation_are_those_of_one(alone, together) -> None:
    one, two = load(alone[0] / "model.pt"), load(together[0] / "model.pt")
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-3, atol=1e-4)
    first, second = (each["validation"] for each in together[1])
    assert first == second
    assert first == pytest.approx(alone[1]["validation"], rel=1e-3)


def test_only_the_first_one_writes(together) -> None:
    output, (first, second) = together
    writes = {"TensorBoardStatsHandler", "TrainingCharts", "Progress", "FitPresence"}
    assert set(first["handlers"]) - set(second["handlers"]) == writes | {"TrainingRecord"}
    assert "TrainingCheckpoint" in second["handlers"]  # it loads
    assert len(list(output.rglob("events.out.tfevents.*"))) == 3


def test_killed_training_goes_on_exactly(data: Path, tmp_path: Path) -> None:
    """With statistics of a batch and dropout, which differ between the processes."""
    network = {**TINY["network_def"], "norm": "batch"}
    settings = {**TINY, "network_def": network, "epochs": 2}
    whole = train_together(data, tmp_path / "whole", **settings)
    train_together(data, tmp_path / "killed", kill_at=3, **settings)
    resumed = train_together(data, tmp_path / "killed", resume=True, **settings)
    assert [each["losses"] for each in resumed] == [each["losses"][2:] for each in whole]
    for name in ("model.pt", "last.pt"):
        assert_equal(load(tmp_path / "killed" / name), load(tmp_path / "whole" / name))
    assert [each["validation"] for each in resumed] == [whole[0]["validation"]] * 2
    assert whole[0]["losses"] != whole[1]["losses"]


def test_process_that_nobody_has_started_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(Refusal, match="torchrun --standalone"):
        join_processes()


def test_config_changes_what_train_has() -> None:
    train = ConfigParser(json.loads((CONFIGS / "train.json").read_text()))
    changes = json.loads((CONFIGS / "multi_gpu_train.json").read_text())
    added = {"trained", "share", "finalize"}
    for key in changes.keys() - added:
        assert key.rpartition("#")[0] in train or key in train, key
