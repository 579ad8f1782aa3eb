"""What a request may be refused for, with the status of HTTP that tells it."""

from pipeline.errors import PipelineError


class RequestError(PipelineError):
    """A request cannot be met; the message is for the annotator."""

    status = 400
    """Status code of HTTP."""


class UnknownImageError(RequestError):
    """There is no such image, frame or label in the studies."""

    status = 404


class ConflictError(RequestError):
    """Something has to happen first: a training has to end, or a label to be saved."""

    status = 409


class MediaTypeError(RequestError):
    """The body is said to be of a type that the route does not take."""

    status = 415


class BusyError(RequestError):
    """Too many requests wait for the network."""

    status = 503


class ArchiveError(RequestError):
    """The DICOMweb server does not answer as it should."""

    status = 502
