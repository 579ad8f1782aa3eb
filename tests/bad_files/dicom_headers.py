"""DICOM files that end before their pixels, or whose attributes make no sense."""

from bad_files.bad_file import SECRET, BadFile
from bad_files.dicom_bombs import write_deflated
from bad_files.dicom_bytes import (
    PRIVATE_TAG,
    Change,
    adding,
    dropping,
    encode_element,
    find_element,
    insert_before_pixels,
    make_bad,
    set_element,
    setting,
    setting_frames,
)

PHOTOMETRIC = "PhotometricInterpretation"
TOO_LARGE = "expected a frame of 1 to 64000000 pixels"
NOT_FOLLOWED = "its window or LUT was not followed"
CUT_OFF = "ends too early|cut off"
NOT_TOLD = "as its header says, got"


def list_cut_headers() -> list[BadFile]:
    """Files that end before their pixels."""
    return [
        make_bad(
            "cut-preamble", "ends within its preamble", "skipped", "not an image", lambda c: c[:90]
        ),
        make_bad("cut-prefix", "ends within `DICM`", "skipped", "not an image", lambda c: c[:130]),
        make_bad(
            "cut-meta", "ends within its meta information", "failed", CUT_OFF, lambda c: c[:170]
        ),
        make_bad("cut-element", "ends within an element", "failed", CUT_OFF, _cut_in_header),
        make_bad("cut-header", "ends before its pixels", "failed", "PixelData", _cut_before_pixels),
        BadFile(
            "cut-deflated.dcm",
            "deflated, ends in the middle",
            "failed",
            "ends too early",
            lambda path: write_deflated(path, keep=0.5),
        ),
    ]


def list_wrong_attributes() -> list[BadFile]:
    """Files whose attributes of the pixels are missing or make no sense."""
    text = SECRET.encode()
    return [
        make_bad("no-rows", "no Rows", "failed", "expected Rows", dropping("Rows")),
        make_bad("no-columns", "Columns of 0", "failed", TOO_LARGE, setting("Columns", 0)),
        make_bad("huge", "claims 65535 x 65535 px", "failed", TOO_LARGE, _set_size(65535, 65535)),
        make_bad("large", "claims 8000 x 8000 px", "failed", NOT_TOLD, _set_size(8000, 8000)),
        make_bad(
            "bits",
            "BitsStored above BitsAllocated",
            "failed",
            "BitsStored",
            setting("BitsStored", 12),
        ),
        make_bad(
            "bits-33",
            "BitsAllocated of 33",
            "failed",
            "BitsAllocated",
            setting("BitsAllocated", 33),
        ),
        make_bad(
            "no-photometric", "no PhotometricInterpretation", "failed", "", dropping(PHOTOMETRIC)
        ),
        make_bad("photometric", "text as photometry", "failed", "", setting(PHOTOMETRIC, text)),
        make_bad(
            "rgb-1", "RGB of one sample", "failed", "SamplesPerPixel", setting(PHOTOMETRIC, b"RGB ")
        ),
        make_bad(
            "samples", "SamplesPerPixel of 7", "failed", "Samples", setting("SamplesPerPixel", 7)
        ),
        make_bad(
            "frames-0", "NumberOfFrames of 0", "taken", "Number of Frames", setting_frames(b"0 ")
        ),
        make_bad(
            "frames-minus",
            "NumberOfFrames of -1",
            "failed",
            "NumberOfFrames",
            setting_frames(b"-1"),
        ),
        make_bad(
            "frames-text", "NumberOfFrames of 1A", "failed", "attributes", setting_frames(b"1A")
        ),
        make_bad(
            "frames-name", "a name as NumberOfFrames", "failed", "attributes", setting_frames(text)
        ),
        make_bad(
            "frames-1e9", "claims 10^9 frames", "failed", "Frames", setting_frames(b"1000000000")
        ),
        make_bad("frames-1e9f", "1e9 as NumberOfFrames", "failed", "", setting_frames(b"1e9 ")),
        make_bad(
            "frames-more", "more frames than pixels", "failed", NOT_TOLD, setting_frames(b"9 ")
        ),
        make_bad("vr-text", "text as Rows", "failed", "attributes", setting("Rows", text)),
        make_bad("vr-ds", "DS where FD is", "taken", "", _write_ds),
        make_bad("vr-length", "FD of 6 bytes", "failed", "ultrasound regions", _write_short_fd),
        make_bad("window-0", "a window of no width", "taken", NOT_FOLLOWED, _add_window(b"0 ")),
        make_bad("window-name", "a name as window", "taken", NOT_FOLLOWED, _add_window(text)),
        make_bad("slope-name", "a name as slope", "taken", NOT_FOLLOWED, _add_slope(text)),
        make_bad("slope-0", "a slope of 0", "taken", NOT_FOLLOWED, _add_slope(b"0 ")),
        make_bad("slope-nan", "no number as slope", "taken", NOT_FOLLOWED, _add_slope(b"nan ")),
        make_bad("slope-huge", "a slope of 1e308", "taken", NOT_FOLLOWED, _add_slope(b"1e308 ")),
        make_bad("palette", "a palette of 1 entry", "failed", "expected palettes", _add_palette),
        make_bad("no-pixels", "no PixelData", "failed", "PixelData", _drop_pixels),
        make_bad(
            "no-class",
            "no SOPClassUID",
            "taken",
            "",
            dropping("SOPClassUID"),
            in_run=("failed", "segmented, but .* SOPClassUID"),
        ),
        make_bad(
            "class-text",
            "text as SOPClassUID",
            "failed",
            "SOPClassUID",
            lambda c: setting("MediaStorageSOPClassUID", text)(setting("SOPClassUID", text)(c)),
        ),
        make_bad(
            "long-element",
            "an element longer than the file",
            "failed",
            "wrong length",
            adding(PRIVATE_TAG, "UT", text, 0x7FFFFFFF),
        ),
    ]


