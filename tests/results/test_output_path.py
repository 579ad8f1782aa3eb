import os

import pytest

from pipeline.results.output_path import output_path


@pytest.mark.parametrize(
    ("file", "frame", "expected"),
    [
        ("a/x.png", None, "a/x.png"),
        ("a/X.PNG", None, "a/X.PNG"),
        ("a/x.dcm", None, "a/x.dcm.png"),
        ("x", None, "x.png"),
        (".png", None, ".png.png"),
        ("a.b/x.y.jpg", None, "a.b/x.y.jpg.png"),
        ("a/x.dcm", 1, "a/x.dcm/0001.png"),
        ("a/x.png", 2, "a/x.png/0002.png"),
        ("x.dcm", 12345, "x.dcm/12345.png"),
    ],
)
def test_path(file: str, frame: int | None, expected: str) -> None:
    assert str(output_path(file, frame)) == expected


def test_other_suffix() -> None:
    assert str(output_path("a/x.png", None, ".json")) == "a/x.png.json"


@pytest.mark.parametrize("letter", ["x", "ü", "乳", "\udcff"])
@pytest.mark.parametrize("suffix", [".png", ".nii.gz", ".dcm"])
def test_every_name_that_a_file_can_have_gives_one_that_a_file_can_have(
    letter: str, suffix: str
) -> None:
    for size in range(240, 256):
        count = (size - 4) // len(os.fsencode(letter))
        names = [f"{letter * count}{end}" for end in (".dcm", ".tif", ".png")]
        paths = [output_path(f"a/{name}", None, suffix) for name in names]
        assert len(set(paths)) == len(names)
        for name, path in zip(names, paths, strict=True):
            assert path.parent.name == "a"
            assert path.name.endswith(suffix)
            assert len(os.fsencode(path.name)) <= 255
            whole = name if name.endswith(suffix) else name + suffix
            assert path.name == whole or len(os.fsencode(whole)) > 255


def test_frame_keeps_the_whole_name_as_its_folder() -> None:
    name = "x" * 251 + ".dcm"
    assert str(output_path(name, 1)) == f"{name}/0001.png"
