"""Frames of a video within a DICOM file, through PyAV."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ReadError
from pipeline.readers.codec.find_coloured_video import find_coloured_video
from pipeline.readers.codec.packed_picture import pack_picture

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_FORMATS = "mpegts,mpeg,mpegvideo,h264,hevc,mov"
"""Containers and bare streams that PS3.5 sections 8.2.5 to 8.2.11 allow, as FFmpeg names them.

Others are not even looked for: play lists, for one, make FFmpeg open other files and addresses.
"""
_CODECS = "mpeg1video,mpeg2video,h264,hevc"
_BLACK_8_BIT, _WHITE_8_BIT = 16, 235
"""Luma of black and white in video range (ITU-R BT.601, and YBR_PARTIAL_420 in DICOM)."""
_FULL_RANGE = 2
"""AVCOL_RANGE_JPEG of FFmpeg: the stream says that luma is from 0 on."""
_MOST_BITS = 16
_CODED_MARGIN_PX = 64
"""What coded rows and columns may have more than shown ones, as they come in blocks."""

_Fragments = tuple[tuple[int, int], ...]


def read_video_frame(
    arguments: Mapping[str, Any], payload: bytes = b""
) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Decode one frame of an MPEG2, H.264 or HEVC video.

    Grey is the luma plane as it is coded, without a way through RGB. Video range, 16 black to 235
    white, becomes 0 to 255, what is beyond is clipped, and 10 bits become 8. It is assumed unless
    the stream says full range: *Photometric Interpretation* (0028,0004) YBR_PARTIAL_420, that
    DICOM demands of video, is defined by it (PS3.3 section C.7.6.3.1.2). Luma of streams that
    follow ITU-R BT.709 weighs colours otherwise than BT.601, which is the same for all that is
    grey.

    The video stays open between calls. Frames in order cost one decoding each, a step forward as
    many as it is wide, and a step back those from the beginning: only counting from there finds
    frame k for sure, as streams number no frames, seek by times that they may not have, and store
    frames in another order than that of presentation.

    Args:
        arguments: ``path`` of the file; ``fragments``, list of offset and length in bytes, which
            joined are the stream; ``index`` of the frame from 0, in order of presentation;
            ``rows`` and ``columns`` in the header.
        payload: not used.

    Returns:
        ``interlaced``, whether the frame consists of two fields; ``pixel_aspect``, width and
        height of a pixel as in the stream, or `None`. What `pack_picture` makes of grey values,
        uint8, 0 to 255, and of what is coloured.

    Raises:
        ReadError: PyAV is not installed, the stream is cut off or damaged, it is of another size
            than in the header, or it has no such frame.

    References:
        https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_8.2.5.html
    """
    path = Path(arguments["path"])
    fragments = tuple((int(offset), int(length)) for offset, length in arguments["fragments"])
    size = int(arguments["rows"]), int(arguments["columns"])
    status = path.stat()
    key = (path, status.st_mtime_ns, status.st_size, fragments, size)
    if _Video.opened is None or _Video.opened.key != key:
        _Video.close_opened()
        _check_fragments(fragments, status.st_size)
        _Video.opened = _Video(key, path, fragments, size)
    return _Video.opened.read(int(arguments["index"]))


