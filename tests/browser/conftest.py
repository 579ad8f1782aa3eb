"""One browser for all tests, and the pages to look at."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser.chromium import Chromium
from browser.runs import HOSTILE, RunMaker, finish_run, repeat_records
from pipeline.writers.report.simplify_outline import simplify_outline


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    browser = Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def run_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine files: a cine, six images of which one has no lesion and two no scale, and two rows."""
    run = RunMaker(tmp_path_factory.mktemp("run"))
    blank = np.zeros((120, 160), bool)

    def disc(radius: float) -> np.ndarray:
        rows, columns = np.indices(blank.shape)
        return (rows - 60) ** 2 + (columns - 80) ** 2 < radius**2

    grey = np.full(blank.shape, 90.0)
    run.add("a/large.dcm", grey, disc(40), 0.1, probability=0.97)
    run.add("a/small.dcm", grey, disc(10), 0.1, probability=0.99)
    run.add("b/nothing.png", grey, blank, None, probability=0.1)
    run.add("b/pixels.png", grey, disc(20), None, probability=0.98, quality="uncertain boundary")
    run.add(HOSTILE, grey, disc(15), 0.1, probability=0.96)
    run.add("a/50 % #1?.dcm", grey, disc(12), 0.1, probability=0.965)
    run.add_cine("cine/sweep.dcm")
    run.add_row("notes/readme.txt", "skipped", "expected an image, got a text")
    run.add_row("a/broken.dcm", "failed", "expected 100 bytes of pixels, got 7")
    return run.finish()


@pytest.fixture(scope="session")
def many_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5000 files, without their previews."""
    run = RunMaker(tmp_path_factory.mktemp("many"))
    for seed in range(8):
        run.add_phantom(f"{seed}.png", seed, calibrated=seed % 3 > 0)

    @lru_cache
    def simplify(polygon: tuple[float, ...], size: tuple[int, int], corners: int) -> list[int]:
        return simplify_outline(polygon, size, max_corners=corners)

    def simplify_once(polygon: Any, size: Any, *, max_corners: int) -> list[int]:
        return simplify(tuple(polygon), tuple(size), max_corners)

    with pytest.MonkeyPatch.context() as patch:  # eight outlines, not 5000
        patch.setattr("pipeline.writers.report.run_items.simplify_outline", simplify_once)
        run.report.write_run(finish_run(repeat_records(run.records, 5000)))
    return run.report.path


@pytest.fixture
def page(chromium: Chromium, run_page: Path) -> Chromium:
    """The page of a run, as it is when it was just opened."""
    chromium.resize(1440, 1000)
    chromium.open(run_page)
    return chromium
