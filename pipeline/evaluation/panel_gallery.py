"""The images of an evaluation that are worth a look, without keeping all of them."""

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from statistics import median

import numpy as np

from pipeline.errors import ConfigError
from pipeline.metrics.evaluated_image import EvaluatedImage

SAMPLE_FACTOR = 16
"""So many random images are kept for each typical one that is asked for."""

NAME_PATTERN = re.compile(r"(normal_)?\d{4,}_[^/]*\.png")
"""Matches every file name of `PanelGallery.panels`."""

Key = tuple[float | str, ...]


class PanelGallery:
    """Keeps a bounded number of encoded pictures: worst, best, typical and disturbed normals.

    Args:
        worst: number of images with a lesion and the lowest Dice; of two with the same Dice the
            one with the larger lesion is worse.
        typical: number of images with a lesion and a Dice next to the median. They come from a
            random sample of `SAMPLE_FACTOR` times as many, since the median is known only when
            all images were seen.
        best: number of images with a lesion and the highest Dice.
        normals: number of normal images with the largest false area; those without any are
            never kept.
        seed: decides the random sample.

    Raises:
        ConfigError: a number is negative.
    """

    def __init__(self, *, worst: int, typical: int, best: int, normals: int, seed: int = 0) -> None:
        if min(worst, typical, best, normals) < 0:
            msg = f"expected numbers of panels >= 0, got {(worst, typical, best, normals)}"
            raise ConfigError(msg)
        self._worst = _Shelf(worst)
        self._sample = _Shelf(typical * SAMPLE_FACTOR)
        self._best = _Shelf(best)
        self._normals = _Shelf(normals)
        self._typical = typical
        self._rng = np.random.default_rng(seed)

    def consider(self, image: EvaluatedImage, draw: Callable[[], bytes]) -> None:
        """Keep the picture of an image if, so far, it is among those to show.

        Args:
            image: the image and its scores.
            draw: makes the picture; called only if it is kept.
        """
        scores = image.scores
        wishes: list[tuple[_Shelf, Key]] = []
        if scores.dice is not None:
            badness = _badness(image)
            wishes = [
                (self._worst, badness),
                (self._best, (scores.dice, -scores.lesion_px, image.id)),
                (self._sample, (float(self._rng.random()), image.id)),
            ]
        elif scores.pred_px:
            wishes = [(self._normals, (scores.pred_px, image.id))]
        granted = [(shelf, key) for shelf, key in wishes if shelf.wants(key)]
        if granted:
            picture = draw()
            for shelf, key in granted:
                shelf.put(key, image, picture)

    def panels(self, images: Sequence[EvaluatedImage]) -> Iterator[tuple[str, bytes]]:
        """Name the kept pictures, worst first in the order of their names.

        Args:
            images: all images of the evaluation.

        Yields:
            Names `<rank>_<dice>_<id>.png`, rank 0001 for the worst of all images with a lesion,
            and `normal_<rank>_<false area in pixels>_<id>.png`, and the pictures.
        """
        lesions = sorted(
            (image for image in images if image.scores.has_lesion), key=_badness, reverse=True
        )
        ranks = {image.id: rank for rank, image in enumerate(lesions, start=1)}
        kept = {*self._worst.items(), *self._best.items(), *self._pick_typical(lesions)}
        for image, picture in sorted(kept, key=lambda item: ranks[item[0].id]):
            number = f"{ranks[image.id]:04d}_{image.scores.dice:.3f}"
            yield f"{number}_{_make_safe(image.id)}.png", picture
        for rank, (image, picture) in enumerate(self._normals.items(), start=1):
            number = f"normal_{rank:04d}_{image.scores.pred_px}px"
            yield f"{number}_{_make_safe(image.id)}.png", picture

    def _pick_typical(
        self, lesions: Sequence[EvaluatedImage]
    ) -> list[tuple[EvaluatedImage, bytes]]:
        if not lesions:
            return []
        middle = median(image.scores.dice or 0.0 for image in lesions)
        sample = self._sample.items()
        sample.sort(key=lambda item: abs((item[0].scores.dice or 0.0) - middle))
        return sample[: self._typical]


class _Shelf:
    """The items with the greatest keys; keys must differ."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[Key, EvaluatedImage, bytes]] = []

    def wants(self, key: Key) -> bool:
        return len(self._heap) < self._size or bool(self._size and key > self._heap[0][0])

    def put(self, key: Key, image: EvaluatedImage, picture: bytes) -> None:
        heapq.heappush(self._heap, (key, image, picture))
        if len(self._heap) > self._size:
            heapq.heappop(self._heap)

    def items(self) -> list[tuple[EvaluatedImage, bytes]]:
        """Return the items, greatest key first."""
        return [(image, picture) for _, image, picture in sorted(self._heap, reverse=True)]


def _badness(image: EvaluatedImage) -> Key:
    return (-(image.scores.dice or 0.0), image.scores.lesion_px, image.id)


def _make_safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:80] or "image"
