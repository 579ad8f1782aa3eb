"""Make Python read and write UTF-8 whatever the locale says."""

import codecs
import io
import locale
import os
import sys


def use_utf8() -> None:
    """Start this process again in UTF-8 mode, where its locale is another one.

    MONAI reads configs in the encoding of the locale, and file names, tables and messages may
    hold any letter. A terminal that is set to another encoding by ``PYTHONIOENCODING`` gets
    escapes for what it lacks.
    """
    is_utf8 = codecs.lookup(locale.getpreferredencoding(False)).name == "utf-8"
    if os.name == "posix" and not (sys.flags.utf8_mode or is_utf8):
        os.environ["PYTHONUTF8"] = "1"  # for child processes
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors="backslashreplace")
