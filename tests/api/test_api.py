"""What `import breast_us_seg` offers: names, one call, and results that can be shown and saved."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import torch
from orientation_phantom import make_orientation_phantom
from PIL import Image

import breast_us_seg
from breast_us_seg import ConfigError, ReadError, Segmenter, SettingError, SkippedError, WriteError
from pipeline.phantom.phantom_dicom import make_phantom_dataset, make_region, write_phantom_dicom

IMAGE, LABEL = make_orientation_phantom(200, 260)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    """A bundle whose network returns its input: bright is lesion."""
    root = tmp_path_factory.mktemp("bundle")
    (root / "configs").mkdir()
    config = (ROOT / "configs" / "inference.json").read_text()
    start = config.index('"network_def": {')
    end = config.index("}", start) + 1
    config = config[:start] + '"network_def": {"_target_": "torch.nn.Identity"}' + config[end:]
    (root / "configs" / "inference.json").write_text(config)
    torch.save({}, root / "identity.pt")
    return Segmenter.load(
        root,
        ckpt=str(root / "identity.pt"),
        threshold=0.87,
        min_lesion_probability=0.9,
        image_size=[128, 128],
    )


def test_names_are_these() -> None:
    assert breast_us_seg.__all__ == sorted(breast_us_seg.__all__, key=_isort)
    assert set(breast_us_seg.__all__) == {
        *("RESEARCH_ONLY", "ConfigError", "Lesion", "PipelineError", "ReadError", "Segmentation"),
        *("Segmenter", "SettingError", "SkippedError", "WriteError", "__version__"),
    }
    assert all(hasattr(breast_us_seg, name) for name in breast_us_seg.__all__)


def _isort(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), not name[0].isupper(), name


def test_array_and_file_give_the_same(segmenter: Segmenter, tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "x.png")
    of_file = segmenter.segment(tmp_path / "x.png")
    of_array = segmenter.segment(IMAGE)
    of_colour = segmenter.segment(np.stack([IMAGE] * 3, axis=-1))
    assert np.array_equal(of_file.mask, of_array.mask)
    assert np.array_equal(of_file.mask, of_colour.mask)
    assert of_file.lesions == of_array.lesions
    assert (of_file.mask & LABEL).sum() > 0.9 * LABEL.sum()
    assert of_file.probability_map is not None
    assert of_file.mm_per_pixel is None
    assert of_file.lesions[0].area_mm2 is None


def test_array_is_left_alone(segmenter: Segmenter) -> None:
    before = IMAGE.astype(np.float32)
    given = before.copy()
    segmenter.segment(given)
    assert np.array_equal(given, before)


def test_scale_that_is_given_measures_the_lesion(segmenter: Segmenter) -> None:
    (lesion,) = segmenter.segment(IMAGE, mm_per_pixel=(0.2, 0.1)).lesions
    assert lesion.area_mm2 == pytest.approx(lesion.area_px * 0.02)
    assert lesion.depth_mm == pytest.approx(lesion.depth_px * 0.2)


@pytest.mark.parametrize("mm", [(0.0, 0.1), (1.0, 1.0), (5.0, 5.0)])
def test_impossible_scale_is_refused(segmenter: Segmenter, mm: tuple[float, float]) -> None:
    with pytest.raises(ReadError, match="expected another mm_per_pixel"):
        segmenter.segment(IMAGE, mm_per_pixel=mm)


def test_scale_of_the_file_is_not_replaced(segmenter: Segmenter, tmp_path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.SequenceOfUltrasoundRegions = [make_region((0, 0, 259, 199), (0.1, 0.1))]
    dataset.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    assert segmenter.segment(tmp_path / "x.dcm").mm_per_pixel == pytest.approx((0.1, 0.1))
    with pytest.raises(ConfigError, match="one that has its own"):
        segmenter.segment(tmp_path / "x.dcm", mm_per_pixel=(0.2, 0.2))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (IMAGE / 255, "multiply by 255"),
        (IMAGE.astype(np.int16) - 300, "from 0 to 255, got -2[0-9]*"),
        (np.full((9, 9), np.nan), "from 0 to 255, got nan"),
        (np.zeros((9, 9, 4), np.uint8), "RGB"),
        (np.zeros((3, 9, 9)), "RGB"),
        (np.zeros(9), "grey values"),
        (np.zeros((0, 9)), "expected a frame of 1"),
        (np.zeros((9, 9), bool), "got bool"),
    ],
)
def test_odd_arrays_are_refused(segmenter: Segmenter, array: np.ndarray, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        segmenter.segment(array)


def test_cine_comes_frame_by_frame(segmenter: Segmenter, tmp_path: Path) -> None:
    write_phantom_dicom(tmp_path / "x.dcm", np.stack([IMAGE, IMAGE[:, ::-1]]))
    with pytest.raises(ReadError, match="expected one frame, got a file of 2"):
        segmenter.segment(tmp_path / "x.dcm")
    results = list(segmenter.segment_many([tmp_path / "x.dcm", IMAGE]))
    assert [result.frame for result in results] == [1, 2, None]


def test_file_that_is_no_image_raises_or_is_left_out(segmenter: Segmenter, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    Image.fromarray(IMAGE).save(tmp_path / "x.png")
    with pytest.raises(SkippedError):
        list(segmenter.segment_many([tmp_path / "notes.txt"]))
    paths = [tmp_path / "notes.txt", tmp_path / "none.png", tmp_path / "x.png"]
    results = list(segmenter.segment_many(paths, skip_errors=True))
    assert [result.file for result in results] == ["x.png"]


def test_still_of_dicom_is_saved_with_its_objects(segmenter: Segmenter, tmp_path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.SequenceOfUltrasoundRegions = [make_region((0, 0, 259, 199), (0.1, 0.1))]
    dataset.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    result = segmenter.segment(tmp_path / "x.dcm")
    written = [path.relative_to(tmp_path / "out") for path in result.save(tmp_path / "out")]
    assert list(map(Path.as_posix, written)) == [
        "masks/x.dcm.png",
        "overlays/x.dcm.png",
        "seg/x.dcm",
        "sr/x.dcm",
    ]
    mask = np.asarray(Image.open(tmp_path / "out" / "masks" / "x.dcm.png"))
    assert np.array_equal(mask > 0, result.mask)
    seg = pydicom.dcmread(tmp_path / "out" / "seg" / "x.dcm")
    assert np.array_equal(seg.pixel_array > 0, result.mask)


def test_array_without_a_name_is_not_saved(segmenter: Segmenter, tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="give `name`"):
        segmenter.segment(IMAGE).save(tmp_path)
    (mask, _) = segmenter.segment(IMAGE, name="mine").save(tmp_path)
    assert mask == tmp_path / "masks" / "mine.png"


def test_notebook_shows_the_overlay_and_escapes_the_name(segmenter: Segmenter) -> None:
    result = segmenter.segment(IMAGE, name="<script>.png")
    shown = result._repr_html_()
    assert "data:image/png;base64," in shown
    assert "<script>" not in shown
    assert breast_us_seg.RESEARCH_ONLY in shown
    assert result.overlay().shape == (*IMAGE.shape, 3)


def test_typo_in_a_setting_is_reported() -> None:
    with pytest.raises(SettingError, match="did you mean threshold"):
        Segmenter.load(treshold=0.4)


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """All that a process has imported, and all it has said, which loads and segments."""
    home = tmp_path_factory.mktemp("home")
    program = "import sys, numpy, breast_us_seg as api; segmenter = api.Segmenter.load(); "
    program += "segmenter.segment(numpy.zeros((64, 96), 'u1')); print(*sys.modules)"
    variables = {name: value for name, value in os.environ.items() if name != "CI"}
    variables["HOME"] = variables["USERPROFILE"] = str(home)
    ended = subprocess.run(
        [sys.executable, "-c", program], env=variables, check=True, capture_output=True, text=True
    )
    assert ended.stderr == ""
    assert list(home.iterdir()) == []  # where OpenVINO's telemetry keeps a number of the user
    return set(ended.stdout.split())


def test_loading_brings_nothing_of_training_or_servers(modules: set[str]) -> None:
    unwanted = {"pipeline.label", "pipeline.prepare", "pipeline.phantom", "fastapi", "pipeline.cli"}
    assert not unwanted & modules


def test_openvino_tells_nobody_that_it_runs(modules: set[str]) -> None:
    pytest.importorskip("openvino")
    assert "openvino" in modules
    assert not [name for name in modules if name.startswith("openvino_telemetry.")]
