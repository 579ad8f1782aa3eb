"""Why results have not come to a destination."""

from pipeline.errors import PipelineError


class DeliveryError(PipelineError):
    """A destination has not taken a result."""


class UnreachableError(DeliveryError):
    """A destination does not answer at all; others of its results need not be tried now."""
