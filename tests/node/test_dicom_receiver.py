"""A receiver on this machine, and peers that are good, unknown and hostile."""

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage, SecondaryCaptureImageStorage

from node.node_parts import make_image
from pipeline.errors import ConfigError
from pipeline.node.dicom_receiver import DicomReceiver
from pipeline.node.dicom_server import LARGEST_PDU_BYTES, is_within
from pipeline.node.intake import Intake
from pipeline.node.node_config import NodeConfig, Receive, Rule, Source
from pipeline.node.spool import Spool, State

pytestmark = pytest.mark.enable_socket


def _make_config(folder: Path, port: int = 0) -> NodeConfig:
    return NodeConfig(
        folder,
        source=(
            Source("scanner", "US1", ("127.0.0.1",)),
            Source("elsewhere", "US2", ("10.0.0.0/8",)),
        ),
        rule=(Rule(()),),
        receive=Receive(
            "SEG", also_called=("OTHERSEG",), port=port, disk_reserve_gib=0.0, most_associations=3
        ),
    )


@pytest.fixture(scope="module")
def receiver(tmp_path_factory) -> Iterator[DicomReceiver]:
    config = _make_config(tmp_path_factory.mktemp("node") / "spool")
    intake = Intake(Spool(config.folder), config.receive)
    opened = DicomReceiver(config, intake, lambda *_: None)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _empty(receiver):
    for study in receiver._intake.spool.list(State.RECEIVED):
        receiver._intake.forget(study)
    receiver._intake.close_quiet(silence_s=0)


def _associate(receiver, datasets, calling="US1", called="SEG"):
    entity = AE(calling)
    for dataset in datasets:
        entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
    return entity.associate("127.0.0.1", receiver.port, ae_title=called)


def _send(receiver, *datasets, called="SEG"):
    association = _associate(receiver, datasets, called=called)
    assert association.is_established
    try:
        return [association.send_c_store(dataset).Status for dataset in datasets]
    finally:
        association.release()


def _list_studies(receiver):
    return receiver._intake.spool.list(State.RECEIVED)


def test_images_are_stored_as_they_came(receiver):
    dataset = make_image(1, study=1)
    assert _send(receiver, dataset, called="OTHERSEG") == [0]
    (study,) = _list_studies(receiver)
    assert (study.record.source, study.record.called) == ("scanner", "OTHERSEG")
    (path,) = study.list_images()
    content = path.read_bytes()
    assert dataset.PixelData in content
    assert content[128:132] == b"DICM"
    assert str(dataset.file_meta.TransferSyntaxUID).encode() in content


def test_other_classes_are_not_accepted(receiver):
    entity = AE("US1")
    entity.add_requested_context(CTImageStorage)
    entity.add_requested_context(SecondaryCaptureImageStorage)
    association = entity.associate("127.0.0.1", receiver.port, ae_title="SEG")
    accepted = [str(context.abstract_syntax) for context in association.accepted_contexts]
    association.release()
    assert accepted == [SecondaryCaptureImageStorage]


@pytest.mark.parametrize(
    ("calling", "called"), [("NOBODY", "SEG"), ("US2", "SEG"), ("US1", "OTHER")]
)
def test_unknown_titles_are_rejected(receiver, calling, called):
    association = _associate(receiver, [make_image()], calling, called)
    assert association.is_rejected
    assert not _list_studies(receiver)


def test_unknown_addresses_are_not_listened_to(receiver, monkeypatch):
    monkeypatch.setattr(receiver._server, "networks", ())
    with socket.create_connection(("127.0.0.1", receiver.port)) as peer:
        peer.settimeout(5)
        assert peer.recv(1) == b""


def _is_ended(peer: socket.socket) -> bool:
    peer.settimeout(5)
    try:
        while peer.recv(4096):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "content",
    [
        struct.pack(">BBL", 1, 0, LARGEST_PDU_BYTES + 1) + bytes(1000),
        struct.pack(">BBL", 4, 0, 0xFFFFFFFF),
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">BBL", 1, 0, 100_000) + bytes(100_000),
    ],
    ids=["too long", "4 GiB", "another protocol", "no contexts"],
)
def test_nonsense_ends_the_connection_and_nothing_else(receiver, content):
    with socket.create_connection(("127.0.0.1", receiver.port)) as peer:
        peer.sendall(content)
        assert _is_ended(peer)
    assert _send(receiver, make_image(2, study=2)) == [0]


def test_half_a_pdu_is_not_waited_for_for_ever(receiver, monkeypatch):
    monkeypatch.setattr("pipeline.node.dicom_server.GRACE_S", 0.5)
    with socket.create_connection(("127.0.0.1", receiver.port)) as peer:
        peer.sendall(struct.pack(">BBL", 1, 0, 100))
        begin = time.monotonic()
        assert _is_ended(peer)
        assert time.monotonic() - begin < 5


def test_connections_that_say_nothing_keep_nobody_out(receiver):
    silent = [socket.create_connection(("127.0.0.1", receiver.port)) for _ in range(30)]
    try:
        assert _send(receiver, make_image(4, study=4)) == [0]
    finally:
        for each in silent:
            each.close()


def test_broken_connections_give_their_place_back(receiver):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", receiver.port)) as peer:
            peer.sendall(struct.pack(">BBL", 1, 0, LARGEST_PDU_BYTES + 1))
            assert _is_ended(peer)
    end = time.monotonic() + 8  # less than a request is waited for
    while receiver._server.active_associations and time.monotonic() < end:
        time.sleep(0.1)
    assert not receiver._server.active_associations


def test_more_associations_than_are_allowed_are_rejected_for_now(receiver):
    open_ones = [_associate(receiver, [make_image()]) for _ in range(3)]
    try:
        assert [each.is_established for each in open_ones] == [True, True, True]
        assert _associate(receiver, [make_image()]).is_rejected
    finally:
        for each in open_ones:
            each.release()


def test_an_image_that_breaks_off_leaves_nothing(receiver):
    association = _associate(receiver, [make_image(3, study=3)])
    association.abort()
    assert not _list_studies(receiver)


def test_a_taken_port_is_reported(receiver, tmp_path):
    config = _make_config(tmp_path / "spool", receiver.port)
    with pytest.raises(ConfigError, match=r"choose another receive\.port"):
        DicomReceiver(config, receiver._intake, lambda *_: None)


def test_is_within_knows_mapped_addresses():
    import ipaddress

    networks = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1")]
    assert is_within("10.1.2.3", networks)
    assert is_within("::ffff:10.1.2.3", networks)
    assert is_within("::1", networks)
    assert not is_within("11.1.2.3", networks)
    assert not is_within("nonsense", networks)
