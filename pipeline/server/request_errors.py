"""Why a request may be refused, with its HTTP status."""

from collections.abc import Mapping

from pipeline.errors import PipelineError


class RequestError(PipelineError):
    """A request cannot be met; the message is for who has sent it."""

    status = 400
    """Status code of HTTP."""
    headers: Mapping[str, str] | None = None
    """Further ones of the answer."""


class MediaTypeError(RequestError):
    """The body is said to be of a type that the route does not take."""

    status = 415


class ConflictError(RequestError):
    """Something has to happen first."""

    status = 409


class BusyError(RequestError):
    """Too many requests wait."""

    status = 503
