"""By which attribute a header names another organ; `REGION` names the breast."""

import io

import pytest
from orientation_phantom import make_orientation_phantom
from pydicom import Dataset, dcmread

from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.dicom.other_organ import find_other_organ

OTHERS = [
    *("Echocardiogram", "ECHO", "TTE", "Transthoracic echo", "US Abdomen", "Abdomen komplett"),
    *("Thyroid US", "Schilddrüse", "Carotis-Duplex", "DVT leg", "OB 2nd trimester", "US renal"),
    *("Échographie hépatique", "Échographie du rein", "Ecografía tiroidea", "Cœur"),
    *("Ecografia fegato", "Ultrassom do Abdome", "USG tarczycy", "Fetal_anatomy"),
    *("TRUS", "ECHO 2D", "Ecocardiogramma", "USG nerek, nerki", "Bovenbuik", "Njure", "Böbrek"),
    *("УЗИ почек", "ЭХО-КГ", "经阴道超声", "前列腺", "颈部血管", "심초음파", "PICC line"),
    *("УЗИ сердца", "腹部エコー", "甲状腺超声", "갑상선 초음파"),
]
NOT_OTHERS = [
    *("", "US Breast Bilateral", "Mammasonographie", "BRUST LINKS", "Brustultraschall", "L BREAST"),
    *("Échographie mammaire", "Sein gauche", "Ecografía mamaria", "Mama derecha", "Senologia"),
    *("Ultrassom das mamas", "USG piersi", "УЗИ молочных желез", "乳腺超声", "유방 초음파"),
    *("US BREAST/AXILLA", "Axilla", "chest wall", "Small Parts", "Lymph node", "Elastography"),
    *("Breast and thyroid", "Ultrasound guided core biopsy", "Call back from screening"),
    *("Recall, Sacred Breast Centre", "Testing", "Liverpool study", "St. Gallen", "Doppler", "US"),
]
BODY_PARTS = [
    *(
        "ABDOMEN",
        "ABDOMENPELVIS",
        "ARM",
        "BACK",
        "BLADDER",
        "BRAIN",
        "CAROTID",
        "CSPINE",
        "EXTREMITY",
    ),
    *("EYE", "FOOT", "GALLBLADDER", "HAND", "HEAD", "HEART", "HIP", "KIDNEY", "KNEE", "LEG"),
    *("LIVER", "LUNG", "NECK", "OVARY", "PANCREAS", "PELVIS", "PENIS", "PROSTATE", "SCROTUM"),
    *("SHOULDER", "SPLEEN", "TESTIS", "THYROID", "UTERUS", "WRIST"),
]


def make(**attributes: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def make_code(value: str, meaning: str) -> list[Dataset]:
    return [make(CodeValue=value, CodingSchemeDesignator="SCT", CodeMeaning=meaning)]


@pytest.mark.parametrize("text", OTHERS)
def test_descriptions_of_other_organs(text: str) -> None:
    name = "Study Description (0008,1030)"
    assert find_other_organ(make(StudyDescription=text)) == name


@pytest.mark.parametrize("text", NOT_OTHERS)
def test_descriptions_of_the_breast_or_of_nothing(text: str) -> None:
    assert find_other_organ(make(StudyDescription=text)) == ""


@pytest.mark.parametrize("text", BODY_PARTS)
def test_body_parts_of_the_standard(text: str) -> None:
    assert find_other_organ(make(BodyPartExamined=text)) == "Body Part Examined (0018,0015)"


@pytest.mark.parametrize("text", ["BREAST", "AXILLA", "CHEST", "WHOLEBODY", "OTHER", "MAMMA"])
def test_body_parts_that_are_no_other_organ(text: str) -> None:
    assert find_other_organ(make(BodyPartExamined=text)) == ""


@pytest.mark.parametrize(
    ("keyword", "name"),
    [
        ("SeriesDescription", "Series Description (0008,103E)"),
        ("ProtocolName", "Protocol Name (0018,1030)"),
        ("RequestedProcedureDescription", "Requested Procedure Description (0032,1060)"),
        ("PerformedProcedureStepDescription", "Performed Procedure Step Description (0040,0254)"),
    ],
)
def test_every_description_counts(keyword: str, name: str) -> None:
    assert find_other_organ(make(**{keyword: "Thyroid"})) == name


def test_another_organ_in_one_attribute_is_enough() -> None:
    dataset = make(BodyPartExamined="BREAST", StudyDescription="Echocardiogram")
    dataset.AnatomicRegionSequence = make_code("76752008", "Breast")
    assert find_other_organ(dataset) == "Study Description (0008,1030)"


@pytest.mark.parametrize(
    ("value", "meaning", "is_other"),
    [
        ("76752008", "Breast", False),
        ("73056007", "", False),
        ("T-04000", "", False),
        ("1", "Linke Brust", False),
        ("91470000", "Axilla", False),
        ("80891009", "Heart", True),
        ("69536005", "Head structure", True),
        ("1", "a part of the body that nobody thought of", True),
        ("1", "", False),
    ],
)
def test_codes_of_regions(value: str, meaning: str, is_other: bool) -> None:
    dataset = make(AnatomicRegionSequence=make_code(value, meaning))
    assert find_other_organ(dataset) == ("Anatomic Region (0008,2218)" if is_other else "")
    dataset = make(PrimaryAnatomicStructureSequence=make_code(value, meaning))
    assert bool(find_other_organ(dataset)) is is_other


@pytest.mark.parametrize(
    ("meaning", "is_other"),
    [("Mamma beidseits", False), ("a procedure", False), ("Abdominal ultrasound", True)],
)
def test_codes_of_procedures(meaning: str, is_other: bool) -> None:
    dataset = make(ProcedureCodeSequence=make_code("US1", meaning))
    assert find_other_organ(dataset) == ("Procedure Code (0008,1032)" if is_other else "")
    dataset = make(RequestedProcedureCodeSequence=make_code("US1", meaning))
    assert bool(find_other_organ(dataset)) is is_other


@pytest.mark.parametrize(
    ("kind", "is_other"), [("BREAST", False), ("SMALL PARTS", False), ("FETAL HEART", True)]
)
def test_third_value_of_the_type(kind: str, is_other: bool) -> None:
    dataset = make(ImageType=["ORIGINAL", "PRIMARY", kind])
    assert find_other_organ(dataset) == ("Image Type (0008,0008)" if is_other else "")


def test_retired_modality_of_echocardiography() -> None:
    assert find_other_organ(make(Modality="EC")) == "Modality (0008,0060)"
    assert find_other_organ(make(Modality="US")) == ""


def test_header_stays_as_it_was_parsed() -> None:
    dataset = make_phantom_dataset(make_orientation_phantom(48, 80)[0])
    dataset.SpecificCharacterSet, dataset.StudyDescription = "ISO_IR 100", "Échographie hépatique"
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    parsed = dcmread(io.BytesIO(buffer.getvalue()))
    assert find_other_organ(parsed) == "Study Description (0008,1030)"
    assert parsed.get_item("StudyDescription").value == "Échographie hépatique ".encode("latin-1")
