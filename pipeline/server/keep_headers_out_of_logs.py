"""Let libraries say nothing that they have read in a header."""

import logging
import warnings


def keep_headers_out_of_logs() -> None:
    """Silence warnings and logs of libraries in this process that quote values and URLs.

    Our own errors say what went wrong, and quote neither.
    """
    warnings.simplefilter("ignore")
    for name in ("dicomweb_client", "pydicom", "pynetdicom", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
