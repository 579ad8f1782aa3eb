from pathlib import Path

import pytest

from pipeline.readers import FrameReference


@pytest.mark.parametrize(
    "reference",
    [
        FrameReference(Path("a/b.dcm")),
        FrameReference(Path("a/b.dcm"), 12),
        FrameReference(Path("a/b.dcm"), None, 2),
        FrameReference(Path("a/b.dcm"), 12, 3),
    ],
)
def test_text_and_back(reference: FrameReference) -> None:
    assert FrameReference.parse(str(reference)) == reference


def test_file_that_is_really_called_so(tmp_path: Path) -> None:
    path = tmp_path / "odd#frame=3"
    path.touch()
    assert FrameReference.parse(str(path)) == FrameReference(path)


def test_frame_of_a_file_that_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "odd#frame=3"
    assert FrameReference.parse(f"{path}#frame=2") == FrameReference(path, 2)


def test_region_of_a_file_that_is_called_like_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "odd#frame=3"
    path.touch()
    assert FrameReference.parse(f"{path}#region=2") == FrameReference(path, None, 2)


def test_frame_comes_before_the_region() -> None:
    assert str(FrameReference(Path("a.dcm"), 3, 2)) == "a.dcm#frame=3#region=2"
    assert FrameReference.parse("a.dcm#region=2#frame=3") == FrameReference(
        Path("a.dcm#region=2"), 3
    )


@pytest.mark.parametrize(
    "text", ["a#frame=x", "a#frame=", "#frame=1/a.png", "a#region=", "a#region=1 "]
)
def test_other_text_is_a_path(text: str) -> None:
    assert FrameReference.parse(text) == FrameReference(Path(text))
