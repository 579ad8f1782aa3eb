"""Frames with their regions, as Python finds them."""

from pathlib import Path

import numpy as np
from pydicom import Dataset

from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_dicom import make_phantom_dataset, make_region
from pipeline.readers.region.calibrated_region import CalibratedRegion
from pipeline.readers.region.calibration import find_calibrated_regions, remark_scales
from pipeline.readers.region.field_of_view import find_box
from web_fixtures.fixture_folder import FixtureFolder

MM = (0.1, 0.1)
SHAPES = ((400, 500), (600, 800), (420, 333), (233, 640), (80, 64), (63, 200), (900, 1200))


def write_fields(folder: Path) -> None:
    """Write pictures with a console, and the box of the field of view."""
    cases = FixtureFolder(folder)
    for seed in range(28):
        shape = SHAPES[seed % len(SHAPES)]
        marks = [bool(seed >> bit & 1) for bit in range(3)]
        phantom = make_phantom(
            seed, shape=shape, border=seed % 4 > 0, text=marks[0], ticks=marks[1], calipers=marks[2]
        )
        picture = phantom.image.astype(np.float32)
        if seed % 5 == 4:  # a console that is not black, and a second image beside the first
            picture = np.maximum(picture, 40)
            picture = np.concatenate([picture, picture[:, ::-1]], axis=1)
        cases.add(grey=picture.astype(np.uint8), box=find_box(picture))
    cases.finish()


def write_calibrations(folder: Path) -> None:
    """Write DICOM files with regions of all kinds, and what is believed of them."""
    cases = FixtureFolder(folder)
    for number, dataset in enumerate(_list_datasets()):
        path = folder / f"{number:02d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        grey = dataset.pixel_array.astype(np.float32)
        regions = find_calibrated_regions(dataset, *grey.shape, grey=grey)
        remarks = remark_scales(dataset, *grey.shape)
        cases.add(file=path.name, regions=[describe(each) for each in regions], remarks=remarks)
    cases.finish()


def describe(region: CalibratedRegion) -> dict[str, object]:
    """Describe a region as the page does."""
    return {
        "box": list(region.box),
        "mmPerPixel": region.mm_per_pixel and list(region.mm_per_pixel),
        "origin": region.origin.value,
        "parts": [list(part) for part in region.parts],
    }


def _list_datasets() -> list[Dataset]:
    image = make_phantom(3, shape=(300, 400), border=True, text=True).image
    echo = np.random.default_rng(5).integers(20, 230, (300, 400)).astype(np.uint8)
    framed = np.zeros((300, 400), np.uint8)
    framed[40:260, 60:340] = echo[40:260, 60:340]
    inside = (60, 40, 339, 259)
    half = ((0, 0, 199, 299), (200, 0, 399, 299))
    told: list[tuple[np.ndarray, list[Dataset], dict[str, object]]] = [
        (framed, [make_region(inside, MM)], {}),
        (framed, [make_region(inside, (0.05, 0.1))], {"PixelSpacing": [0.2, 0.2]}),
        (framed, [make_region((60, 40, 439, 259), MM)], {}),  # cut on the right
        (framed, [make_region((60, 40, 339, 359), MM)], {}),
        (framed, [make_region((160, 140, 639, 459), MM)], {}),  # of another scale
        (echo, [make_region((30, 30, 200, 150), MM)], {}),  # echo goes on beyond it
        (echo, [make_region(box, MM) for box in half], {}),
        (echo, [make_region(half[0], MM), make_region(half[1], (0.2, 0.2))], {}),
        (echo, [make_region((0, 0, 250, 200), MM), make_region((150, 80, 399, 299), MM)], {}),
        (
            echo,
            [make_region((0, 0, 250, 299), MM), make_region((50, 80, 399, 299), (0.3, 0.3))],
            {},
        ),
        (
            echo,
            [make_region((0, 0, 399, 299), MM), make_region((90, 90, 200, 200), MM, data_type=2)],
            {},
        ),
        (echo, [make_region((0, 0, 400, 300), MM)], {}),  # counts in place of last indices
        (echo, [make_region((0, 0, 399, 299), MM, units=4)], {}),
        (echo, [make_region((0, 0, 20, 20), MM)], {}),  # an icon
        (echo, [make_region((0, 0, 399, 299), (1, 1))], {}),
        (echo, [make_region((0, 0, 399, 299), (0.5, 0.5))], {}),
        (image, [], {}),
        (image, [], {"PixelSpacing": [0.08, 0.09]}),
        (image, [], {"PixelSpacing": [1, 1]}),
        (image, [], {"PixelSpacing": [25.4 / 96, 25.4 / 96]}),
    ]
    datasets = []
    for pixels, items, attributes in told:
        dataset = make_phantom_dataset(pixels)
        if items:
            dataset.SequenceOfUltrasoundRegions = items
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        datasets.append(dataset)
    return datasets
