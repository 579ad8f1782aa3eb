"""Let libraries say nothing that they have read in a header."""

import logging
import warnings


def keep_headers_out_of_logs() -> None:
    """Silence warnings and logs of pydicom and pynetdicom in this process, as they quote values.

    What goes wrong is told by our own errors, which do not.
    """
    warnings.simplefilter("ignore")
    for name in ("pydicom", "pynetdicom"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
