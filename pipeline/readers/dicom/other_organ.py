"""Whether a DICOM header says that an image shows another organ than the breast."""

import re
import unicodedata
from collections.abc import Iterator

from pydicom import Dataset

from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.dicom.read_values import read_values

_TEXTS = {
    "BodyPartExamined": "Body Part Examined (0018,0015)",
    "SeriesDescription": "Series Description (0008,103E)",
    "ProtocolName": "Protocol Name (0018,1030)",
    "StudyDescription": "Study Description (0008,1030)",
    "RequestedProcedureDescription": "Requested Procedure Description (0032,1060)",
    "PerformedProcedureStepDescription": "Performed Procedure Step Description (0040,0254)",
    "ImageType": "Image Type (0008,0008)",
    "Modality": "Modality (0008,0060)",
}
_CODES = {
    "AnatomicRegionSequence": "Anatomic Region (0008,2218)",
    "PrimaryAnatomicStructureSequence": "Primary Anatomic Structure (0008,2228)",
    "ProcedureCodeSequence": "Procedure Code (0008,1032)",
    "RequestedProcedureCodeSequence": "Requested Procedure Code (0032,1064)",
}
_BREAST_CODES = {"76752008", "73056007", "80248007", "63762007", "24142002"}
"""SNOMED CT: breast, right, left and both breasts, nipple."""
_SRT_BREAST = "T-04"
"""How the codes of the breast begin in SNOMED RT, which older files have."""

# Words without accents, as `_simplify` makes them; most stand for all that begin so.
_BREAST = re.compile(
    r"""(?<![a-z])(?:
    breast|mamm|mama|brust|sein|seno|borst|bryst|brost|piers|prsa|prsu|dojk|meme|
    emlo|rinta|payudara|nipple|areol
    )|乳|유방|груд|молочн""",
    re.VERBOSE,
)
_NEIGHBOUR = re.compile(
    r"""(?<![a-z])(?:
    axill|achsel|aissel|ascell|chest|thora|torax|torac|rib|stern|skin|haut|peau|
    lymph|linf|small|soft|whole|other|unknown|none|unspec|not|nos|ultraso|echo|sono
    )""",
    re.VERBOSE,
)
"""What images of the breast are said to show as well, or what says nothing."""
_ORGAN = re.compile(
    r"""(?<![a-z])(?:
    heart|cardi|kardi|echocardi|echokardi|herz|coeur|cuore|corazon|coraca|coronar|
    circleofw|transthor|transoes|transesoph|intracard|epicard|hepat|leber|foie|
    higado|figado|fegato|gallbl|gallenb|bladder|blase|vessie|vejiga|vesic|biliar|cholec|
    pancr|pankr|spleen|splen|milz|kidney|renal|niere|rinon|rins|nephr|nefro|uret|
    urol|adrenal|abdom|bauch|oberbauch|brzus|ventre|retroperit|bowel|intestin|
    append|stomach|gastr|estomac|oesoph|esoph|rectum|rectal|endorect|duoden|
    jejun|ileum|ilium|hernia|inguin|groin|leiste|thyr|schilddr|schildkl|tiroid|
    tireoid|tarczyc|parathyr|neck|hals|cuello|saliv|parot|submand|laryn|pharyn|
    trache|thymus|mediast|bronch|prostat|testic|testis|testes|scrot|hoden|penis|penil|uter|ovar|
    pelvi|becken|gyn|gine|vagin|endova|transvag|vulv|endomet|cervi|obstet|fetal|
    fetus|foet|fotal|feto|pregnan|grossess|embaraz|schwang|gravid|umbil|carot|karot|
    venous|vein|venen|veine|vena|venos|thrombo|arter|aort|vascul|vaskul|intravasc|
    jugul|varic|lung|pulmo|pleur|poumon|brain|crani|cerebr|cerebel|transcran|skull|
    kopf|schadel|hirn|neuro|eye|ophthal|oftal|orbit|auge|ocul|cornea|sclera|
    scalp|cheek|tongue|mouth|maxill|zygom|musculo|muskulo|muscle|muskel|tendon|sehne|
    achill|shoulder|schulter|hombro|epaule|spalla|elbow|ellenb|wrist|handgel|finger|
    knee|knie|genou|rodilla|ginocch|ankle|foot|calcan|thigh|calf|femur|tibia|
    patell|humer|clavic|scapul|buttock|extremit|lowerextr|upperextr|gelenk|huft|
    spine|spinal|cspine|ctspine|tspine|tlspine|lspine|lsspine|sspine|lumb|sacral|sacrum|coccy|
    headneck|ecocard|transrect|echo2d|echo[ ]2d|2d[ ]echo|serc|nerk|bovenbuik|onderbuik|njur|
    skoldk|skjoldb|kilpirauh|munuai|maksa|sydan|vatsa|tiroit|bobrek|karaciger|kalp|picc|dialys
    )|(?<![a-z])(?:
    trus|tvs|tcd|aaa|ivc|efast|collo|buk|lever|nyre|
    tte|tee|dvt|msk|ob|hip|leg|legs|hand|hands|head|toe|jaw|ear|nose|
    rein|reins|rene|reni|colon|anal|anus|vasc|tmj|iac|liver|darm|magen|bile|thumb|face
    )(?![a-z])|
    心臓|心脏|甲状|腹|肝|腎|肾|胎|頸動脈|颈动脉|子宮|子宫|심장|갑상|복부|태아|сердц|щитовид|брюшн|печен|
    почк|почек|эхокардио|эхо[ -]?кг|простат|матк|阴道|陰道|前列腺|颈部|頸部|心超|胆囊|胰|脾|膀胱|
    심초음파|신장|간[ ]?초음파|kar\u0131n
    |^(?:echo|ec|arm|back)$""",
    re.VERBOSE,
)


