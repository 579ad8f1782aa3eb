"""Values of a header that was written and parsed again."""

import io

import pytest
from orientation_phantom import make_orientation_phantom
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement

from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.dicom.read_values import read_values


def parse(**attributes: object) -> Dataset:
    dataset = make_phantom_dataset(make_orientation_phantom(48, 80)[0])
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return dcmread(io.BytesIO(buffer.getvalue()))


def test_values_by_keyword() -> None:
    dataset = parse(StudyDescription="one study", StudyID="")
    assert read_values(dataset, "StudyDescription") == ["one study"]
    assert read_values(dataset, "ImageType") == ["ORIGINAL", "PRIMARY", "BREAST"]
    assert read_values(dataset, "Rows") == [48]
    assert read_values(dataset, "StudyID") == []
    assert read_values(dataset, "ProtocolName") == []
    (item,) = read_values(dataset, "AnatomicRegionSequence")
    assert read_values(item, "CodeMeaning") == ["Breast"]


def test_header_stays_as_it_was_parsed() -> None:
    dataset = parse(StudyDescription="one study")
    read_values(dataset, "StudyDescription")
    assert isinstance(dataset.get_item("StudyDescription"), RawDataElement)


@pytest.mark.parametrize(
    ("charset", "text"),
    [("ISO_IR 100", "Échographie"), ("ISO_IR 192", "心臓"), ("ISO_IR 144", "сердце")],
)
def test_character_sets(charset: str, text: str) -> None:
    dataset = parse(SpecificCharacterSet=charset, StudyDescription=text)
    assert read_values(dataset, "StudyDescription") == [text]


def test_long_value_is_not_parsed() -> None:
    assert read_values(parse(TextValue="x" * 60_000), "TextValue") == ["x" * 60_000]
    assert read_values(parse(TextValue="x" * 70_000), "TextValue") == []


def test_damaged_value_is_none() -> None:
    dataset = parse()
    raw = dataset.get_item("Rows")
    dataset._dict[raw.tag] = raw._replace(value=b"\1\2\3", length=3)  # two bytes each
    assert read_values(dataset, "Rows") == []
