"""An evaluator whose network runs in a thread; frames are images of unequal size."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from ignite.engine import Events
from torch.utils.data import DataLoader, IterableDataset

from pipeline.engines import OverlappedEvaluator
from pipeline.inferers import Model, TTAInferer
from pipeline.results.frame import Frame, Source
from pipeline.segmenter import Segmenter


class Frames(IterableDataset[Frame]):
    """Three frames, and a list of what was done."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def __iter__(self) -> Iterator[Frame]:
        for number in range(3):
            self.log.append(f"read {number}")
            image = torch.full((1, 4 + number, 6), float(number))
            yield Frame(image[0].numpy(), (), ({"image": image},), source=Source(str(number)))


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


def make(network: torch.nn.Module, log: list[str], folder: Path) -> OverlappedEvaluator:
    torch.save(network.state_dict(), folder / "model.pt")
    model = Model(folder / "model.pt", network)
    segmenter = Segmenter(None, None, model, TTAInferer(model=model), None)  # type: ignore[arg-type]
    loader = DataLoader(Frames(log), batch_size=1, collate_fn=list)
    return OverlappedEvaluator(torch.device("cpu"), loader, network, segmenter)


def run(network: torch.nn.Module, log: list[str], folder: Path) -> list[tuple[Frame, torch.Tensor]]:
    evaluator = make(network, log, folder)
    pairs: list[tuple[Frame, torch.Tensor]] = []

    def note(engine: OverlappedEvaluator) -> None:
        (frame,), (output,) = engine.state.batch, engine.state.output
        log.append(f"write {frame.source.file}")
        pairs.append((frame, output))

    evaluator.add_event_handler(Events.ITERATION_COMPLETED, note)
    evaluator.run()
    return pairs


def test_each_frame_has_its_own_logits(tmp_path: Path) -> None:
    pairs = run(Double(), [], tmp_path)
    assert [frame.source.file for frame, _ in pairs] == ["0", "1", "2"]
    for frame, output in pairs:
        assert torch.equal(output, frame.parts[0]["image"][None] * 2)


def test_next_frame_is_read_before_the_last_one_is_written(tmp_path: Path) -> None:
    log: list[str] = []
    run(Double(), log, tmp_path)
    assert log == ["read 0", "read 1", "write 0", "read 2", "write 1", "write 2"]


def test_network_runs_in_another_thread_without_learning(tmp_path: Path) -> None:
    network = Double()
    run(network, [], tmp_path)
    (thread,) = network.threads
    assert thread != threading.main_thread().name
    assert network.modes == {(False, False)}


@pytest.mark.parametrize(("cores", "left"), [(4, 3), (1, 1)])
def test_one_core_is_left_for_the_handlers(cores: int, left: int, tmp_path: Path) -> None:
    network, handler = [], []

    class Network(Double):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            network.append(torch.get_num_threads())
            return image

    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    try:
        evaluator = make(Network(), [], tmp_path)
        evaluator.add_event_handler(
            Events.ITERATION_COMPLETED, lambda: handler.append(torch.get_num_threads())
        )
        evaluator.run()
        after = torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
    assert (set(network), set(handler), after) == ({left}, {1}, cores)


def test_error_of_the_network_ends_the_run(tmp_path: Path) -> None:
    log: list[str] = []
    with pytest.raises(MemoryError):
        run(Double(fails=True), log, tmp_path)
    assert "write 1" not in log


def test_interrupted_handler_leaves_no_thread_at_work(tmp_path: Path) -> None:
    evaluator = make(Double(), [], tmp_path)

    def interrupt(engine: OverlappedEvaluator) -> None:
        raise KeyboardInterrupt

    evaluator.add_event_handler(Events.ITERATION_COMPLETED, interrupt)
    with pytest.raises(KeyboardInterrupt):
        evaluator.run()
    del evaluator
    assert not [each for each in threading.enumerate() if each.name.startswith("network_")]
