"""Encrypted connections, of servers and of clients."""

import ssl

from pipeline.errors import ConfigError
from pipeline.node.node_config import Tls


def make_server_context(tls: Tls | None) -> ssl.SSLContext | None:
    """Make what a server needs.

    Args:
        tls: with certificate and key; its `ca` makes it ask clients for a certificate.

    Returns:
        `None` for a server without encryption.

    Raises:
        ConfigError: a file is missing or does not fit.
    """
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, tls)
    if tls.ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def make_client_context(tls: Tls | None) -> ssl.SSLContext | None:
    """Make what a client needs; it checks certificate and name of the server.

    Returns:
        `None` for a client without encryption.

    Raises:
        ConfigError: a file is missing or does not fit.
    """
    if tls is None:
        return None
    context = ssl.create_default_context(cafile=None if tls.ca is None else _exist(str(tls.ca)))
    _load(context, Tls(tls.certificate, tls.key))
    return context


def _exist(path: str) -> str:
    try:
        with open(path, "rb"):
            return path
    except OSError as error:
        msg = f"expected certificates at {path}, got: {error.strerror}"
        raise ConfigError(msg) from error


def _load(context: ssl.SSLContext, tls: Tls) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
        if tls.ca is not None:
            context.load_verify_locations(tls.ca)
    except (OSError, ValueError) as error:
        msg = (
            f"expected certificates in PEM at {tls.certificate} and {tls.ca}, and a key at "
            f"{tls.key}, got {type(error).__name__}: {error}"
        )
        raise ConfigError(msg) from error
