"""What encapsulation gets wrong (PS3.5 section A.4)."""

from struct import pack
from typing import Any

from dicom_kinds.frames import SYNTAXES, encode, tolerate
from dicom_kinds.member import (
    CINE,
    ITEM,
    SEQUENCE_END,
    Member,
    list_offsets,
    make_encapsulated,
    make_items,
)

_TABLE, _EXTENDED = "Basic Offset Table that is wrong", "Extended Offset Table that is wrong"
_FRAGMENTS, _DELIMITERS = "fragments that are not the frames", "delimiters and lengths of fragments"
_REMARK = "Offset Table"


def list_encapsulation() -> list[Member]:
    """All of them."""
    return [*_list_tables(), *_list_extended(), *_list_fragments(), *_list_delimiters()]


def _member(
    row: str, title: str, name: str, pixels: bytes, frames: Any = None, **told: Any
) -> Member:
    attributes = told.pop("attributes", {})
    frames = list(CINE) if frames is None else frames
    image = CINE if len(frames) > 1 else CINE[0]
    make = make_encapsulated(pixels, SYNTAXES[name], image, **attributes)
    return Member(row, f"{name}, {title}", make, frames, tolerance=tolerate(name), **told)


def _split(stream: bytes) -> list[bytes]:
    """Cut a stream in three, at even places."""
    third = len(stream) // 6 * 2
    return [stream[:third], stream[third : 2 * third], stream[2 * third :]]


def _list_wrong_tables(lengths: list[int], good: list[int]) -> dict[str, list[int]]:
    return {
        "first only": good[:1],
        "all zero": [0] * len(good),
        "without the heads of items": [at - 8 * number for number, at in enumerate(good)],
        "from the start of the file": [1000 + at for at in good],
        "behind the heads": [at + 8 for at in good],
        "odd": [at + (number > 0) for number, at in enumerate(good)],
        "backwards": good[::-1],
        "lengths instead": lengths,
        "beyond the file": [0, *(1 << 30 for _ in good[1:])],
        "the first two": good[:2],
    }


def _list_tables() -> list[Member]:
    members = []
    for name in SYNTAXES:
        streams = [encode(name, frame) for frame in CINE]
        good = list_offsets(streams)
        lengths = [len(stream) for stream in streams]
        parts = [part for stream in streams for part in _split(stream)]
        starts = list_offsets(parts)[::3]
        more = {"one too many": [*good, good[-1] + 8 + lengths[-1] + lengths[-1] % 2], "none": []}
        for title, table in {"control": good, **more}.items():
            pixels = make_items(streams, table) + SEQUENCE_END
            members.append(_member(_TABLE, title, name, pixels))
        for title, table in _list_wrong_tables(lengths, good).items():
            pixels = make_items(streams, table) + SEQUENCE_END
            members.append(_member(_TABLE, title, name, pixels, remark=_REMARK))
        for title, table in _list_wrong_tables(lengths, starts).items():
            pixels = make_items(parts, table) + SEQUENCE_END
            title = f"three fragments a frame, {title}"
            members.append(_member(_TABLE, title, name, pixels, remark=_REMARK))
        for title, table in {"control": starts, "none": []}.items():
            pixels = make_items(parts, table) + SEQUENCE_END
            members.append(_member(_TABLE, f"three fragments a frame, {title}", name, pixels))
        pixels = b"".join(make_items([stream])[8:] for stream in streams)
        members.append(_member(_TABLE, "missing", name, pixels + SEQUENCE_END, remark=_REMARK))
        still = make_items(streams[:1], [1234]) + SEQUENCE_END
        members.append(_member(_TABLE, "a still, wrong", name, still, CINE[:1], remark=_REMARK))
    return members


def _list_extended() -> list[Member]:
    members = []
    for name in ("JPEG", "RLE"):
        streams = [encode(name, frame) for frame in CINE]
        good, lengths = list_offsets(streams), [len(stream) for stream in streams]
        tables = {"control": (good, lengths)} | {
            title: (table, lengths) for title, table in _list_wrong_tables(lengths, good).items()
        }
        for title, (table, counts) in tables.items():
            attributes = {
                "ExtendedOffsetTable": pack(f"<{len(table)}Q", *table),
                "ExtendedOffsetTableLengths": pack(f"<{len(counts)}Q", *counts),
            }
            remark = "" if title == "control" else _REMARK
            pixels = make_items(streams) + SEQUENCE_END
            members.append(
                _member(_EXTENDED, title, name, pixels, attributes=attributes, remark=remark)
            )
        attributes = {"ExtendedOffsetTable": pack("<3Q", 0, 1, 2)}
        pixels = make_items(streams, good) + SEQUENCE_END
        members.append(
            _member(
                _EXTENDED, "beside a sound one", name, pixels, attributes=attributes, remark=_REMARK
            )
        )
    return members


