"""What results take over from their source: names in any character set, byte for byte.

`chr*.dcm` of pydicom have the names of PS3.5 annexes H to J: Japanese (H31), Korean (I2), Russian,
and Chinese in GB18030 (X2).
"""

import io

import pydicom
import pytest
from conformance.result_cases import (
    MASK,
    MM,
    MODEL,
    find_public,
    make_cine,
    make_frame,
    make_still,
    read_header,
    save,
)
from pydicom.dataset import Dataset

from pipeline.errors import WriteError
from pipeline.writers.dicom.segmentation import build_segmentation
from pipeline.writers.dicom.source_header import SourceHeader
from pipeline.writers.dicom.structured_report import build_report


def _report(source):
    return build_report(source, [], model=MODEL, number_of_frames=1)


def _write(dataset):
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _raw(content, keyword):
    element = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True).get_item(keyword)
    return element.value


class TestCharacterSets:
    @pytest.mark.parametrize("name", ["chrH31", "chrH32", "chrI2", "chrRuss", "chrX1", "chrX2"])
    def test_bytes_of_the_name_survive(self, name):
        path = find_public(f"{name}.dcm")
        content = _write(_report(read_header(path)))
        for keyword in ("PatientName", "PatientID", "SpecificCharacterSet"):
            assert _raw(content, keyword) == _raw(path.read_bytes(), keyword) or not _raw(
                path.read_bytes(), keyword
            )

    @pytest.mark.parametrize("name", ["chrH31", "chrI2", "chrRuss", "chrX2"])
    def test_name_is_read_as_in_the_source(self, name):
        path = find_public(f"{name}.dcm")
        report = _report(read_header(path))
        expected = pydicom.dcmread(path).PatientName
        assert pydicom.dcmread(io.BytesIO(_write(report))).PatientName == expected
        assert report.PatientName == expected

    def test_name_survives_in_a_header_that_was_looked_at(self):
        source = read_header(find_public("chrH31.dcm"))
        assert source.PatientName.family_name == "Yamada"
        content = _write(_report(source))
        assert pydicom.dcmread(io.BytesIO(content)).PatientName == source.PatientName

    def test_name_that_cannot_be_decoded_survives(self, tmp_path):
        path = save(
            make_still(PatientName="MARKER^ONE", SpecificCharacterSet="ISO_IR 192"),
            tmp_path / "a.dcm",
        )
        path.write_bytes(path.read_bytes().replace(b"MARKER", b"M\xff\xfeKER"))
        assert _raw(_write(_report(read_header(path))), "PatientName") == b"M\xff\xfeKER^ONE"

    def test_header_with_implicit_vr(self, tmp_path):
        source = make_still(PatientName="MARKER^ONE", PatientComments="x")
        source.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        path = save(source, tmp_path / "a.dcm")
        report = pydicom.dcmread(io.BytesIO(_write(_report(read_header(path)))))
        assert (report.PatientName, report.PatientComments) == ("MARKER^ONE", "x")

    def test_items_of_sequences_are_copied(self):
        item = Dataset()
        item.PatientID = "SECOND"
        report = _report(make_still(OtherPatientIDsSequence=[item]))
        assert report.OtherPatientIDsSequence[0].PatientID == "SECOND"
        assert report.OtherPatientIDsSequence[0] is not item

    def test_nothing_is_said_of_the_patient(self, caplog, recwarn):
        caplog.set_level(0)
        _report(make_still(PatientName="MARKER", PatientSex="?", PatientBirthDate="MARKER"))
        assert "MARKER" not in caplog.text
        assert not recwarn.list


class TestAttributes:
    def test_empty_attributes_stand_in_for_missing_ones(self):
        missing = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID")
        report = _report(make_still(**dict.fromkeys(missing)))
        assert [str(report[keyword].value or "") for keyword in missing] == [""] * 5

    def test_source_is_left_as_it_is(self):
        source = make_cine()
        before = source.to_json()
        build_segmentation(source, [make_frame(MASK, 2)], model=MODEL, mm_per_pixel=MM)
        assert source.to_json() == before

    def test_other_attributes_of_the_source_stay_behind(self):
        assert "InstitutionName" not in _report(make_still(InstitutionName="SOMEWHERE"))

    def test_series_and_instance_are_new(self):
        source = make_still()
        report = _report(source)
        assert report.StudyInstanceUID == source.StudyInstanceUID
        assert report.SeriesInstanceUID != source.SeriesInstanceUID
        assert report.SOPInstanceUID != source.SOPInstanceUID

    def test_equipment_is_the_model(self):
        report = _report(make_still())
        assert report.Manufacturer == "breast-us-seg"
        assert report.ManufacturerModelName == MODEL.name
        assert report.DeviceSerialNumber == MODEL.weights_sha256
        assert MODEL.version in report.SoftwareVersions
        assert report.ContentQualification == "RESEARCH"


class TestTime:
    def test_it_is_the_sources(self):
        report = _report(make_still(ContentDate="20210304", ContentTime="050607.08"))
        assert [str(report.ContentDate), str(report.ContentTime)] == ["20210304", "050607.08"]
        assert "InstanceCreationDate" not in report

    @pytest.mark.parametrize("day", ["", "20211304", "MARKER"])
    def test_next_date_is_taken_if_one_is_invalid(self, day):
        header = SourceHeader(
            make_still(ContentDate=None, AcquisitionDate=day, SeriesDate="20220101")
        )
        assert header.content_time == ("20220101", "120000")

    @pytest.mark.parametrize("time", ["", "05", "256060", "MARKER"])
    def test_invalid_time_is_midnight(self, time):
        header = SourceHeader(make_still(ContentTime=time))
        assert header.content_time == ("20200101", "000000")

    def test_old_notation_is_read(self):
        header = SourceHeader(make_still(ContentDate="1997.04.24", ContentTime="14:04:38"))
        assert header.content_time == ("19970424", "140438")

    def test_source_without_dates(self):
        dates = [f"{entity}Date" for entity in ("Content", "Series", "Study")]
        assert str(_report(make_still(**dict.fromkeys(dates))).ContentDate) == "19000101"


class TestRefused:
    @pytest.mark.parametrize(
        "keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"]
    )
    @pytest.mark.parametrize("uid", [None, "", "1.2.3.04", "../../../etc/passwd", "1." * 40 + "1"])
    def test_invalid_uid_without_telling_it(self, keyword, uid):
        with pytest.raises(WriteError, match=keyword) as caught:
            SourceHeader(make_still(**{keyword: uid}))
        assert not uid or uid not in str(caught.value)

    def test_two_uids(self):
        with pytest.raises(WriteError, match="SOPInstanceUID"):
            SourceHeader(make_still(SOPInstanceUID=["1.2.3", "1.2.4"]))

    @pytest.mark.parametrize("keyword", ["Rows", "Columns"])
    @pytest.mark.parametrize("value", [None, 0])
    def test_image_without_size(self, keyword, value):
        with pytest.raises(WriteError, match=keyword):
            SourceHeader(make_still(**{keyword: value}))
