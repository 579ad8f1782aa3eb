"""Run `breast-us-seg infer` and print as JSON what each of its steps takes.

Called by `benchmarks/speed.py` as a command of its own: IN OUT and options of `infer`.
"""

import contextlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import Any

from pipeline.cli import run_inference
from pipeline.cli.main import main

STEPS = (
    ("read", "readers.ultrasound_reader", "UltrasoundReader.get_data"),
    ("read and preprocess", "datasets.folder_dataset", "read_frame"),
    ("network", "inferers.tta_inferer", "TTAInferer.__call__"),
    ("postprocess, measure, write", "handlers.results_writer", "ResultsWriter.__call__"),
    ("postprocess and measure", "segmenter", "Segmenter.finish"),
    ("journal", "journal.run_journal", "RunJournal.add"),
    ("masks", "writers.png_mask", "PngMask.write"),
    ("overlays", "writers.png_overlay", "PngOverlay.write"),
    ("previews", "writers.html_report", "HtmlReport.write"),
    ("DICOM SEG", "writers.dicom_seg", "DicomSeg.write_source"),
    ("DICOM SR", "writers.dicom_sr", "DicomSr.write_source"),
    ("tables and page", "journal.run_journal", "RunJournal.finish"),
)
"""Name, module of the package, and function; a step may be part of another one."""


def time_steps(arguments: list[str]) -> dict[str, float]:
    """Run the command with its steps timed.

    Args:
        arguments: of `infer`.

    Returns:
        Milliseconds of a thread's CPU time an image, by step. With more threads than one, those
        of the network do not count.
    """
    seconds: dict[str, float] = defaultdict(float)
    command: Any = run_inference
    run_config = command.run_config

    def prepare_and_run(*args: Any, **kwargs: Any) -> None:
        for name, module, path in STEPS:
            _time(*find_step(module, path), name, seconds)
        run_config(*args, **kwargs)

    command.run_config = prepare_and_run
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
        main(["infer", *arguments])
    images = seconds.pop("images")
    return {name: seconds[name] / images * 1000 for name, *_ in STEPS}


def find_step(module: str, path: str) -> tuple[Any, str]:
    """Find the module or class that has the function of a step, and its name there.

    Args:
        module: of the package.
        path: of the function in it.
    """
    owner: Any = import_module(f"pipeline.{module}")
    *classes, function = path.split(".")
    for name in classes:
        owner = getattr(owner, name)
    return owner, function


def _time(owner: Any, method: str, name: str, seconds: dict[str, float]) -> None:
    function: Callable[..., Any] = getattr(owner, method)

    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[name] += time.thread_time() - started
            seconds["images"] += name == "network"

    setattr(owner, method, timed)


if __name__ == "__main__":
    print(json.dumps(time_steps(sys.argv[1:])))
