"""An archive that takes STOW-RS (PS3.18 section 10.5)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydicom import dcmread

from pipeline.errors import ConfigError
from pipeline.node.delivery_error import DeliveryError, UnreachableError
from pipeline.node.node_config import WebDestination
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.server.read_secret import read_secret

_SECONDS = (10.0, 60.0)
"""To connect, and between two parts of an answer."""


class WebArchive:
    """Send results by STOW-RS.

    Raises:
        ConfigError: a file of a password or token is missing, or a package of the extra `node`.
    """

    commits = False

    def __init__(self, destination: WebDestination) -> None:
        try:
            import requests
            from dicomweb_client import DICOMwebClient
        except ImportError as error:
            msg = f"expected the packages of the extra 'node', {error.name} is missing"
            raise ConfigError(msg) from error
        session = requests.Session()
        session.trust_env = False  # no proxy and no password that the config does not name
        if destination.user and destination.password_file is not None:
            session.auth = (destination.user, read_secret(destination.password_file))
        if destination.token_file is not None:
            session.headers["Authorization"] = f"Bearer {read_secret(destination.token_file)}"
        if destination.tls is not None:
            if destination.tls.ca is not None:
                session.verify = str(destination.tls.ca)
            if destination.tls.certificate is not None and destination.tls.key is not None:
                session.cert = (str(destination.tls.certificate), str(destination.tls.key))
        self._client = DICOMwebClient(destination.url.rstrip("/"), session, timeout=_SECONDS)
        self._client.set_http_retry_params(retry=False)  # the queue tries again

    def store(self, paths: Sequence[Path]) -> Iterator[Path]:
        """Send objects, and yield each that was taken."""
        for path in paths:
            with quiet_decoders():
                dataset = dcmread(path)
            with _telling():
                answer = self._client.store_instances([dataset])
            if answer.get("FailedSOPSequence"):
                msg = "it refuses an object"
                raise DeliveryError(msg)
            yield path

    def check(self) -> None:
        """Ask by QIDO-RS whether it is there."""
        with _telling():
            self._client.search_for_studies(limit=1)

    def ask_commitment(self, paths: Sequence[Path], transaction: str) -> None:
        """Fail: STOW-RS has no storage commitment."""
        msg = "STOW-RS has no storage commitment"
        raise DeliveryError(msg)


@contextmanager
def _telling() -> Iterator[None]:
    """Say what failed, but not the URL: it has UIDs."""
    import requests

    try:
        yield
    except requests.HTTPError as error:
        status = "" if error.response is None else f" with status {error.response.status_code}"
        raise DeliveryError(f"it refuses{status}") from error
    except (requests.RequestException, OSError) as error:
        raise UnreachableError(f"no answer ({type(error).__name__})") from error
    except (ValueError, KeyError) as error:
        raise DeliveryError(f"no answer in DICOM ({type(error).__name__})") from error
