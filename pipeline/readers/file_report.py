"""What a file is and whether it would be taken, from its header alone."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydicom import Dataset

from pipeline.errors import SkippedError, describe
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.dicom.dicom_source import DicomSource
from pipeline.readers.dicom.dicom_syntaxes import name_syntax
from pipeline.readers.dicom.read_values import read_values
from pipeline.readers.file_type import FileType, detect_file_type
from pipeline.readers.image_source import ImageSource
from pipeline.readers.open_image import open_image
from pipeline.readers.region.describe_regions import describe_regions

BY_PIXELS = "decided by the pixels"
"""What a header cannot say."""

Verdict = Literal["taken", "skipped", "failed"]

_PHOTOMETRICS = (
    *("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "HSV", "ARGB", "CMYK", "YBR_FULL"),
    *("YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "XYB"),
)
"""Defined terms of PS3.3 section C.7.6.3.1.2, the retired ones included."""
_DEPTHS = tuple(map(str, range(1, 65)))
_LEAST_PART = 4
"""Letters of a part of a patient's name by which it is found in other text."""
_LONGEST_TEXT = 64
"""Characters of a value that are shown; a name of a manufacturer is shorter."""


@dataclass(frozen=True)
class FileReport:
    """One file of an archive.

    Attributes:
        file: path relative to the folder, with forward slashes.
        verdict: whether an inference run would take it.
        reason: why it would not, or what to know of it.
        format: ``DICOM``, ``PNG`` and so on, empty if unknown.
        sop_class: name of *SOP Class UID* (0008,0016).
        transfer_syntax: name of *Transfer Syntax UID* (0002,0010).
        photometric: *Photometric Interpretation* (0028,0004).
        bits_stored: (0028,0101).
        rows: height in px.
        columns: width in px.
        frames: number of frames.
        regions: number of B-mode images in a frame.
        region: where they are known from, as a run reports it, or `BY_PIXELS`.
        calibration: ``known``, ``none``, or `BY_PIXELS`: a run uses the mm of the header only if
            the pixels agree with its regions.
        mm_per_pixel_y: mm between rows by the header, empty if unknown, as a run reports it.
        mm_per_pixel_x: mm between columns, in the same way.
        burned_in: *Burned In Annotation* (0028,0301), ``unknown`` if absent.
        manufacturer: (0008,0070).
        model: *Manufacturer's Model Name* (0008,1090).
    """

    file: str
    verdict: Verdict
    reason: str = ""
    format: str = ""
    sop_class: str = ""
    transfer_syntax: str = ""
    photometric: str = ""
    bits_stored: str = ""
    rows: int | None = None
    columns: int | None = None
    frames: int | None = None
    regions: int | None = None
    region: str = ""
    calibration: str = ""
    mm_per_pixel_y: str = ""
    mm_per_pixel_x: str = ""
    burned_in: str = ""
    manufacturer: str = ""
    model: str = ""

    @property
    def is_decided_by_pixels(self) -> bool:
        """Whether only the pixels decide if there are mm."""
        return self.calibration == BY_PIXELS


def inspect_file(path: Path, file: str) -> tuple[FileReport, str]:
    """Read the header of a file.

    Returns:
        The report, and *SOP Instance UID* (0008,0018), empty if there is none or the file is not
        taken.
    """
    facts: dict[str, str | int | None] = {}
    try:
        source = open_image(path)
        facts |= _describe_source(source)
        reason = "; ".join(source.remarks)
        report = FileReport(file, "taken", reason, **facts)  # type: ignore[arg-type]
        return report, source.identity["SOPInstanceUID"]
    except Exception as error:
        facts |= _describe_refused(path)
        verdict: Verdict = "skipped" if isinstance(error, SkippedError) else "failed"
        return FileReport(file, verdict, describe(error), **facts), ""  # type: ignore[arg-type]


def _describe_source(source: ImageSource) -> dict[str, str | int | None]:
    rows, columns = source.size
    facts: dict[str, str | int | None] = {
        "format": source.format,
        "rows": rows,
        "columns": columns,
        "frames": source.frames,
    }
    if isinstance(source, DicomSource):
        facts |= _describe_header(source.header)
    foreseen = source.foresee_regions()
    described = describe_regions(foreseen.regions)
    calibration = "known" if any(described.mm_per_pixel) else "none"
    return facts | {
        "regions": len(foreseen.regions),
        "region": described.origin if foreseen.is_place_decided else BY_PIXELS,
        "calibration": calibration if foreseen.is_scale_decided else BY_PIXELS,
        "mm_per_pixel_y": described.mm_per_pixel[0],
        "mm_per_pixel_x": described.mm_per_pixel[1],
    }


def _describe_refused(path: Path) -> dict[str, str | int | None]:
    """Describe a file that is not taken; nothing if it is damaged."""
    try:
        if not path.is_file():
            return {}
        file_type = detect_file_type(path)
        if file_type is not FileType.DICOM:
            return {"format": file_type.value}
        return {"format": file_type.value, **_describe_header(DicomHeader(path))}
    except Exception:
        return {}  # the reason why it is refused is given already


def _describe_header(header: DicomHeader) -> dict[str, str | int | None]:
    dataset = header.dataset
    with quiet_decoders():
        uid = dataset.get("SOPClassUID")
        name = str(getattr(uid, "name", ""))
        return {
            "sop_class": name if name != uid else "of no standard",
            "transfer_syntax": name_syntax(header.syntax),
            "photometric": _get_term(dataset, "PhotometricInterpretation", _PHOTOMETRICS),
            "bits_stored": _get_term(dataset, "BitsStored", _DEPTHS),
            "burned_in": _get_term(dataset, "BurnedInAnnotation", ("YES", "NO")) or "unknown",
            "manufacturer": _get_name(dataset, "Manufacturer"),
            "model": _get_name(dataset, "ManufacturerModelName"),
        }


def _get_term(dataset: Dataset, keyword: str, terms: Collection[str]) -> str:
    """Give a value that is one of those that the standard has; any other one is not quoted."""
    text = _get_text(dataset, keyword)
    return text if text in terms or not text else "of no standard"


def _get_name(dataset: Dataset, keyword: str) -> str:
    """Give a name of a maker, the only free text that is shown.

    It is left out if it has anything of the patient's name or number in it.
    """
    text = _get_text(dataset, keyword)
    private = " ".join(_get_text(dataset, name) for name in ("PatientName", "PatientID"))
    parts = {part for part in re.split(r"[\W_]+", private.lower()) if len(part) >= _LEAST_PART}
    return "" if any(part in text.lower() for part in parts) else text[:_LONGEST_TEXT]


def _get_text(dataset: Dataset, keyword: str) -> str:
    return " ".join(" ".join(map(str, read_values(dataset, keyword))).split())
