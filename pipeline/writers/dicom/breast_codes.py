"""Codes that say what was segmented, by what and where."""

from highdicom import AlgorithmIdentificationSequence
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.writers.dicom.result_object import MANUFACTURER
from pipeline.writers.dicom.source_header import SourceHeader

CATEGORY = Code("49755003", "SCT", "Morphologically Abnormal Structure")
LESION = Code("52988006", "SCT", "Lesion")
BREAST = Code("76752008", "SCT", "Breast")
ULTRASONOGRAPHY = Code("47079000", "SCT", "Ultrasonography of breast")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
SEGMENTATION = Code("113076", "DCM", "Segmentation")

SIDES = {
    "L": Code("7771000", "SCT", "Left"),
    "R": Code("24028007", "SCT", "Right"),
    "B": Code("51440002", "SCT", "Right and left"),
}
"""By *Laterality* (0020,0060) and *Image Laterality* (0020,0062)."""


def find_side(source: SourceHeader) -> Code | None:
    """Find which breast was imaged, `None` if the header does not say.

    Args:
        source: whose *Image Laterality* (0020,0062), else *Laterality* (0020,0060) counts.
    """
    for keyword in ("ImageLaterality", "Laterality"):
        side = SIDES.get(source.read_text(keyword))
        if side is not None:
            return side
    return None


def identify_algorithm(model: ModelIdentity) -> AlgorithmIdentificationSequence:
    """Name the algorithm as images do, PS3.3 table 10-19."""
    return AlgorithmIdentificationSequence(
        name=model.name,
        family=ARTIFICIAL_INTELLIGENCE,
        version=model.version,
        source=MANUFACTURER,
        parameters={"weights_sha256": model.weights_sha256},
    )


def make_code_item(code: Code) -> Dataset:
    """Make an item of a code sequence, PS3.3 table 8.8-1."""
    item = Dataset()
    item.CodeValue = code.value
    item.CodingSchemeDesignator = code.scheme_designator
    item.CodeMeaning = code.meaning
    return item
