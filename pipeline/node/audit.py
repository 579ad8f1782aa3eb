"""One line of JSON for each study at its end: who sent, what was made, where it went."""

import json
import os
from datetime import datetime, timezone
from pathlib import Path

from pipeline.node.spool import State, Study


class Audit:
    """Append to a file that nothing here deletes.

    A node that is killed between the line and the move of the study writes the line again, with
    the same `entry`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, study: Study, end: State) -> None:
        """Add a line.

        Args:
            study: that has come to its end.
            end: sent or put aside.

        Raises:
            OSError: the disk fails.
        """
        record = study.record
        line = {
            "time": datetime.fromtimestamp(record.ended, timezone.utc).isoformat(),
            "entry": study.name,
            "study": record.study,
            "source": record.source,
            "called": record.called,
            "received": datetime.fromtimestamp(record.received, timezone.utc).isoformat(),
            "instances": [path.stem.partition("-")[0] for path in study.list_images()],
            "images": record.counts,
            "objects": record.objects,
            "seconds": record.seconds,
            "destinations": {
                name: "stored" if each.is_done else each.last_error
                for name, each in record.deliveries.items()
            },
            "end": end.value,
            "error": record.last_error,
        }
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(b"" if is_new or _ends_line(self.path) else b"\n")  # after a power cut
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
