"""The header of a source, as results take it over."""

import copy
import re
from collections.abc import Iterable
from datetime import date

from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, UltrasoundImageStorage
from pydicom.valuerep import STR_VR, VR

from pipeline.errors import WriteError

TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)
"""Attributes that must be there, though they may be empty."""

LOSSY = ("LossyImageCompressionRatio", "LossyImageCompressionMethod")

NO_DATE = "19000101"
"""For sources without any valid date; results must have one."""

_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d){0,2}(\.\d{1,6})?")


class SourceHeader:
    """The header of an image, read without decoding the texts in it.

    Names are in many character sets, some damaged, and pydicom quotes what it cannot decode in
    warnings and logs. So elements are handed on as they are, byte for byte where the header was
    parsed and not looked at yet; highdicom gets a stand-in that knows of no patient.

    Args:
        dataset: the image, for which the pixels may be missing.

    Attributes:
        sop_class_uid: *SOP Class UID* (0008,0016).
        sop_instance_uid: *SOP Instance UID* (0008,0018).
        study_instance_uid: *Study Instance UID* (0020,000D).
        series_instance_uid: *Series Instance UID* (0020,000E).
        shape: rows and columns.
        frames: number of frames, from 1.

    Raises:
        WriteError: a UID, or *Rows* or *Columns* (0028,0010), (0028,0011) is missing or invalid, so
            that no result can refer to the image.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.sop_class_uid = self._read_uid("SOPClassUID")
        self.sop_instance_uid = self._read_uid("SOPInstanceUID")
        self.study_instance_uid = self._read_uid("StudyInstanceUID")
        self.series_instance_uid = self._read_uid("SeriesInstanceUID")
        self.shape = (self._read_side("Rows"), self._read_side("Columns"))
        self.frames = max(1, self.read_integer("NumberOfFrames") or 1)

    @property
    def is_cine(self) -> bool:
        """Whether a reference must name a frame. The SOP class is no reliable sign of it."""
        return self.frames > 1

    @property
    def lossy(self) -> str:
        """*Lossy Image Compression* (0028,2110): what was lossy once stays so."""
        return "01" if self.read_text("LossyImageCompression") == "01" else "00"

    @property
    def content_time(self) -> tuple[str, str]:
        """The source's own date and time, ``YYYYMMDD`` and ``HHMMSS``.

        Results take theirs from it: the clock would make each run's files differ.
        """
        for entity in ("Content", "Acquisition", "Series", "Study"):
            # ACR-NEMA had points in dates and colons in times; PS3.5 6.2 asks to read them.
            day = self.read_text(f"{entity}Date").replace(".", "")
            if _is_date(day):
                time = self.read_text(f"{entity}Time").replace(":", "")
                return day, time if _TIME.fullmatch(time) and len(time) > 5 else "000000"
        return NO_DATE, "000000"

    def read_text(self, keyword: str) -> str:
        """Read an attribute of ASCII text, empty if it is missing.

        Args:
            keyword: such as ``ContentDate``; of several values all come, with their backslashes.
        """
        element = self._find_element(keyword)
        value = None if element is None else element.value
        if isinstance(value, bytes):
            return value.decode("ascii", "replace").strip(" \0")
        if isinstance(value, str) or not isinstance(value, Iterable):
            return "" if value is None else str(value).strip(" \0")
        return "\\".join(map(str, value))

    def read_integer(self, keyword: str) -> int | None:
        """Read an Integer String, `None` if it is missing or damaged."""
        text = self.read_text(keyword)
        return int(text) if re.fullmatch(r"[+-]?\d{1,9}", text) else None

    def make_stand_in(self) -> Dataset:
        """Make the dataset that highdicom takes for the source.

        It is of a class that highdicom knows, of a single frame, and names no patient.
        """
        stand_in = Dataset()
        stand_in.file_meta = FileMetaDataset()
        stand_in.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        for keyword in TYPE_2:
            setattr(stand_in, keyword, "")
        stand_in.SOPClassUID = UltrasoundImageStorage
        stand_in.SOPInstanceUID = self.sop_instance_uid
        stand_in.StudyInstanceUID = self.study_instance_uid
        stand_in.SeriesInstanceUID = self.series_instance_uid
        stand_in.Modality = "US"
        stand_in.Rows, stand_in.Columns = self.shape
        stand_in.LossyImageCompression = self.lossy
        return stand_in

    def copy_to(self, result: Dataset, keywords: Iterable[str]) -> None:
        """Copy elements as they are.

        Args:
            result: dataset to add them to; what it has is replaced.
            keywords: of the elements; those that the source lacks are left as they are.
        """
        for keyword in keywords:
            if keyword in self._dataset:
                result[Tag(keyword)] = self._copy_element(keyword)

    def _find_element(self, keyword: str) -> DataElement | RawDataElement | None:
        """Find an element without converting it, as pydicom does at any other access."""
        return self._dataset.get_item(keyword) if keyword in self._dataset else None

    def _copy_element(self, keyword: str) -> DataElement | RawDataElement:
        element = self._find_element(keyword)
        if isinstance(element, RawDataElement) and element.value is not None:
            # A header with implicit VR has none.
            vr = dictionary_VR(element.tag)
            if vr in STR_VR or vr == VR.PN:
                return element._replace(VR=vr, is_implicit_VR=False, is_little_endian=True)
        return copy.deepcopy(self._dataset[keyword])

    def _read_uid(self, keyword: str) -> UID:
        uid = UID(self.read_text(keyword), validation_mode=IGNORE)
        if not uid.is_valid or len(uid) < 3:
            msg = (
                f"expected a valid {keyword} to which results can refer, got none or an invalid "
                "one; the file breaks the standard (PS3.5, 9.1)"
            )
            raise WriteError(msg)
        return uid

    def _read_side(self, keyword: str) -> int:
        value = self._dataset.get(keyword)
        if not isinstance(value, int) or value < 1:
            msg = f"expected {keyword} of the image, got none or an invalid one"
            raise WriteError(msg)
        return value


def _is_date(text: str) -> bool:
    if re.fullmatch(r"\d{8}", text) is None:
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True
