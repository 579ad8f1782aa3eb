"""An evaluator whose network runs in a thread; items are images of unequal size."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from ignite.engine import Events
from torch.utils.data import DataLoader, IterableDataset

from pipeline.inferers import CpuInferer, OverlappedEvaluator


class Items(IterableDataset[dict[str, Any]]):
    """Three items, and a list of what was done."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number in range(3):
            self.log.append(f"read {number}")
            image = torch.full((1, 4 + number, 6), float(number))
            yield {"image": image, "file": str(number), "header": None}


class Double(torch.nn.Module):
    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails
        self.threads: set[str] = set()
        self.modes: set[tuple[bool, bool]] = set()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        self.threads.add(threading.current_thread().name)
        self.modes.add((self.training, torch.is_grad_enabled()))
        if self.fails and image.max() == 1:
            raise MemoryError
        return image * 2


def make(network: torch.nn.Module, log: list[str]) -> OverlappedEvaluator:
    loader = DataLoader(Items(log), batch_size=1, collate_fn=list)
    return OverlappedEvaluator(torch.device("cpu"), loader, network, inferer=CpuInferer())


def run(network: torch.nn.Module, log: list[str]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    evaluator = make(network, log)
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def note(engine: OverlappedEvaluator) -> None:
        (item,), (output,) = engine.state.batch, engine.state.output
        log.append(f"write {item['file']}")
        pairs.append((item, output))

    evaluator.add_event_handler(Events.ITERATION_COMPLETED, note)
    evaluator.run()
    return pairs


def test_each_item_has_its_own_prediction() -> None:
    pairs = run(Double(), [])
    assert [item["file"] for item, _ in pairs] == ["0", "1", "2"]
    for item, output in pairs:
        assert torch.equal(output["pred"], item["image"] * 2)


def test_item_is_what_the_dataset_gave() -> None:
    (item, _), *_ = run(Double(), [])
    assert item["header"] is None
    assert item["image"].shape == (1, 4, 6)


def test_next_item_is_read_before_the_last_one_is_written() -> None:
    log: list[str] = []
    run(Double(), log)
    assert log == ["read 0", "read 1", "write 0", "read 2", "write 1", "write 2"]


def test_network_runs_in_another_thread_without_learning() -> None:
    network = Double()
    run(network, [])
    (thread,) = network.threads
    assert thread != threading.main_thread().name
    assert network.modes == {(False, False)}


@pytest.mark.parametrize(("cores", "left"), [(4, 3), (1, 1)])
def test_one_core_is_left_for_the_handlers(cores: int, left: int) -> None:
    network, handler = [], []

    class Network(Double):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            network.append(torch.get_num_threads())
            return image

    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    try:
        evaluator = make(Network(), [])
        evaluator.add_event_handler(
            Events.ITERATION_COMPLETED, lambda: handler.append(torch.get_num_threads())
        )
        evaluator.run()
        after = torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
    assert (set(network), set(handler), after) == ({left}, {1}, cores)


def test_error_of_the_network_ends_the_run() -> None:
    log: list[str] = []
    with pytest.raises(MemoryError):
        run(Double(fails=True), log)
    assert "write 1" not in log


def test_interrupted_handler_leaves_no_thread_at_work() -> None:
    evaluator = make(Double(), [])

    def interrupt(engine: OverlappedEvaluator) -> None:
        raise KeyboardInterrupt

    evaluator.add_event_handler(Events.ITERATION_COMPLETED, interrupt)
    with pytest.raises(KeyboardInterrupt):
        evaluator.run()
    del evaluator
    assert not [each for each in threading.enumerate() if each.name.startswith("network_")]


def test_weights_that_a_handler_loads_at_the_start_are_used() -> None:
    network = torch.nn.Conv2d(1, 1, 1)
    evaluator = make(network, [])
    predictions = []

    def load(engine: OverlappedEvaluator) -> None:
        with torch.no_grad():
            network.weight.fill_(3)
            network.bias.fill_(1)

    evaluator.add_event_handler(Events.STARTED, load)
    evaluator.add_event_handler(
        Events.ITERATION_COMPLETED,
        lambda engine: predictions.append(float(engine.state.output[0]["pred"].mean())),
    )
    evaluator.run()
    assert predictions == [1, 4, 7]
