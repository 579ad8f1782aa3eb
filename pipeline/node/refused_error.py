"""Why an image was not taken."""

from enum import Enum

from pipeline.errors import PipelineError


class Refusal(Enum):
    """Kinds of it: the status of C-STORE (PS3.4 table B.2-1, PS3.7 annex C) that reports it."""

    NO_ROOM = 0xA700
    OTHER_CLASS = 0xA900
    NOT_UNDERSTOOD = 0xC000
    NOT_ALLOWED = 0x0124


class RefusedError(PipelineError):
    """An image was not taken; its sender gets the reason, and keeps it.

    Args:
        refusal: kind of it.
        reason: in words, without anything of a patient.
    """

    def __init__(self, refusal: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.refusal = refusal