def find_other_organ(dataset: Dataset) -> str:
    """Find the attribute by which the header names another organ than the breast.

    What names the breast too does not count, nor do the axilla, the chest and the like. No element
    of the header is converted, so that results can take it over byte for byte.

    Returns:
        Name and tag of the first such attribute, never its value; empty if there is none.
    """
    with quiet_decoders():
        for keyword, name in _CODES.items():
            is_region = "Anatomic" in keyword
            codes = _list_codes(dataset, keyword)
            if any(_is_other_code(*code, is_region=is_region) for code in codes):
                return name
        for keyword, name in _TEXTS.items():
            text = _simplify(_read_text(dataset, keyword))
            if _ORGAN.search(text) and not _BREAST.search(text):
                return name
    return ""


def _is_other_code(value: str, meaning: str, *, is_region: bool) -> bool:
    """Return whether a code is of another organ; one of a region is, unless it is known."""
    text = _simplify(meaning)
    if value in _BREAST_CODES or value.startswith(_SRT_BREAST) or _BREAST.search(text):
        return False
    is_unknown_region = is_region and bool(text) and not _NEIGHBOUR.search(text)
    return is_unknown_region or _ORGAN.search(text) is not None


def _simplify(text: str) -> str:
    """Write small letters without accents."""
    plain = unicodedata.normalize("NFKD", text).lower().replace("œ", "oe")
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", letters).strip()


def _list_codes(dataset: Dataset, keyword: str) -> Iterator[tuple[str, str]]:
    """List value and meaning of each item of a sequence of codes."""
    for item in read_values(dataset, keyword):
        if isinstance(item, Dataset):
            value, meaning = (
                " ".join(map(str, read_values(item, name))) for name in ("CodeValue", "CodeMeaning")
            )
            yield value, meaning


def _read_text(dataset: Dataset, keyword: str) -> str:
    values = read_values(dataset, keyword)
    # The first two of an image's type say what it was made of, the third which exam it is of.
    return " ".join(map(str, values[2:] if keyword == "ImageType" else values))
