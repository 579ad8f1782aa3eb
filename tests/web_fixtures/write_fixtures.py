"""Write all fixtures, or those that are named: `python write_fixtures.py OUT [NAME ...]`."""

import shutil
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def main() -> None:
    """Write all kinds of fixtures, or those that are named, each into an empty folder."""
    sys.path[:0] = [str(TESTS), str(TESTS.parent)]
    from web_fixtures.coloured import write_coloured
    from web_fixtures.formats import write_bad_files, write_formats, write_members
    from web_fixtures.regions import write_calibrations, write_fields
    from web_fixtures.shapes import write_shapes
    from web_fixtures.stages import write_stages

    out, names = Path(sys.argv[1]), sys.argv[2:]
    for write in (
        write_formats,
        write_members,
        write_bad_files,
        write_coloured,
        write_fields,
        write_calibrations,
        write_shapes,
        write_stages,
    ):
        name = write.__name__.removeprefix("write_")
        if name in (names or [name]):
            shutil.rmtree(out / name, ignore_errors=True)
            write(out / name)


if __name__ == "__main__":
    main()
