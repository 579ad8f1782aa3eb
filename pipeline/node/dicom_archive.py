"""An archive that takes C-STORE (PS3.4 annex B) and storage commitment (annex J)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
)

from pipeline.node.delivery_error import DeliveryError, UnreachableError
from pipeline.node.make_tls import make_client_context
from pipeline.node.node_config import DicomDestination
from pipeline.readers.codec.quiet import quiet_decoders

_CONNECT_S, _ANSWER_S = 10, 60
_MOST_CONTEXTS = 128
_SUCCESS = 0x0000
_WARNINGS = range(0xB000, 0xC000)
_REQUEST_COMMITMENT = 1


class DicomArchive:
    """Send results by C-STORE.

    Raises:
        ConfigError: a certificate is missing or does not fit.
    """

    def __init__(self, destination: DicomDestination, aet: str) -> None:
        self._destination = destination
        self._aet = aet
        self._tls = make_client_context(destination.tls)
        self.commits = destination.commitment

    def store(self, paths: Sequence[Path]) -> Iterator[Path]:
        """Send objects, and yield each that was taken."""
        with quiet_decoders():
            objects = [(path, dcmread(path)) for path in paths]
        contexts = list({_name_context(each) for _, each in objects})[:_MOST_CONTEXTS]
        if not objects:
            return
        with self._associate(contexts) as association:
            accepted = {
                (str(each.abstract_syntax), str(each.transfer_syntax[0]))
                for each in association.accepted_contexts
            }
            for path, each in objects:
                if _name_context(each) not in accepted:
                    msg = f"it does not take {UID(each.SOPClassUID).name}"
                    raise DeliveryError(msg)
                _check(association.send_c_store(each))
                yield path

    def check(self) -> None:
        """Ask by C-ECHO whether it is there."""
        with self._associate([(str(Verification), "1.2.840.10008.1.2")]) as association:
            _check(association.send_c_echo())

    def ask_commitment(self, paths: Sequence[Path], transaction: str) -> None:
        """Ask by N-ACTION; the answer comes as N-EVENT-REPORT to our receiver."""
        request = Dataset()
        request.TransactionUID = transaction
        request.ReferencedSOPSequence = []
        for path in paths:
            with quiet_decoders():
                found = dcmread(path, specific_tags=["SOPClassUID", "SOPInstanceUID"])
            item = Dataset()
            item.ReferencedSOPClassUID = found.SOPClassUID
            item.ReferencedSOPInstanceUID = found.SOPInstanceUID
            request.ReferencedSOPSequence.append(item)
        model = str(StorageCommitmentPushModel)
        with self._associate([(model, "1.2.840.10008.1.2.1")]) as association:
            status, _ = association.send_n_action(
                request,
                _REQUEST_COMMITMENT,
                StorageCommitmentPushModel,
                StorageCommitmentPushModelInstance,
            )
            _check(status)

    @contextmanager
    def _associate(self, contexts: Sequence[tuple[str, str]]) -> Iterator[Any]:
        there = self._destination
        entity = AE(self._aet)
        entity.connection_timeout = entity.acse_timeout = _CONNECT_S
        entity.dimse_timeout = entity.network_timeout = _ANSWER_S
        for abstract, transfer in contexts:
            entity.add_requested_context(abstract, transfer)
        tls = {} if self._tls is None else {"tls_args": (self._tls, there.host)}
        try:
            association = entity.associate(there.host, there.port, ae_title=there.aet, **tls)
        except (OSError, RuntimeError) as error:
            raise UnreachableError(f"no connection ({type(error).__name__})") from error
        if not association.is_established:
            how = "it rejects us" if association.is_rejected else "it does not answer"
            raise UnreachableError(how)
        try:
            yield association
        except (OSError, RuntimeError, ValueError) as error:  # the connection breaks
            raise UnreachableError(f"the connection ends ({type(error).__name__})") from error
        finally:
            if association.is_established:
                association.release()


def _name_context(dataset: Dataset) -> tuple[str, str]:
    return str(dataset.SOPClassUID), str(dataset.file_meta.TransferSyntaxUID)


def _check(status: Dataset) -> None:
    code = status.get("Status")
    if code is None:
        raise UnreachableError("it has ended the connection, or does not answer")
    if code != _SUCCESS and code not in _WARNINGS:
        msg = f"it refuses with status 0x{code:04X}"
        raise DeliveryError(msg)