def _list_fragments() -> list[Member]:
    members = []
    still = [CINE[0]]
    for name in SYNTAXES:
        streams = [encode(name, frame) for frame in CINE]
        parts = [part for stream in streams for part in _split(stream)]
        good = list_offsets(streams)
        empties = {
            "an empty one behind": [*streams, b""],
            "an empty one before": [b"", *streams],
            "empty ones between": [streams[0], b"", streams[1], b"", streams[2]],
        }
        for title, fragments in empties.items():
            pixels = make_items(fragments) + SEQUENCE_END
            members.append(_member(_FRAGMENTS, title, name, pixels))
        more = [*streams, streams[0]]
        further, told = (make_items(more, table) + SEQUENCE_END for table in ([], [*good, 9]))
        split_still, whole = (make_items(part) + SEQUENCE_END for part in (parts[:3], streams))
        hundreds = [streams[0][at : at + 100] for at in range(0, len(streams[0]), 100)]
        small = make_items(hundreds) + SEQUENCE_END
        one = make_items([b"".join(stream + b"\0" * (len(stream) % 2) for stream in streams)])
        refused = "expected 3 compressed frames, got 1"
        members += [
            _member(_FRAGMENTS, "more than frames", name, further, remark="further frames"),
            _member(_FRAGMENTS, "more than frames, and a wrong table", name, told, remark="frames"),
            _member(_FRAGMENTS, "three of a still", name, split_still, still),
            _member(_FRAGMENTS, "hundred bytes each", name, small, still),
            _member(
                _FRAGMENTS,
                "a cine called a still",
                name,
                whole,
                still,
                remark="further frames",
            ),
            _member(_FRAGMENTS, "all frames in one", name, one + SEQUENCE_END, refused=refused),
        ]
    return members


def _list_delimiters() -> list[Member]:
    members = []
    still, missing = [CINE[0]], "end of the compressed frames"
    for name in SYNTAXES:
        streams = [encode(name, frame) for frame in CINE]
        streams = [stream + b"\0" * (len(stream) % 2) for stream in streams]
        cine, single = make_items(streams, list_offsets(streams)), make_items(streams[:1])
        ends = {
            "none": b"",
            "half of it": SEQUENCE_END[:4],
            "of an item": b"\xfe\xff\x0d\xe0\0\0\0\0",
            "padding instead": bytes(64),
        }
        for title, end in ends.items():
            members += [
                _member(_DELIMITERS, f"end: {title}", name, cine + end, remark=missing),
                _member(
                    _DELIMITERS,
                    f"end of a still: {title}",
                    name,
                    single + end,
                    still,
                    remark=missing,
                ),
            ]
        sound = {
            "a length": SEQUENCE_END[:4] + pack("<L", 8),
            "padding behind": SEQUENCE_END + bytes(500),
            "an element behind": SEQUENCE_END
            + b"\xfc\xff\xfc\xffOB\0\0"
            + pack("<L", 4)
            + bytes(4),
        }
        members += [
            _member(_DELIMITERS, f"end: {title}", name, cine + end) for title, end in sound.items()
        ]
        padded = [stream + bytes(6) for stream in streams]
        # A decoder of runs takes padding for pixels.
        refused = "expected a segment of" if name == "RLE" else ""
        pixels = make_items(padded) + SEQUENCE_END
        members.append(_member(_DELIMITERS, "padding of streams", name, pixels, refused=refused))
        odd = [stream.rstrip(b"\0") for stream in streams]
        odd = [stream + b"\0" * (1 - len(stream) % 2) for stream in odd]
        bare = make_items([]) + b"".join(ITEM + pack("<L", len(part)) + part for part in odd)
        even = make_items([]) + b"".join(
            ITEM + pack("<L", len(part)) + part + b"\0" for part in odd
        )
        members += [
            _member(_DELIMITERS, "odd lengths", name, bare + SEQUENCE_END, remark="lengths"),
            _member(
                _DELIMITERS, "odd lengths, padded", name, even + SEQUENCE_END, remark="lengths"
            ),
            _member(_DELIMITERS, "cut within the last frame", name, cine[:-40], refused="cut off"),
            _member(
                _DELIMITERS, "cut between frames", name, make_items(streams[:2]), refused="cut off"
            ),
            _member(
                _DELIMITERS, "cut within a still", name, single[:-40], still, refused="cut off"
            ),
        ]
    return members
