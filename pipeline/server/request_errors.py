"""What a request may be refused for, with the status of HTTP that tells it."""

from pipeline.errors import PipelineError


class RequestError(PipelineError):
    """A request cannot be met; the message is for who has sent it."""

    status = 400
    """Status code of HTTP."""


class MediaTypeError(RequestError):
    """The body is said to be of a type that the route does not take."""

    status = 415


class BusyError(RequestError):
    """Too many requests wait."""

    status = 503
