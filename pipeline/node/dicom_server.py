"""pynetdicom's server, which believes strangers neither a length nor that they will ever go on."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from pipeline.get_logger import get_logger

logger = get_logger(__name__)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LARGEST_PDU_BYTES = 512 << 10
"""Of PS3.8 section 9.3; pynetdicom would wait for 4 GiB."""
GRACE_S = 20.0
"""Seconds that a peer may take for a PDU once it has begun it."""
SLOWEST_BYTES_PER_S = 8 << 10
"""For each of so many bytes it gets a second more."""

MOST_CONNECTIONS = 100
"""That are no association yet; silent ones end soon, and keep nobody else out meanwhile."""


class DicomServer(ThreadedAssociationServer):
    """Close connections of unknown addresses before anything of them is read.

    Attributes:
        networks: from which peers may call.
        is_closing: take no more.
        check_bytes: called with the association and the bytes of each part that has come, and may
            raise `OSError` to end it.
    """

    networks: Collection[Network] = ()
    is_closing = False
    check_bytes: Callable[[Any, int], None] = staticmethod(lambda association, count: None)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, request_handler=_Handler, **options)

    def get_request(self) -> tuple[Any, Any]:
        """Take a connection; the rest of it happens in its own thread."""
        connection, address = self.socket.accept()
        connection.settimeout(GRACE_S)
        return connection, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Return whether a connection is let in."""
        if not is_within(client_address[0], self.networks):
            logger.warning("a connection from %s is refused: unknown address", client_address[0])
            return False
        unborn = [each for each in self.active_associations if not each.is_established]
        return not (self.is_closing or len(unborn) >= MOST_CONNECTIONS)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Agree on encryption, and begin the association."""
        if self.ssl_context is not None:
            try:
                request = self.ssl_context.wrap_socket(request, server_side=True)
            except (OSError, ssl.SSLError) as error:
                name = type(error).__name__
                logger.warning("a connection from %s ends with %s", client_address[0], name)
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what has gone wrong, without what the peer has sent."""
        logger.error("a connection from %s has failed", client_address[0])


class _Handler(RequestHandler):
    def _create_association(self) -> Any:
        association = super()._create_association()
        transport = association.dul.socket
        # The only place where pynetdicom reads; its own way has no limit of bytes or time.
        transport.recv = partial(_receive, transport, association, self.server.check_bytes)
        return association


def is_within(address: str, networks: Collection[Network]) -> bool:
    """Return whether an address is one of some networks."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in networks)


def _receive(
    transport: Any, association: Any, check: Callable[[Any, int], None], count: int
) -> bytearray:
    """Read so many bytes, fewer if the connection ends."""
    content = bytearray()
    try:
        if count > LARGEST_PDU_BYTES:
            msg = "expected a smaller PDU"
            raise OSError(msg)
        content = _read(transport.socket, count)
        check(association, len(content))
    finally:
        if len(content) < count and association.requestor.primitive is None:
            # It would keep its place until it has waited for a request in vain.
            association.dul.to_user_queue.put(None)
    return content


def _read(connection: socket.socket, count: int) -> bytearray:
    content = bytearray(count)
    end = time.monotonic() + GRACE_S + count / SLOWEST_BYTES_PER_S
    received = 0
    try:
        while received < count:
            left = end - time.monotonic()
            if left <= 0:
                msg = "expected a PDU sooner"
                raise TimeoutError(msg)
            connection.settimeout(left)
            part = connection.recv_into(memoryview(content)[received:])
            if part == 0:
                break
            received += part
    finally:
        connection.settimeout(GRACE_S)
    return content[:received]
