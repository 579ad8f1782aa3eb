"""Why a request of an annotator may be refused, besides the reasons of all servers."""

from pipeline.server.request_errors import (
    BusyError,
    ConflictError,
    MediaTypeError,
    RequestError,
)

__all__ = [
    "ArchiveError",
    "BusyError",
    "ConflictError",
    "FullError",
    "MediaTypeError",
    "RequestError",
    "UnknownImageError",
]


class UnknownImageError(RequestError):
    """There is no such image, frame or label in the studies."""

    status = 404


class FullError(RequestError):
    """No more can be kept."""

    status = 507


class ArchiveError(RequestError):
    """The DICOMweb server does not answer as it should."""

    status = 502
