"""Hash a file."""

import hashlib
import os


def hash_file(path: str | os.PathLike[str]) -> str:
    """Hash a file.

    Returns:
        SHA-256 in hexadecimal.
    """
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
        return digest.hexdigest()
