"""What a file may ask for before it is taken for damaged or malicious."""

LARGEST_FILE_BYTES = 8 << 30
"""Bytes of a file: a colour cine of 1,000 frames of 1,920 x 1,080 px, uncompressed, has 6 GiB."""

LARGEST_IMAGE_PX = 64_000_000
"""Pixels of a frame."""

LARGE_IMAGE_PX = 10_000_000
"""Pixels of a frame from which memory counts more than the last digit of a value; a screen of
3,840 x 2,160 px has fewer."""

MOST_FRAMES = 5_000
"""Frames of a file: almost three minutes at 30 frames a second."""

LARGEST_DECODED_BYTES = 64 << 30
"""Bytes of all frames together when decoded, which never are in memory at once."""

LARGEST_ENCODED_FRAME_BYTES = 512 << 20
"""Bytes of one compressed frame."""

LARGEST_HEADER_BYTES = 8 << 20
"""Bytes of a DICOM header that are read; longer values than `DEFERRED_BYTES` are passed over."""

DEFERRED_BYTES = 256 << 10
"""Length of a value of a DICOM header from which it is not read; none that is used is as long."""

LARGEST_INFLATED_BYTES = 256 << 20
"""Bytes of a deflated DICOM data set when inflated, as it has to be in memory as a whole."""

MOST_ELEMENTS = 50_000
"""Elements at the top of a DICOM header."""

MOST_READS = 150_000
"""Parts of a DICOM header that are parsed: an element in a sequence has two, an item three."""

DEEPEST_SEQUENCE = 16
"""Sequences within each other in a DICOM header."""

MOST_FRAGMENTS = 1_000_000
"""Fragments of all compressed frames of a file."""

MOST_REGIONS = 64
"""Items of *Sequence of Ultrasound Regions* (0018,6011) of a DICOM file."""

MOST_IMAGES = 4
"""B-mode images in a frame: scanners show two, or four."""
