"""UIDs follow from source, model and kind, and are valid."""

import hashlib
import uuid

import pytest
from conformance.result_cases import MODEL, OTHER_MODEL
from pydicom.uid import UID

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.writers.dicom.result_uids import make_result_uid


def test_uid_is_a_uuid_from_a_sha256():
    text = f'["1.2.3", "0.1.0", "{"ab" * 32}", "SEG"]'
    number = int(hashlib.sha256(text.encode()).hexdigest()[:32], 16)
    found = uuid.UUID(int=int(make_result_uid("1.2.3", MODEL, "SEG").removeprefix("2.25.")))
    # The six bits of version and variant belong to the UUID.
    mask = ~((0xF << 76) | (0x3 << 62))
    assert found.int & mask == number & mask
    assert (found.version, found.variant) == (5, uuid.RFC_4122)


def test_uid_is_valid():
    uid = make_result_uid("1.2.3", MODEL, "SEG")
    assert isinstance(uid, UID)
    assert uid.is_valid
    assert len(uid) <= 64


def test_each_argument_makes_another_uid():
    weights = ModelIdentity("breast-us-seg", "0.1.0", "cd" * 32)
    uids = [
        make_result_uid("1.2.3", MODEL, "SEG"),
        make_result_uid("1.2.4", MODEL, "SEG"),
        make_result_uid("1.2.3", OTHER_MODEL, "SEG"),
        make_result_uid("1.2.3", weights, "SEG"),
        make_result_uid("1.2.3", MODEL, "SR"),
    ]
    assert len(set(uids)) == len(uids)


def test_name_of_the_model_does_not_count():
    renamed = ModelIdentity("other", MODEL.version, MODEL.weights_sha256)
    assert make_result_uid("1.2.3", renamed, "SEG") == make_result_uid("1.2.3", MODEL, "SEG")


@pytest.mark.parametrize("text", ["", " ", "a" * 65, "a\\b", "a~b", "Brüste", "a\nb"])
def test_text_that_no_character_set_takes_is_refused(text):
    with pytest.raises(ValueError, match="ASCII"):
        ModelIdentity(text, "0.1.0", "ab" * 32)
    with pytest.raises(ValueError, match="ASCII"):
        ModelIdentity("breast-us-seg", text, "ab" * 32)


@pytest.mark.parametrize("digest", ["", "ab" * 31, "AB" * 32, "zz" * 32])
def test_what_is_no_sha256_is_refused(digest):
    with pytest.raises(ValueError, match="hexadecimal"):
        ModelIdentity("breast-us-seg", "0.1.0", digest)
