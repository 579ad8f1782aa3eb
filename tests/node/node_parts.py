"""Images and parts of a node for its tests."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from pipeline.node.intake import Intake
from pipeline.node.node_config import Receive
from pipeline.node.spool import Spool
from pipeline.phantom.phantom_dicom import make_phantom_dataset


class Clock:
    """A clock that stands still until it is told the time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def make_image(number: int = 0, *, study: int = 0, **values: Any) -> pydicom.Dataset:
    """Make an ultrasound image of 20 x 30; each number has a UID of its own."""
    pixels = np.random.default_rng(number).integers(0, 255, (20, 30)).astype(np.uint8)
    dataset = make_phantom_dataset(pixels, seed=study)
    dataset.PatientName = "SECRET^NAME"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def write_incoming(spool: Spool, dataset: pydicom.Dataset) -> Path:
    """Write a file as a receiver does."""
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    path = spool.incoming / f"{len(list(spool.incoming.iterdir()))}.tmp"
    path.write_bytes(buffer.getvalue())
    return path


def make_intake(spool: Spool, clock: Clock, **settings: Any) -> Intake:
    return Intake(spool, Receive(**{"disk_reserve_gib": 0.0, **settings}), clock)
