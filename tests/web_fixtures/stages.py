"""Images with all that becomes of them on the way to a result, step by step."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from coloured_images import draw_colours
from monai.bundle import ConfigParser
from numpy.typing import NDArray
from PIL import Image

from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import (
    DicomKind,
    make_phantom_dataset,
    make_region,
    write_phantom_dicom,
)
from pipeline.results.frame import Frame
from pipeline.segmenter import Segmenter
from pipeline.transforms.judge_candidatesd import JudgeCandidatesd
from web_fixtures.fixture_folder import FixtureFolder
from web_fixtures.regions import describe
from web_fixtures.shapes import describe_lesion

ROOT = Path(__file__).parents[2]
STRICTEST = 0.9
"""An operating point beside those of the config."""


def write_stages(folder: Path) -> None:
    """Write images, and for each of their frames and B-mode images every step."""
    parser = ConfigParser()
    parser.read_config(str(ROOT / "configs" / "inference.json"))
    parser["bundle_root"] = str(ROOT)
    parser["backend"] = "onnx"
    parser["model"]["bf16"] = False
    parser["device"] = "cpu"
    segmenter = parser.get_parsed_content("segmenter")
    thresholds = sorted({*parser["operating_points"].values(), STRICTEST})
    cases = FixtureFolder(folder)
    for path, number, keeps_steps in _write_images(folder):
        case = _process(segmenter, path, number, thresholds, keeps_steps=keeps_steps)
        cases.add(file=path.name, frame=number, **case)
    cases.finish()


def _process(
    segmenter: Segmenter,
    path: Path,
    number: int,
    thresholds: Sequence[float],
    *,
    keeps_steps: bool,
) -> dict[str, Any]:
    source = segmenter.reader.open(path)
    frame = segmenter.read(path, number + 1 if source.frames > 1 else None)
    logits = segmenter.compute(frame)
    parts = zip(frame.parts, logits, strict=True)
    return {
        "grey": source.read(number) if keeps_steps else None,
        "regions": [describe(region) for region in frame.regions],
        "steps": [_step(segmenter, dict(part), each) for part, each in parts if keeps_steps],
        "results": [_judge(segmenter, frame, logits, threshold) for threshold in thresholds],
    }


def _step(segmenter: Segmenter, item: dict[str, Any], logits: torch.Tensor) -> dict[str, Any]:
    """Keep what each transform makes of a B-mode image, at the last threshold."""
    step: dict[str, Any] = {"input": _plain(item["image"]), "logits": _plain(logits)}
    item["pred"] = logits
    for transform in segmenter.postprocessing.transforms:  # type: ignore[attr-defined]
        item = transform(item)
        step[type(transform).__name__] = _plain(item["pred"])
    step["lesionProbability"] = float(item["lesion_probability"])
    step["boundaryUncertainty"] = float(item["boundary_uncertainty"])
    return step


def _judge(
    segmenter: Segmenter, frame: Frame, logits: torch.Tensor, threshold: float
) -> dict[str, Any]:
    """Give the result at an operating point."""
    for transform in segmenter.postprocessing.transforms:  # type: ignore[attr-defined]
        if isinstance(transform, JudgeCandidatesd):
            transform.threshold = threshold
    result = segmenter.finish(frame, logits)
    return {
        "threshold": threshold,
        "mask": result.mask,
        "lesionProbability": result.probability,
        "lesions": [describe_lesion(lesion) for lesion in result.lesions],
        "suppressed": [describe_lesion(lesion) for lesion in result.suppressed],
        "quality": list(result.quality),
    }


def _write_images(folder: Path) -> Iterator[tuple[Path, int, bool]]:
    """Yield files, a frame of each, and whether all steps of it are kept."""
    for seed in range(6):
        options = {"border": seed % 2 == 1, "text": seed % 2 == 1, "ticks": seed == 3}
        phantom = make_phantom(seed, shape=(300 + 40 * seed, 420), **options)
        path = folder / f"still-{seed}.png"
        Image.fromarray(phantom.image).save(path)
        yield path, 0, seed < 2
    kinds = (
        DicomKind.MONOCHROME2,
        DicomKind.RGB,
        DicomKind.PALETTE_16,
        DicomKind.YBR_FULL_422_JPEG,
    )
    for number, kind in enumerate(kinds):
        phantom = make_phantom(20 + number, shape=(360, 480), pathology="malignant")
        pixels = np.dstack([phantom.image] * 3) if kind.is_color else phantom.image
        path = folder / f"still-{number}.dcm"
        write_phantom_dicom(path, pixels, kind=kind, mm_per_pixel=(0.08, 0.1), seed=number)
        yield path, 0, number == 0
    rgb, _ = draw_colours(make_phantom(40, shape=(300, 420)).image)
    path = folder / "flow.png"
    Image.fromarray(rgb).save(path)
    yield path, 0, False
    yield _write_dual(folder / "dual.dcm"), 0, True
    yield _write_large(folder / "large.dcm"), 0, False
    cine = make_phantom_cine(4, frames=5)
    path = folder / "cine.dcm"
    write_phantom_dicom(path, cine.images, mm_per_pixel=(0.1, 0.1))
    for frame in (2, 3):
        yield path, frame, False


def _write_large(path: Path) -> Path:
    """Write an image that is segmented on a grid of squares."""
    pixels = make_phantom(30, shape=(401, 421)).image.repeat(8, axis=0).repeat(8, axis=1)
    write_phantom_dicom(path, pixels[:-1, :-3], mm_per_pixel=(0.0125, 0.0125))
    return path


def _write_dual(path: Path) -> Path:
    """Write two images side by side, each of its own scale."""
    images = [make_phantom(seed, shape=(320, 300), pathology="benign").image for seed in (7, 8)]
    dataset = make_phantom_dataset(np.concatenate(images, axis=1))
    dataset.SequenceOfUltrasoundRegions = [
        make_region((0, 0, 299, 319), (0.1, 0.1)),
        make_region((300, 0, 599, 319), (0.15, 0.15)),
    ]
    dataset.save_as(path, enforce_file_format=True)
    return path


def _plain(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(torch.as_tensor(tensor).detach(), np.float32)
