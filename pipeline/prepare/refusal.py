"""Why an image of a data set is left out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One image or mask that does not enter the datalist.

    Attributes:
        source: the data set, such as `busi`.
        id: id of the image, or the name of the file if it has none.
        reason: what is wrong, the same words for the same fault, so that it can be counted.
    """

    source: str
    id: str
    reason: str
