"""What is known of a study, in one JSON file; nothing of a patient."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.errors import ReadError


@dataclass
class Delivery:
    """How far the results have come to one destination.

    Attributes:
        attempts: that have failed.
        next_try: not before this time, seconds since 1970.
        last_error: why the last one has failed.
        stored: names of files that the destination has taken.
        transaction: UID of a request for storage commitment that waits for its answer.
        is_done: all is there, and committed where that is asked for.
        is_given_up: all tries have failed.
    """

    attempts: int = 0
    next_try: float = 0.0
    last_error: str = ""
    stored: list[str] = field(default_factory=list)
    transaction: str = ""
    is_done: bool = False
    is_given_up: bool = False


@dataclass
class StudyRecord:
    """State of a study.

    Attributes:
        study: code of its *Study Instance UID* (0020,000D).
        source: name of who sent it.
        called: AE title by which we were called.
        received: time of its first image, seconds since 1970.
        modalities: *Modality* (0008,0060) of its images.
        attempts: to process it that have failed.
        deaths: of the process that worked on it, or starts without an end.
        next_try: it is not processed before this time.
        last_error: why the last try has failed.
        counts: images by their status in ``results.csv``.
        objects: results by their *Modality*.
        seconds: that the segmentation took.
        deliveries: by the name of the destination.
        ended: time when it was sent or put aside; 0 before.
    """

    study: str
    source: str
    called: str
    received: float
    modalities: list[str] = field(default_factory=list)
    attempts: int = 0
    deaths: int = 0
    next_try: float = 0.0
    last_error: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    objects: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    ended: float = 0.0

    def encode(self) -> bytes:
        """Write it as JSON."""
        return json.dumps(asdict(self), indent=2).encode()

    @classmethod
    def decode(cls, content: bytes) -> "StudyRecord":
        """Read it from JSON.

        Args:
            content: of `encode`.

        Raises:
            ReadError: it is something else.
        """
        try:
            entry: Mapping[str, Any] = json.loads(content)
            deliveries = {name: Delivery(**each) for name, each in entry["deliveries"].items()}
            return cls(**{**entry, "deliveries": deliveries})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            msg = f"expected the record of a study, got {type(error).__name__}"
            raise ReadError(msg) from error
