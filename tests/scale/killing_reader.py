"""A reader that ends its process, as the system does where memory is short."""

import os
import signal
from pathlib import Path

from pipeline.readers.image_source import ImageSource
from pipeline.readers.ultrasound_reader import UltrasoundReader


class KillingReader(UltrasoundReader):
    """Ends its process at each file called ``poison``, and once at one called ``unlucky``."""

    def open(self, path: Path) -> ImageSource:
        seen = path.parent.parent / "seen"
        if path.stem == "poison" or (path.stem == "unlucky" and not seen.exists()):
            seen.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open(path)
