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

from pipeline.cli import infer
from pipeline.cli.main import main

STEPS = (
    ("read", "readers.ultrasound_reader", "UltrasoundReader", "get_data"),
    (
        "read and preprocess",
        "datasets.folder_dataset",
        "FolderDataset",
        "_transform_region",
    ),
    ("network", "inferers.tta_inferer", "TTAInferer", "__call__"),
    (
        "postprocess, measure, write",
        "handlers.results_writer",
        "ResultsWriter",
        "__call__",
    ),
    ("measure and write", "handlers.results_writer", "ResultsWriter", "_finish_frame"),
    ("journal", "writers.run_journal", "RunJournal", "add"),
    ("masks", "writers.png_mask", "PngMask", "write"),
    ("overlays", "writers.png_overlay", "PngOverlay", "write"),
    ("previews", "writers.html_report", "HtmlReport", "write"),
    ("DICOM SEG", "writers.dicom_seg", "DicomSeg", "write_source"),
    ("DICOM SR", "writers.dicom_sr", "DicomSr", "write_source"),
    ("tables and page", "writers.run_journal", "RunJournal", "finish"),
)
"""Name, module of the package, class and method; a step may be part of another one."""


def time_steps(arguments: list[str]) -> dict[str, float]:
    """Run the command with its steps timed.

    Args:
        arguments: of `infer`.

    Returns:
        Milliseconds of a thread's CPU time an image, by step. With more threads than one, those
        of the network do not count.
    """
    seconds: dict[str, float] = defaultdict(float)
    run_config = infer.run_config

    def prepare_and_run(*args: Any, **kwargs: Any) -> None:
        for name, module, owner, method in STEPS:
            _time(getattr(import_module(f"pipeline.{module}"), owner), method, name, seconds)
        run_config(*args, **kwargs)

    infer.run_config = prepare_and_run
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
        main(["infer", *arguments])
    images = seconds.pop("images")
    return {name: seconds[name] / images * 1000 for name, *_ in STEPS}


def _time(owner: type, method: str, name: str, seconds: dict[str, float]) -> None:
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
