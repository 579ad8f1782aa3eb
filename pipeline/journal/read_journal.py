"""Read what earlier runs have written into a journal."""

from pipeline.journal.journal_contents import JournalContents
from pipeline.journal.journal_file import JournalFile
from pipeline.journal.owned_files import OwnedFiles


def read_journal(lines: JournalFile, contents: JournalContents, files: OwnedFiles) -> bool:
    """Read a journal.

    Args:
        lines: of the journal.
        contents: takes what is known of the inputs.
        files: takes what was claimed.

    Returns:
        Whether all of it made sense.

    Raises:
        WriteError: the file cannot be read.
    """
    is_sound = True
    for position, entry in lines.read():
        try:
            contents.replay(position, entry)
            if "writes" in entry:
                files.replay(position, entry)
        except (ValueError, TypeError):
            is_sound = False
    is_empty = contents.settings is None and lines.path.exists()
    if is_empty or lines.is_cut_off:  # what is named there is unknown
        contents.adopts = True
    files.adopts = contents.adopts
    return is_sound and not lines.is_damaged
