"""The model that made a result."""

import re
from dataclasses import dataclass

from pipeline import __version__

MODEL_NAME = "breast_us_lesion_segmentation"
"""Name of the bundle."""

_TEXT = re.compile(r"[ -\[\]-}]{1,64}")
"""What a Long String (LO) takes in any character set: ASCII, but a backslash separates values, and
a tilde is another letter in JIS X 0201."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModelIdentity:
    """The model as it is named in every object, and in the UIDs of the objects.

    Attributes:
        name: *Manufacturer's Model Name* (0008,1090) of results, 1 to 64 ASCII characters.
        version: of the model, 1 to 64 ASCII characters.
        weights_sha256: SHA-256 of the weights, 64 lower-case hexadecimal digits; the *Device Serial
            Number* (0018,1000) of results.

    Raises:
        ValueError: if a value is none of these.
    """

    name: str
    version: str
    weights_sha256: str

    def __post_init__(self) -> None:
        for value in (self.name, self.version):
            if _TEXT.fullmatch(value) is None or not value.strip():
                msg = f"expected 1 to 64 ASCII characters, none of them \\ or ~, got {value!r}"
                raise ValueError(msg)
        if _SHA256.fullmatch(self.weights_sha256) is None:
            msg = f"expected 64 lower-case hexadecimal digits, got {self.weights_sha256!r}"
            raise ValueError(msg)

    @classmethod
    def of_hash(cls, name: str, weights_sha256: str) -> "ModelIdentity":
        """Identify a model of this version.

        Args:
            name: of the model.
            weights_sha256: SHA-256 of its weights.
        """
        return cls(name, __version__, weights_sha256)
