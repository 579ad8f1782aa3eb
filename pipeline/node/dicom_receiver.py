"""C-STORE service class provider (PS3.4 annex B): takes ultrasound of known peers, as it is."""

import ipaddress
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydicom.uid import UncompressedTransferSyntaxes
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, _config, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

from pipeline.errors import ConfigError
from pipeline.get_logger import get_logger
from pipeline.node.dicom_server import MOST_CONNECTIONS, DicomServer, Network, is_within
from pipeline.node.intake import Intake
from pipeline.node.make_tls import make_server_context
from pipeline.node.node_config import DicomDestination, NodeConfig
from pipeline.node.refused_error import Refusal, RefusedError
from pipeline.readers.dicom.dicom_classes import ULTRASOUND_CLASSES

logger = get_logger(__name__)

Report = Callable[[str, list[str]], None]

_SUCCESS, _FAILURE = 0x0000, 0x0110
_UNKNOWN_CALLING, _UNKNOWN_CALLED = (0x01, 0x01, 0x03), (0x01, 0x01, 0x07)
_TOO_MANY = (0x02, 0x03, 0x02)
"""Result, source and diagnostic of A-ASSOCIATE-RJ, PS3.8 table 9-21; the last is for now only."""
_IDLE_S, _REQUEST_S = 60, 10
_MAX_PDU_BYTES = 256 << 10
_GIB, _STEP = 1 << 30, 16 << 20
_SECONDS_TO_END = 20.0


@dataclass(frozen=True)
class _Peer:
    name: str
    aet: str
    networks: tuple[Network, ...]
    may_store: bool


@dataclass
class _Meter:
    """Bytes of an association since its last image."""

    received: int = 0
    checked: int = field(default=0)


