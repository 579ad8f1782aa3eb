"""What a request may be refused for, besides what all servers refuse."""

from pipeline.server.request_errors import RequestError


class FullError(RequestError):
    """Too many images wait already.

    Args:
        seconds: after which another try makes sense.
    """

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(f"expected fewer images at a time: try again in {seconds} s")
        self.headers = {"Retry-After": str(seconds)}


class UnreadableError(RequestError):
    """The body is no ultrasound image that can be segmented."""

    status = 422


class NotAcceptableError(RequestError):
    """There is no answer of the kind that the client accepts."""

    status = 406


class UnknownJobError(RequestError):
    """There is no such job, or no more."""

    status = 404

    def __init__(self) -> None:
        super().__init__("expected the id of a job, which are kept for a while only")


class SegmentationError(RequestError):
    """The service has failed, not the request."""

    status = 500
