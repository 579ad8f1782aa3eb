"""Weights that replace each other, and come back."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.label.label_errors import ConflictError
from pipeline.label.weight_store import WeightStore


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    original = tmp_path / "model.pt"
    original.write_bytes(b"original")
    return WeightStore(tmp_path / "weights", original)


def test_without_training_the_original_ones_are_in_use(store):
    assert store.path.read_bytes() == b"original"
    assert (store.name, store.can_restore) == ("original", False)


def test_new_ones_are_used_and_the_old_ones_kept(store):
    assert store.install(b"first") == "0001"
    assert store.install(b"second") == "0002"
    assert store.path.read_bytes() == b"second"
    assert (store.folder / "0001.pt").read_bytes() == b"first"
    assert store.original.read_bytes() == b"original"


def test_restore_goes_back_step_by_step(store):
    store.install(b"first")
    store.install(b"second")
    assert store.restore() == "0001"
    assert store.path.read_bytes() == b"first"
    assert store.restore() == "original"
    assert store.path.read_bytes() == b"original"
    with pytest.raises(ConflictError, match="original ones are in use"):
        store.restore()


def test_training_after_a_restore_comes_from_what_was_restored(store):
    store.install(b"first")
    store.install(b"second")
    store.restore()
    assert store.install(b"third") == "0003"
    assert store.restore() == "0001"


def test_another_process_sees_what_is_in_use(store):
    other = WeightStore(store.folder, store.original)
    store.install(b"first")
    assert other.name == "0001"


@pytest.mark.parametrize("text", ["", "[]", '{"in_use": "../../model.pt", "before": {}}'])
def test_damaged_record_is_reported(store, text):
    store.install(b"first")
    (store.folder / "in_use.json").write_text(text)
    with pytest.raises(ConfigError, match=r"in_use\.json"):
        _ = store.path


def test_missing_weights_are_reported(store):
    store.install(b"first")
    (store.folder / "0001.pt").unlink()
    with pytest.raises(ConfigError, match="expected weights at"):
        _ = store.path
