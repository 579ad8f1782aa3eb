import pytest

from pipeline.writers.output_path import output_path


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