class DicomReceiver:
    """Listen, and hand images to the intake.

    Args:
        config: of the node.
        intake: takes images.
        report: called with an archive's storage commitment: the UID of the transaction, and the
            SOP Instance UIDs that it does not keep.

    Raises:
        ConfigError: the address is taken, or a certificate does not fit.
    """

    def __init__(self, config: NodeConfig, intake: Intake, report: Report) -> None:
        self._settings = config.receive
        self._intake = intake
        self._report = report
        self._called = {config.receive.aet, *config.receive.also_called}
        self._peers = _list_peers(config)
        self._meters: dict[int, _Meter] = {}
        self._server = self._listen()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Take no more connections, and let those that are there end for a while."""
        end = time.monotonic() + _SECONDS_TO_END
        self._server.is_closing = True
        while self._list_established() and time.monotonic() < end:
            time.sleep(0.1)
        for association in self._list_established():
            association.abort()
        self._server.shutdown()

    def _list_established(self) -> list[Any]:
        return [each for each in self._server.active_associations if each.is_established]

    def _listen(self) -> Any:
        _prepare_library(self._intake)
        settings = self._settings
        entity = AE(settings.aet)
        # We count those that are established, and not who has only connected.
        entity.maximum_associations = settings.most_associations + MOST_CONNECTIONS
        entity.maximum_pdu_size = _MAX_PDU_BYTES
        entity.acse_timeout, entity.dimse_timeout = _REQUEST_S, _IDLE_S
        entity.network_timeout = _IDLE_S
        entity.add_supported_context(Verification)
        for uid in ULTRASOUND_CLASSES:
            entity.add_supported_context(uid, ALL_TRANSFER_SYNTAXES)
        entity.add_supported_context(
            StorageCommitmentPushModel,
            list(UncompressedTransferSyntaxes),
            scu_role=True,
            scp_role=True,
        )
        handlers = [
            (evt.EVT_REQUESTED, self._check_peer),
            (evt.EVT_CONN_CLOSE, self._forget),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_N_EVENT_REPORT, self._take_report),
        ]
        try:
            server = entity.make_server(
                _find_address(settings.host, settings.port),
                ae_title=settings.aet,
                contexts=entity.supported_contexts,
                ssl_context=make_server_context(settings.tls),
                evt_handlers=handlers,
                server_class=DicomServer,
            )
        except OSError as error:
            msg = (
                f"expected to listen at {settings.host}, port {settings.port}, got: "
                f"{error.strerror}; choose another receive.port, or end the other node"
            )
            raise ConfigError(msg) from error
        server.networks = [network for peer in self._peers for network in peer.networks]
        server.check_bytes = self._check_bytes
        entity._servers.append(server)  # where it looks for associations, to count them
        threading.Thread(target=server.serve_forever, name="dicom", daemon=True).start()
        return server

    def _find_peer(self, association: Any) -> _Peer | None:
        primitive = association.requestor.primitive
        address = association.requestor.address_info.address
        calling = str(primitive.calling_ae_title).strip()
        for peer in self._peers:
            if peer.aet == calling and is_within(address, peer.networks):
                return peer
        return None

    def _check_peer(self, event: Any) -> None:
        """Reject associations of AE titles that are not in the config, at these addresses."""
        association = event.assoc
        if self._find_peer(association) is None:
            reason = _UNKNOWN_CALLING
        elif str(association.requestor.primitive.called_ae_title).strip() not in self._called:
            reason = _UNKNOWN_CALLED
        elif len(self._list_established()) >= self._settings.most_associations:
            reason = _TOO_MANY
        else:
            # pynetdicom knows a single title only
            association.acceptor.ae_title = association.requestor.primitive.called_ae_title
            return
        address = association.requestor.address_info.address
        why = "too many at a time" if reason is _TOO_MANY else "unknown AE title"
        logger.warning("an association of %s is rejected: %s", address, why)
        association.acse.send_reject(*reason)
        association.kill()  # when that is on its way

    def _store(self, event: Any) -> int:
        self._meters.pop(id(event.assoc), None)
        path = event.dataset_path
        peer = self._find_peer(event.assoc)
        if peer is None or not peer.may_store:
            path.unlink(missing_ok=True)
            return int(Refusal.NOT_ALLOWED.value)
        called = str(event.assoc.requestor.primitive.called_ae_title).strip()
        instance = str(event.request.AffectedSOPInstanceUID or "")
        try:
            self._intake.store(path, source=peer.name, called=called, instance=instance)
        except RefusedError as error:
            return int(error.refusal.value)
        return _SUCCESS

    def _take_report(self, event: Any) -> tuple[int, None]:
        try:
            information = event.event_information
            failed = [
                str(item.ReferencedSOPInstanceUID)
                for item in information.get("FailedSOPSequence", [])
            ]
            self._report(str(information.TransactionUID), failed)
        except Exception as error:  # whatever a damaged report leads to in pydicom
            logger.error("a storage commitment cannot be taken: %s", type(error).__name__)
            return _FAILURE, None
        return _SUCCESS, None

    def _check_bytes(self, association: Any, count: int) -> None:
        """End an association whose image is too large, or for which there is no room any more."""
        meter = self._meters.setdefault(id(association), _Meter())
        meter.received += count
        if meter.received > self._settings.most_instance_gib * _GIB:
            msg = "expected a smaller image"
            raise OSError(msg)
        if meter.received - meter.checked > _STEP:
            meter.checked = meter.received
            reserve = self._settings.disk_reserve_gib * _GIB
            if self._intake.spool.measure_free_bytes() < reserve / 2:
                msg = "expected more free disk"
                raise OSError(msg)

    def _forget(self, event: Any) -> None:
        self._meters.pop(id(event.assoc), None)


def _prepare_library(intake: Intake) -> None:
    """Let data sets go to files, where they can be renamed from."""
    tempfile.tempdir = str(intake.spool.incoming)
    _config.STORE_RECV_CHUNKED_DATASET = True
    _config.LOG_HANDLER_LEVEL = "none"


def _list_peers(config: NodeConfig) -> list[_Peer]:
    peers = [
        _Peer(
            source.name,
            source.aet,
            tuple(ipaddress.ip_network(address) for address in source.addresses),
            may_store=True,
        )
        for source in config.source
        if source.aet
    ]
    for each in config.destination:
        if isinstance(each, DicomDestination) and each.commitment:
            peers.append(_Peer(each.name, each.aet, _resolve(each.host), may_store=False))
    return peers


def _resolve(host: str) -> tuple[Network, ...]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        msg = f"expected the address of {host}, got: {error.strerror}"
        raise ConfigError(msg) from error
    return tuple({ipaddress.ip_network(str(entry[4][0])) for entry in found})


def _find_address(host: str, port: int) -> tuple[str, int]:
    return host.strip("[]"), port
