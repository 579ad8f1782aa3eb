"""Images with all that becomes of them on the way to a result, step by step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigParser
from numpy.typing import NDArray
from PIL import Image
from pipeline.results.frame_part import FramePart

from pipeline.lesions.judge_quality import judge_quality
from pipeline.lesions.lesion import find_lesions
from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import (
    DicomKind,
    make_phantom_dataset,
    make_region,
    write_phantom_dicom,
)
from web_fixtures.fixture_folder import FixtureFolder
from web_fixtures.regions import describe
from web_fixtures.shapes import describe_lesion

ROOT = Path(__file__).parents[2]
THRESHOLDS = (0.0, 0.06, 0.35, 0.9)


def write_stages(folder: Path) -> None:
    """Write images, and for each of their frames and B-mode images every step."""
    parser = ConfigParser()
    parser.read_config(str(ROOT / "configs" / "inference.json"))
    parser["bundle_root"] = str(ROOT)
    parser["backend"] = "onnx"
    parser["inferer"]["bf16"] = False
    parser["device"] = "cpu"
    parser["operating_point"] = "all"
    parts = [parser.get_parsed_content(name) for name in _PARTS]
    scales = [parser.get_parsed_content(name) for name in ("presence_scale", "malignancy_scale")]
    cases = FixtureFolder(folder)
    for path, frame, keeps_steps in _write_images(folder):
        cases.add(
            file=path.name,
            frame=frame,
            **_process(path, frame, parts, scales[1], keeps_steps=keeps_steps),
        )
    cases.finish()


_PARTS = ("preprocessing", "inferer", "postprocessing", "reader")


def _process(
    path: Path, frame: int, parts: list[Any], malignancy_scale: Any, *, keeps_steps: bool
) -> dict[str, Any]:
    preprocessing, inferer, postprocessing, reader = parts
    source = reader.open(path)
    grey = source.read(frame)
    regions = source.regions(grey)
    steps: list[dict[str, Any]] = []
    found: list[FramePart] = []
    name = f"{path}#frame={frame + 1}" if source.frames > 1 else str(path)
    for number in range(1, len(regions) + 1):
        item = preprocessing({"image": f"{name}#region={number}" if len(regions) > 1 else name})
        image = torch.as_tensor(item["image"]).as_subclass(torch.Tensor)
        with torch.no_grad():
            logits = inferer(image[None], _no_network)[0]
        item["pred"] = logits
        step: dict[str, Any] = {"input": _plain(image), "logits": _plain(logits)}
        for transform in postprocessing.transforms:
            item = transform(item)
            step[type(transform).__name__] = _plain(item["pred"])
        step["lesionProbability"] = float(item["lesion_probability"])
        step["outlineDoubt"] = float(item["outline_doubt"])
        step["presence"] = _plain(item["presence"]) if "presence" in item else None
        found.append(FramePart.read(item))
        steps.append(step)
    whole = FramePart.join(found)
    return {
        "grey": grey,
        "regions": [describe(region) for region in regions],
        "steps": steps if keeps_steps else [],
        "results": [_judge(whole, threshold, grey, malignancy_scale) for threshold in THRESHOLDS],
    }


def _judge(
    whole: FramePart, threshold: float, grey: NDArray[np.float32], malignancy_scale: Any
) -> dict[str, Any]:
    """Give the result at an operating point."""
    presence = whole.presence
    assert presence is not None
    mask = whole.mask & (presence >= np.float32(threshold))
    lesions = find_lesions(
        mask,
        whole.probability,
        regions=whole.regions,
        presence=presence,
        malignancy=whole.malignancy,
        malignancy_scale=malignancy_scale,
    )
    return {
        "threshold": threshold,
        "mask": mask,
        "lesionProbability": whole.lesion_probability,
        "lesions": [describe_lesion(lesion) for lesion in lesions],
        "quality": judge_quality(grey, mask, whole.regions, outline_doubt=whole.outline_doubt),
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
    yield _write_dual(folder / "dual.dcm"), 0, True
    cine = make_phantom_cine(4, frames=5)
    path = folder / "cine.dcm"
    write_phantom_dicom(path, cine.images, mm_per_pixel=(0.1, 0.1))
    for frame in (0, 3):
        yield path, frame, False


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


class _NoNetwork(torch.nn.Module):
    """Stands for the network that the exported file computes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))


_no_network = _NoNetwork().eval()
