import gc
import importlib
import sys

import pytest

from pipeline import import_lightly as module
from pipeline.import_lightly import import_lightly


@pytest.fixture(autouse=True)
def _optional(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out two small modules of the standard library, of which one is there already."""
    monkeypatch.setattr(module, "_OPTIONAL", ("nturl2path", "json"))
    monkeypatch.delitem(sys.modules, "nturl2path", raising=False)


def test_optional_module_cannot_be_imported_meanwhile() -> None:
    with import_lightly(), pytest.raises(ImportError):
        importlib.import_module("nturl2path")


def test_it_can_be_imported_afterwards() -> None:
    with import_lightly():
        pass
    assert importlib.import_module("nturl2path").__name__ == "nturl2path"


def test_it_can_be_imported_after_an_error() -> None:
    with pytest.raises(KeyError), import_lightly():
        raise KeyError
    assert importlib.import_module("nturl2path").__name__ == "nturl2path"


def test_what_is_loaded_stays() -> None:
    with import_lightly():
        assert importlib.import_module("json") is sys.modules["json"]


def test_class_that_ignite_asks_for_is_there_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ZERO", "package_of_zero")
    with import_lightly():
        zero = importlib.import_module("package_of_zero").ZeroRedundancyOptimizer
        assert not isinstance({}, zero)
    with pytest.raises(ImportError):
        importlib.import_module("package_of_zero")


@pytest.mark.parametrize("collects", [True, False])
def test_garbage_is_not_searched_for_meanwhile(collects: bool) -> None:
    before = gc.isenabled()
    (gc.enable if collects else gc.disable)()
    try:
        with import_lightly():
            assert not gc.isenabled()
        assert gc.isenabled() == collects
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        (gc.enable if before else gc.disable)()
