import pytest
from ignite.engine import Engine, Events

from pipeline.handlers import EarlyStop


def run(metrics: list[float], patience: int, start: int = 0, best_epoch: int = -1) -> int:
    """Train for as many epochs as there are metrics; give the one that was the last."""
    evaluator = Engine(lambda *_: None)
    evaluator.state.best_metric_epoch = best_epoch
    evaluator.state.best_metric = max(metrics[:start], default=-1)
    trainer = Engine(lambda *_: None)

    @trainer.on(Events.STARTED)
    def resume() -> None:
        trainer.state.epoch = start

    @trainer.on(Events.EPOCH_COMPLETED)
    def validate() -> None:
        metric = metrics[trainer.state.epoch - 1]
        if metric > evaluator.state.best_metric:
            evaluator.state.best_metric = metric
            evaluator.state.best_metric_epoch = trainer.state.epoch

    EarlyStop(evaluator, patience).attach(trainer)
    trainer.run([0], max_epochs=len(metrics))
    return trainer.state.epoch


def test_stops_when_the_best_epoch_is_too_old() -> None:
    assert run([1, 5, 4, 4, 4, 4, 4, 4], patience=3) == 5


def test_goes_on_while_it_improves() -> None:
    assert run([1, 2, 3, 4, 5, 6], patience=1) == 6


def test_late_improvement_counts() -> None:
    assert run([5, 4, 4, 6, 4, 4, 4, 4], patience=3 + 1) == 8


def test_stops_when_nothing_was_ever_measured() -> None:
    assert run([-2] * 8, patience=4) == 4


def test_best_epoch_of_before_a_resume_counts() -> None:
    assert run([1, 5, 4, 4, 4, 4, 4, 4], patience=3, start=4, best_epoch=2) == 5


@pytest.mark.parametrize("patience", [0, -1])
def test_patience_below_1(patience: int) -> None:
    with pytest.raises(ValueError, match="expected a patience of at least 1 epoch"):
        EarlyStop(Engine(lambda *_: None), patience)
