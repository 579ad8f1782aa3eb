"""Choose the image to label next."""

import random
import threading
import time
from typing import Literal, get_args

from pipeline.label.label_errors import BusyError, RequestError
from pipeline.label.study_image import StudyImage
from pipeline.label.workbench import Workbench

Strategy = Literal["uncertain", "random", "first"]

_SECONDS_TO_LOOK = 5.0
"""Time that a request may spend on images that the network has not seen yet."""


class Sampler:
    """Choose among the frames without a label; one that was just offered comes last.

    ``uncertain`` takes the frame with the most uncertain boundary (`BoundaryUncertaintyd`). The
    network looks at new images for a few seconds at each request, in their order, and remembers
    what it has found for as long as its weights stay the same; of many images the first answers
    are thus chosen among the first images.

    Args:
        workbench: of the images.
        seed: of ``random``.
    """

    def __init__(self, workbench: Workbench, *, seed: int | None = None) -> None:
        self._workbench = workbench
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._offered: dict[str, int] = {}
        self._doubts: dict[tuple[str, str], float | None] = {}

    def choose(self, strategy: str) -> tuple[StudyImage, int] | None:
        """Choose a frame.

        Args:
            strategy: one of `Strategy`.

        Returns:
            The image and the number of the frame from 1, `None` if all are labeled.

        Raises:
            RequestError: there is no such strategy, or none of the images can be read.
        """
        if strategy not in get_args(Strategy):
            msg = f"expected a strategy of {', '.join(get_args(Strategy))}, got another"
            raise RequestError(msg)
        with self._lock:
            frames = [
                (image, number)
                for image, number in self._workbench.list_frames()
                if not self._workbench.is_labeled(image, number)
            ]
            if not frames:
                return None
            least = min(self._offered.get(_name(frame), 0) for frame in frames)
            fresh = [frame for frame in frames if self._offered.get(_name(frame), 0) == least]
            if strategy == "random":
                chosen = self._random.choice(fresh)
            elif strategy == "first":
                chosen = fresh[0]
            else:
                chosen = self._choose_uncertain(fresh)
            self._offered[_name(chosen)] = least + 1
            return chosen

    def _choose_uncertain(self, frames: list[tuple[StudyImage, int]]) -> tuple[StudyImage, int]:
        weights = self._workbench.segmenter.weights.name
        end = time.monotonic() + _SECONDS_TO_LOOK
        seen: list[tuple[float, tuple[StudyImage, int]]] = []
        for frame in frames:
            key = (_name(frame), weights)
            if key not in self._doubts:
                if seen and time.monotonic() > end:
                    continue
                self._doubts[key] = self._look(frame)
            doubt = self._doubts[key]
            if doubt is not None:
                seen.append((doubt, frame))
        if not seen:
            msg = "expected an image without label that can be read, there is none"
            raise RequestError(msg)
        return max(seen, key=lambda entry: entry[0])[1]

    def _look(self, frame: tuple[StudyImage, int]) -> float | None:
        try:
            prediction = self._workbench.segmenter.predict(*self._workbench.locate(*frame))
            return prediction.result.boundary_uncertainty
        except BusyError:
            raise  # nothing is known of the image
        except RequestError:
            return None  # a damaged image is nothing to label


def _name(frame: tuple[StudyImage, int]) -> str:
    image, number = frame
    return image.name_frame(number)