def _set_size(rows: int, columns: int) -> Change:
    return lambda content: setting("Columns", columns)(setting("Rows", rows)(content))


def _cut_before_pixels(content: bytes) -> bytes:
    return content[: find_element(content, "PixelData", "OB")[0]]


def _cut_in_header(content: bytes) -> bytes:
    return content[: find_element(content, "StudyDescription")[1] + 3]


def _drop_pixels(content: bytes) -> bytes:
    return _cut_before_pixels(content) + encode_element(0xFFFCFFFC, "OB", bytes(10_000))


def _write_ds(content: bytes) -> bytes:
    return set_element(content, "PhysicalDeltaX", b"0.020000", "DS")


def _write_short_fd(content: bytes) -> bytes:
    """Let a value of 8 bytes have 12, and the next one the 4 that are left."""
    start, value, _ = find_element(content, "PhysicalDeltaX")
    following, next_value, end = find_element(content, "PhysicalDeltaY")
    first = encode_element(0x0018602C, "FD", content[value:following] + content[next_value:][:4])
    second = encode_element(0x0018602E, "FD", content[end - 4 : end])
    return content[:start] + first + second + content[end:]


def _add_window(width: bytes) -> Change:
    elements = encode_element(0x00281050, "DS", b"9 ") + encode_element(0x00281051, "DS", width)
    return lambda content: insert_before_pixels(content, elements)


def _add_slope(slope: bytes) -> Change:
    elements = encode_element(0x00281052, "DS", b"9 ") + encode_element(0x00281053, "DS", slope)
    return lambda content: insert_before_pixels(content, elements)


def _add_palette(content: bytes) -> bytes:
    elements = [encode_element(tag, "US", bytes(6)) for tag in range(0x00281101, 0x00281104)]
    elements += [encode_element(tag, "OW", bytes(2)) for tag in range(0x00281201, 0x00281204)]
    content = set_element(content, PHOTOMETRIC, b"PALETTE COLOR ")
    return insert_before_pixels(content, b"".join(elements))
