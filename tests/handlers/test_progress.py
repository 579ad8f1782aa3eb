import logging
import re
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from monai.handlers import MeanDice, ValidationHandler, from_engine

from pipeline.handlers.progress import Progress

LOGGER = "pipeline.handlers.progress"


def trainer() -> Engine:
    """Make an engine with MONAI's decollated output; the batches are the losses."""
    return Engine(lambda _engine, loss: [{"loss": torch.tensor(loss)}] * 2)


def test_log_line_has_the_mean_loss_of_the_epoch(caplog: pytest.LogCaptureFixture) -> None:
    engine = trainer()
    Progress(bar=False).attach(engine)
    with caplog.at_level(logging.INFO, logger=LOGGER):
        engine.run([1.0, 3.0], max_epochs=2)
    lines = [record.message for record in caplog.records if record.name == LOGGER]
    assert lines == [
        "epoch 1 of 2, loss 2.0000, 00:00 left",
        "epoch 2 of 2, loss 2.0000, 00:00 left",
    ]


def test_output_that_is_not_decollated(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(lambda _engine, loss: {"loss": torch.tensor(loss, requires_grad=True)})
    Progress(bar=False).attach(engine)
    with caplog.at_level(logging.INFO, logger=LOGGER):
        engine.run([1.0, 2.0])
    assert "loss 1.5000" in caplog.text


def test_bar_counts_the_whole_run(capsys: pytest.CaptureFixture[str]) -> None:
    engine = trainer()
    Progress(bar=True).attach(engine)
    engine.run([1.0] * 4, max_epochs=3)
    bar = capsys.readouterr().err
    assert "12/12" in bar
    assert "epoch 3 of 3" in bar
    assert "loss 1.0000" in bar


def test_no_bar_unless_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    engine = trainer()
    Progress().attach(engine)
    engine.run([1.0])
    assert capsys.readouterr().err == ""


def test_run_that_is_stopped_early_is_not_shown_as_complete(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = trainer()
    engine.add_event_handler(Events.EPOCH_COMPLETED(once=1), lambda: engine.terminate())
    Progress(bar=True).attach(engine)
    engine.run([1.0] * 2, max_epochs=5)
    bar = capsys.readouterr().err
    assert "2/10" in bar
    assert "10/10" not in bar


@pytest.mark.parametrize("before", [True, False], ids=["loaded before", "loaded after"])
def test_resumed_run_goes_on_where_it_was(
    capsys: pytest.CaptureFixture[str], *, before: bool
) -> None:
    engine = trainer()

    def load() -> None:
        engine.load_state_dict(
            {"epoch_length": 4, "max_epochs": 3, "iteration": 8, "rng_states": None}
        )

    progress = Progress(bar=True)
    if before:
        engine.add_event_handler(Events.STARTED, load)
    progress.attach(engine)
    if not before:
        engine.add_event_handler(Events.STARTED, load)
    engine.run([1.0] * 4, max_epochs=3, epoch_length=4)
    bar = capsys.readouterr().err
    assert "8/12" in bar
    assert "12/12" in bar


def test_time_left_is_that_of_the_mean_iteration(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 160.0, 220.0, 280.0])
    monkeypatch.setattr("pipeline.handlers.progress.time.monotonic", lambda: next(clock))
    engine = trainer()
    Progress(bar=False).attach(engine)
    with caplog.at_level(logging.INFO, logger=LOGGER):
        engine.run([1.0] * 2, max_epochs=3)
    left = [line.rpartition(", ")[2] for line in caplog.messages if line.startswith("epoch ")]
    assert left == ["02:00 left", "01:00 left", "00:00 left"]


@pytest.mark.parametrize("output", [None, 0.5, [], [{}], {"pred": 1}])
def test_output_without_a_loss(output: Any, caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(lambda _engine, _batch: output)
    Progress(bar=False).attach(engine)
    with caplog.at_level(logging.INFO, logger=LOGGER):
        engine.run([0], max_epochs=2)
    assert caplog.messages[-1] == "epoch 2 of 2, 00:00 left"


def test_single_epoch_without_a_loss_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(lambda _engine, _batch: None)
    Progress(bar=False).attach(engine)
    with caplog.at_level(logging.INFO, logger=LOGGER):
        engine.run([0])
    assert not caplog.messages


def test_in_monai_engines(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    data = [{"image": torch.rand(1, 4, 4), "label": torch.ones(1, 4, 4)}] * 4
    network = torch.nn.Conv2d(1, 1, 1)
    common = {"device": torch.device("cpu"), "network": network}
    evaluator = SupervisedEvaluator(
        val_data_loader=DataLoader(Dataset(data)),
        key_val_metric={"val_dice": MeanDice(output_transform=from_engine(["label", "label"]))},
        val_handlers=[Progress(bar=True)],
        **common,
    )
    with caplog.at_level(logging.INFO, logger=LOGGER):
        SupervisedTrainer(
            max_epochs=2,
            train_data_loader=DataLoader(Dataset(data), batch_size=2),
            optimizer=torch.optim.SGD(network.parameters(), lr=0.1),
            loss_function=torch.nn.MSELoss(),
            train_handlers=[ValidationHandler(1, evaluator), Progress(evaluator, bar=False)],
            **common,
        ).run()
    assert re.search(
        r"epoch 2 of 2, loss \d+\.\d{4}, val_dice 1\.0000 \(best 1\.0000 at 1\)", caplog.text
    )
    bar = capsys.readouterr().err
    assert "4/4" in bar
    assert "/8" not in bar