class _Video:
    """An opened stream, and how many of its frames have been decoded."""

    opened: _Video | None = None
    """The one that was read last: the process that decodes has a single thread."""

    def __init__(
        self, key: tuple[Any, ...], path: Path, fragments: _Fragments, size: tuple[int, int]
    ) -> None:
        self.key = key
        self._path, self._fragments, self._size = path, fragments, size
        self._pixel_aspect: list[int] | None = None
        self._frames: Generator[VideoFrame, None, None] | None = None
        self._decoded, self._is_damaged = 0, False
        self._time_stamp: int | None = None
        self._last: tuple[int, dict[str, Any], NDArray[np.uint8]] | None = None

    @classmethod
    def close_opened(cls) -> None:
        """Forget the video that is open, if any."""
        if cls.opened is not None:
            cls.opened._close()
            cls.opened = None

    def read(self, index: int) -> tuple[dict[str, Any], NDArray[np.uint8]]:
        """Decode up to a frame; going back starts from the beginning."""
        if index < 0:
            msg = f"expected a frame from 1, got {index + 1}"
            raise ReadError(msg)
        if self._last is None or self._last[0] != index:
            if index < self._decoded:
                self._close()
            self._frames = self._frames or self._decode()
            while self._decoded < index:
                self._next(self._frames, index)
            self._last = index, *self._convert(self._next(self._frames, index))
        return self._last[1:]

    def _next(self, frames: Iterator[VideoFrame], index: int) -> VideoFrame:
        try:
            frame = next(frames)
        except StopIteration:
            msg = (
                f"expected a video of at least {index + 1} frames, got {self._decoded} that can "
                "be decoded: it may be cut off"
            )
            raise ReadError(msg) from None
        except ReadError:
            raise
        except Exception as error:
            # FFmpeg puts names of files and streams into its messages.
            msg = f"expected a sound video, got {type(error).__name__} after {self._decoded} frames"
            raise ReadError(msg) from error
        self._decoded += 1
        if frame.pts is not None:
            if self._time_stamp is not None and frame.pts <= self._time_stamp:
                msg = f"expected a sound video, got frame {self._decoded} out of order"
                raise ReadError(msg)
            self._time_stamp = frame.pts
        # Frames up to the next one that stands alone are made from the damaged one.
        self._is_damaged = frame.is_corrupt or (self._is_damaged and not frame.key_frame)
        return frame

    def _decode(self) -> Generator[VideoFrame, None, None]:
        """Open the stream, and give its frames in order of presentation."""
        av = _import_av()
        rows, columns = (edge + _CODED_MARGIN_PX for edge in self._size)
        options = {
            "format_whitelist": _FORMATS,
            "codec_whitelist": _CODECS,
            "max_pixels": str(rows * columns),
            # Wait for as many frames as may come later and be shown earlier, instead of guessing.
            "strict": "strict",
        }
        with (
            io.BufferedReader(_FragmentStream(self._path, self._fragments)) as file,
            av.open(file, options=options, io_open=_refuse_to_open) as container,
        ):
            stream = container.streams.best("video")
            if stream is None:
                msg = "expected a video stream, got none"
                raise ReadError(msg)
            self._pixel_aspect = _read_aspect(stream)
            # Of damage FFmpeg would make a picture that looks sound, with parts of other frames.
            stream.codec_context.options = {**options, "err_detect": "explode"}
            stream.codec_context.thread_count = 1
            self._check_size(stream.codec_context.height, stream.codec_context.width)
            for packet in container.demux(stream):
                if packet.is_corrupt:  # of a transport stream, that counts its parts
                    msg = "expected a sound video, got a stream with parts missing"
                    raise ReadError(msg)
                yield from packet.decode()

    def _convert(self, frame: VideoFrame) -> tuple[dict[str, Any], NDArray[np.uint8]]:
        self._check_size(frame.height, frame.width)
        if self._is_damaged:
            msg = f"expected a sound video, got damaged data in frame {self._decoded}"
            raise ReadError(msg)
        meta = {"interlaced": frame.interlaced_frame, "pixel_aspect": self._pixel_aspect}
        luma = _take_luma(frame)
        return meta, pack_picture(luma, find_coloured_video(frame, luma))

    def _check_size(self, rows: int, columns: int) -> None:
        if (rows, columns) != self._size:
            msg = (
                f"expected a video of {self._size[0]} x {self._size[1]} px, as the header says, "
                f"got {rows} x {columns}"
            )
            raise ReadError(msg)

    def _close(self) -> None:
        if self._frames is not None:
            self._frames.close()
        self._frames, self._time_stamp = None, None
        self._decoded, self._is_damaged = 0, False


class _FragmentStream(io.RawIOBase):
    """Parts of a file, joined; nothing is held in memory."""

    def __init__(self, path: Path, fragments: _Fragments) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._offsets = [offset for offset, _ in fragments]
        self._ends = list(accumulate(length for _, length in fragments))
        self._starts = [0, *self._ends[:-1]]
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1]}
        self._position = max(0, origin[whence] + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        number = bisect_right(self._ends, self._position)
        if number == len(self._ends):
            return 0
        wanted = min(len(buffer), self._ends[number] - self._position)
        self._file.seek(self._offsets[number] + self._position - self._starts[number])
        content = self._file.read(wanted)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()


def _import_av() -> Any:
    try:
        import av
    except ImportError as error:
        msg = (
            "expected the package `av` for video, found none: install the extra `video` "
            "(pip install '.[video]' from the sources)"
        )
        raise ReadError(msg) from error
    return av


def _refuse_to_open(url: str, *_: object) -> None:
    """Keep FFmpeg from following references out of the stream."""
    msg = "expected a video in one piece, got one that refers to other files"
    raise ReadError(msg)


def _check_fragments(fragments: Sequence[tuple[int, int]], size: int) -> None:
    if not fragments or any(offset + length > size for offset, length in fragments):
        msg = "expected the fragments of a video within the file, got others: it may be cut off"
        raise ReadError(msg)


def _read_aspect(stream: VideoStream) -> list[int] | None:
    aspect = stream.sample_aspect_ratio
    return [aspect.numerator, aspect.denominator] if aspect else None


def _take_luma(frame: VideoFrame) -> NDArray[np.uint8]:
    """Copy the first plane, (H, W), and expand it to 8 bits of full range."""
    layout = frame.format
    luma = layout.components[0]
    is_plane = luma.is_luma and (layout.is_planar or len(layout.components) == 1)
    if not is_plane or layout.is_big_endian or not 8 <= luma.bits <= _MOST_BITS:
        msg = f"expected a video with a plane of luma, got {layout.name}"
        raise ReadError(msg)
    plane: Any = frame.planes[0]
    dtype = np.dtype(np.uint8 if luma.bits == 8 else "<u2")
    padded = np.frombuffer(plane, dtype).reshape(plane.height, -1)
    values = padded[: frame.height, : frame.width].astype(np.intp)
    # FFmpeg has own names for full range in 8 bits, as it was stored with stills first.
    is_full = frame.color_range == _FULL_RANGE or layout.name.startswith("yuvj")
    grey: NDArray[np.uint8] = np.take(_make_table(luma.bits, is_full), values, mode="clip")
    return grey


def _make_table(bits: int, is_full: bool) -> NDArray[np.uint8]:
    """Grey value for every code of that many bits."""
    codes, unit = np.arange(1 << bits, dtype=np.float64), 1 << (bits - 8)
    black, white = (0, codes[-1]) if is_full else (_BLACK_8_BIT * unit, _WHITE_8_BIT * unit)
    share = np.clip((codes - black) / (white - black), 0, 1)
    table: NDArray[np.uint8] = np.rint(share * 255).astype(np.uint8)
    return table
