"""train.json on eight phantoms of 48 x 60, with a network of two levels, at 32 x 32."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from bundle_runs import CONFIGS, ROOT
from ignite.engine import Events
from monai.bundle import ConfigParser, ConfigWorkflow

from pipeline.errors import ConfigError
from pipeline.networks.shrink_weights import shrink_weights
from pipeline.phantom.phantom_study import write_phantom_dataset

TINY = {
    "network_def": {
        "_target_": "monai.networks.nets.UNet",
        "spatial_dims": 2,
        "in_channels": 1,
        "out_channels": 2,
        "channels": [4, 8],
        "strides": [2],
        "num_res_units": 1,
        "dropout": 0.1,
    },
    "pretrained": False,
    "image_size": [32, 32],
    "batch_size": 4,
    "epochs": 4,
    "num_workers": 0,
    "learning_rate": 0.02,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms")
    files = write_phantom_dataset(folder, images=12, seed=3, shape=(48, 60))
    items = [{"image": f"images/{file.path}", "label": f"masks/{file.path}"} for file in files]
    datalist = {"training": items[:8], "validation": items[8:]}
    (folder / "datalist.json").write_text(json.dumps(datalist))
    return folder


class Killed(BaseException):
    """Like a signal: nothing in between may catch it."""


def open_workflow(
    data: Path, output: Path, *, changes: str = "", **overrides: Any
) -> ConfigWorkflow:
    """Read train.json with `TINY`, and seed."""
    workflow = ConfigWorkflow(
        [str(CONFIGS / f"{name}.json") for name in ("train", changes) if name],
        workflow_type=None,
        logging_file=False,
        bundle_root=str(ROOT),
        dataset_dir=str(data),
        output_dir=str(output),
        **{**TINY, **overrides},
    )
    workflow.initialize()
    return workflow


def train(
    data: Path, output: Path, *, kill_at: int = 0, changes: str = "", **overrides: Any
) -> list[float]:
    """Train, and give the loss of every iteration; raise `Killed` behind iteration `kill_at`."""
    workflow = open_workflow(data, output, changes=changes, **overrides)
    trainer = workflow.parser.get_parsed_content("train#trainer")
    losses = []

    @trainer.on(Events.ITERATION_COMPLETED)
    def note(engine) -> None:
        losses.append(engine.state.output["loss"].item())
        if engine.state.iteration == kill_at:
            raise Killed

    if kill_at:
        with pytest.raises(Killed):
            workflow.run()
    else:
        workflow.run()
        workflow.finalize()
    return losses


def load(path: Path) -> dict[str, Any]:
    return torch.load(path, map_location="cpu", weights_only=True)


def assert_equal(first: Any, second: Any) -> None:
    """Compare nested dictionaries exactly."""
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            assert_equal(first[key], second[key])
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second)
    else:
        assert first == second


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    """Output and losses of a training that was not interrupted."""
    output = tmp_path_factory.mktemp("whole")
    return output, train(data, output)


@pytest.fixture(scope="module")
def resumed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    """Output and losses of a training that went on after it was killed in its third epoch."""
    output = tmp_path_factory.mktemp("resumed")
    train(data, output, kill_at=5)
    return output, train(data, output, resume=True)


def test_losses_differ_and_fall(whole) -> None:
    _, losses = whole
    assert len(set(losses)) == 8
    assert losses[-1] < losses[0]


def test_resumed_losses_are_those_of_a_whole_training(whole, resumed) -> None:
    assert resumed[1] == whole[1][4:]


def test_resumed_weights_are_those_of_a_whole_training(whole, resumed) -> None:
    assert_equal(load(resumed[0] / "model.pt"), load(whole[0] / "model.pt"))


def test_resumed_state_is_that_of_a_whole_training(whole, resumed) -> None:
    assert_equal(load(resumed[0] / "last.pt"), load(whole[0] / "last.pt"))


def test_best_metric_of_before_the_resume_stays(data: Path, tmp_path: Path) -> None:
    """Spoil the network behind epoch 2: the best epoch stays 2, and its weights stay."""
    train(data, tmp_path, kill_at=5)
    best = load(tmp_path / "model.pt")
    checkpoint = load(tmp_path / "last.pt")
    checkpoint["best_metric"] = 0.99
    torch.save(checkpoint, tmp_path / "last.pt")
    train(data, tmp_path, resume=True)
    checkpoint = load(tmp_path / "last.pt")
    assert (checkpoint["best_metric"], checkpoint["best_metric_epoch"]) == (0.99, 2)
    assert_equal(load(tmp_path / "model.pt"), best)


def test_workers_do_not_change_the_losses(data: Path, tmp_path: Path, whole) -> None:
    assert train(data, tmp_path, num_workers=2) == whole[1]


def test_another_seed_changes_the_losses(data: Path, tmp_path: Path, whole) -> None:
    assert train(data, tmp_path, seed=1, epochs=1)[0] != whole[1][0]


def test_model_is_a_plain_state_dict_of_the_network(whole) -> None:
    parser = ConfigParser(json.loads((CONFIGS / "train.json").read_text()))
    parser.update(TINY)
    network = parser.get_parsed_content("network_def")
    network.load_state_dict(load(whole[0] / "model.pt"), strict=True)


def test_model_is_the_moving_average(whole) -> None:
    last = load(whole[0] / "last.pt")
    assert last["best_metric_epoch"] == 4
    assert_equal(load(whole[0] / "model.pt"), shrink_weights(last["objects"]["average"]))
    with pytest.raises(AssertionError):
        assert_equal(last["objects"]["average"], last["objects"]["network"])


def find_config_error(error: BaseException | None) -> ConfigError:
    """Find what MONAI and its config expressions have wrapped."""
    while not isinstance(error, ConfigError):
        assert error is not None
        error = error.__cause__
    return error


def test_resume_without_a_checkpoint(data: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Failed to") as caught:
        train(data, tmp_path, resume=True)
    assert "expected a training to resume at" in str(find_config_error(caught.value))


def test_resume_of_a_finished_training_trains_no_more(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path, epochs=2)
    before = (tmp_path / "last.pt").read_bytes()
    assert train(data, tmp_path, epochs=2, resume=True) == []
    assert (tmp_path / "last.pt").read_bytes() == before


@pytest.mark.parametrize("changed", [{"epochs": 6}, {"batch_size": 2}])
def test_resume_with_another_schedule_is_refused(changed: dict, data: Path, tmp_path: Path) -> None:
    train(data, tmp_path, kill_at=5)
    with pytest.raises(RuntimeError, match="Failed to") as caught:
        train(data, tmp_path, resume=True, **changed)
    assert "expected 4 epochs of 2 iterations" in str(find_config_error(caught.value))


def test_early_stop(data: Path, tmp_path: Path) -> None:
    losses = train(data, tmp_path, epochs=8, patience=2, learning_rate=0.0)
    assert len(losses) == 2 * 3
    assert load(tmp_path / "last.pt")["best_metric_epoch"] == 1


def test_without_a_validation_list_the_last_epoch_is_kept(data: Path, tmp_path: Path) -> None:
    datalist = json.loads((data / "datalist.json").read_text())
    path = data / "everything.json"
    path.write_text(json.dumps({**datalist, "validation": []}))
    train(data, tmp_path, epochs=2, datalist=str(path))
    last = load(tmp_path / "last.pt")
    assert last["best_metric_epoch"] == -1
    assert_equal(load(tmp_path / "model.pt"), shrink_weights(last["objects"]["average"]))


def test_training_goes_on_from_the_weights_it_is_given(data: Path, tmp_path: Path, whole) -> None:
    """Without learning, the average is what was loaded, though it is made before that."""
    ckpt = whole[0] / "model.pt"
    train(data, tmp_path, epochs=1, learning_rate=0.0, ckpt=str(ckpt))
    model, given = load(tmp_path / "model.pt"), load(ckpt)
    assert model.keys() == given.keys()
    assert all(torch.allclose(model[name], given[name], atol=1e-6) for name in given)


def read_rates(data: Path, output: Path, **overrides: Any) -> list[float]:
    """Learning rate of every iteration, two an epoch, as a share of the highest."""
    workflow = open_workflow(data, output, **overrides)
    optimizer = workflow.parser.get_parsed_content("optimizer")
    scheduler = workflow.parser.get_parsed_content("lr_scheduler")
    rates = []
    for _ in range(2 * workflow.parser.get_parsed_content("epochs")):
        rates.append(optimizer.param_groups[0]["lr"] / 0.02)
        optimizer.step()
        scheduler.step()
    return rates


def make_cycle(iterations: int) -> list[float]:
    """Two half waves of a cosine, from 1/25 to 1 in 15 % and down to 1/5."""
    top = 0.15 * (iterations + 1) - 1
    rates = []
    for step in range(iterations):
        first, last, share = 1 / 25, 1.0, step / top
        if step > top:
            first, last, share = 1.0, 1 / 5, (step - top) / (iterations - top)
        rates.append(first + (last - first) * (1 - math.cos(math.pi * share)) / 2)
    return rates


@pytest.mark.parametrize("epochs", [6, 16])
def test_learning_rate_has_one_cycle(data: Path, tmp_path: Path, epochs: int) -> None:
    rates = read_rates(data, tmp_path, epochs=epochs)
    assert rates == pytest.approx(make_cycle(2 * epochs), abs=1e-12)


@pytest.mark.parametrize(("epochs", "momentum"), [(2, 0.5), (20, 3 / 41), (1000, 0.003)])
def test_a_short_training_is_not_averaged_with_what_it_started_from(
    data: Path, tmp_path: Path, epochs: int, momentum: float
) -> None:
    workflow = open_workflow(data, tmp_path, epochs=epochs)
    average = workflow.parser.get_parsed_content("average")
    assert average.momentum == pytest.approx(momentum)
    assert (1 - average.momentum) ** (2 * epochs) < 0.07


def test_large_config_trains(data: Path, tmp_path: Path) -> None:
    """As it is, but for the number of channels and the sizes."""
    small: dict[str, Any] = {
        "image_size": [64, 64],
        "batch_size": 4,
        "epochs": 2,
        "num_workers": 0,
    }
    network = json.loads((CONFIGS / "train_large.json").read_text())["network_def"]
    small["network_def"] = {**network, "filters": [16] * len(network["filters"])}
    losses = train(data, tmp_path, changes="train_large", **small)
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["config"]["network_def"] == small["network_def"]
    assert record["config"]["loss"]["smooth"] == 64
    assert record["config"]["epochs"] == 2
    assert str(tmp_path) not in json.dumps(record)
    assert len(losses) == 4
    assert losses[-1] < losses[0]
