"""UIDs that follow from the source and the model."""

import hashlib
import json
import uuid

from pydicom.uid import UID

from pipeline.inferers.model_identity import ModelIdentity


def make_result_uid(source_uid: str, model: ModelIdentity, kind: str) -> UID:
    """Derive a UID, the same for the same arguments: a rerun replaces and does not multiply.

    The UID is a UUID as a single number under 2.25 (PS3.5 B.2), made of the first 16 bytes of a
    SHA-256.

    Args:
        source_uid: of the image or series that the result is made from.
        model: its version and weights count.
        kind: what the UID is for, such as ``SEG`` or ``SR series``.

    Examples:
        >>> model = ModelIdentity("breast-us-seg", "0.1.0", "0" * 64)
        >>> make_result_uid("1.2.3", model, "SEG")
        '2.25.144601122659182819141826177380759861111'
    """
    words = [str(source_uid), model.version, model.weights_sha256, kind]
    digest = hashlib.sha256(json.dumps(words).encode()).digest()
    # Of the versions that Python 3.10 knows, 5 is the one for UUIDs from a hash.
    return UID(f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}")
