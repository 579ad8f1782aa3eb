"""What a department decides: who may send, where results go, how long anything is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pipeline.errors import ConfigError

try:
    from pydantic import Field
except ImportError as missing:
    _msg = f"expected the packages of the extra 'node', {missing.name} is missing"
    raise ConfigError(_msg) from missing

# PS3.5 section 6.2, AE: no control characters and no backslash, not only spaces.
AeTitle = Annotated[str, Field(pattern=r"^[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]

_STRICT = {"extra": "forbid", "strict": True}


@dataclass(frozen=True)
class Tls:
    """Who we are on an encrypted connection, and whom we believe.

    Attributes:
        certificate: our own, PEM; a client needs one only if the other side asks for it.
        key: its private key, PEM.
        ca: those whose certificates are believed, PEM. A server that has it asks each client for
            a certificate; a client without it believes the system's.
    """

    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Receive:
    """The C-STORE service.

    Attributes:
        aet: our AE title.
        also_called: further AE titles under which we are called, for rules.
        host: address to listen on.
        port: 0 takes any that is free.
        silence_s: a study is complete when nothing of it has come for so many seconds.
        disk_reserve_gib: no image is taken when less is free.
        most_studies: no new study is taken when so many wait.
        most_associations: at a time.
        most_instance_gib: largest image.
        tls: none is without encryption.
    """

    aet: AeTitle = "BREASTUSSEG"
    also_called: tuple[AeTitle, ...] = ()
    host: str = "127.0.0.1"
    port: Port = 11112
    silence_s: NotNegative = 30.0
    disk_reserve_gib: NotNegative = 5.0
    most_studies: Annotated[int, Field(ge=1)] = 500
    most_associations: Annotated[int, Field(ge=1, le=200)] = 20
    most_instance_gib: Positive = 4.0
    tls: Tls | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Web:
    """Health, metrics and STOW-RS.

    Attributes:
        host: address to listen on.
        port: 0 takes any that is free.
        names: further names under which it is reached.
        tls: none is without encryption.
    """

    host: str = "127.0.0.1"
    port: Port = 8081
    names: tuple[str, ...] = ()
    tls: Tls | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Source:
    """Who may send.

    Attributes:
        name: for rules, log and audit.
        aet: AE title by which it calls; without it, it may not use C-STORE.
        addresses: addresses or networks it may call from, as ``10.1.0.0/24``.
        token_file: file of the token by which it may use STOW-RS; without it, it may not.
    """

    name: Name
    aet: AeTitle | None = None
    addresses: tuple[str, ...] = ()
    token_file: Path | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Rule:
    """Where results go; the first rule that fits counts.

    Attributes:
        to: names of destinations; empty for nowhere.
        source: name of who sent; `None` fits all, as do the others.
        called: AE title by which we were called.
        modality: *Modality* (0008,0060) of the images.
    """

    to: tuple[Name, ...]
    source: Name | None = None
    called: AeTitle | None = None
    modality: str | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class DicomDestination:
    """An archive that takes C-STORE.

    Attributes:
        kind: ``dicom``.
        name: for rules, log and audit.
        aet: its AE title.
        host: its name or address.
        port: its port.
        commitment: results are done with only when it has committed itself to keep them (PS3.4
            annex J).
        tls: none is without encryption.
    """

    kind: Literal["dicom"]
    name: Name
    aet: AeTitle
    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    commitment: bool = False
    tls: Tls | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class WebDestination:
    """An archive that takes STOW-RS.

    Attributes:
        kind: ``dicomweb``.
        name: for rules, log and audit.
        url: of its DICOMweb service.
        user: its login, with `password_file`.
        password_file: file of the password.
        token_file: file of a bearer token.
        tls: certificates; an address that begins with https needs none.
    """

    kind: Literal["dicomweb"]
    name: Name
    url: Annotated[str, Field(pattern=r"^https?://[^@\s]+$")]
    user: str = ""
    password_file: Path | None = None
    token_file: Path | None = None
    tls: Tls | None = None

    __pydantic_config__ = _STRICT


Destination = Annotated[DicomDestination | WebDestination, Field(discriminator="kind")]


@dataclass(frozen=True)
class Process:
    """The segmentation.

    Attributes:
        bundle_root: folder around ``configs/``; `None` takes the one that came with the command.
        set: keys of ``inference.json`` and their values, as ``--set`` has.
        timeout_s: a study that takes longer counts as if its process had ended.
    """

    bundle_root: Path | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: Positive = 3600.0

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Keep:
    """When anything is deleted.

    Attributes:
        sent_days: after the results were sent.
        failed_days: after the last try.
    """

    sent_days: NotNegative = 1.0
    failed_days: NotNegative = 30.0

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class NodeConfig:
    """All of it.

    Attributes:
        folder: of images, results and the queue; on one file system.
        source: who may send.
        rule: where results go.
        destination: archives.
        retry_minutes: pauses between tries, after which a study is put aside.
        receive: see `Receive`.
        web: see `Web`; `None` for none.
        process: see `Process`.
        keep: see `Keep`.
    """

    folder: Path
    source: Annotated[tuple[Source, ...], Field(min_length=1)]
    rule: Annotated[tuple[Rule, ...], Field(min_length=1)]
    destination: tuple[Destination, ...] = ()
    retry_minutes: tuple[NotNegative, ...] = (1.0, 5.0, 15.0, 60.0)
    receive: Receive = Receive()
    web: Web | None = None
    process: Process = Process()
    keep: Keep = Keep()

    __pydantic_config__ = _STRICT
