"""The weights of a network: read, checked and hashed once, and loaded into what computes."""

import hashlib
import io
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

import torch
from torch import nn

from pipeline.errors import ConfigError, SettingError
from pipeline.inferers.exported_network import PACKAGES, Backend, ExportedNetwork, choose_backend
from pipeline.inferers.fast_bf16 import has_fast_bf16
from pipeline.inferers.model_identity import MODEL_NAME, ModelIdentity


class Model:
    """The weights of a run, and what computes with them.

    Nothing is read before it is asked for. The file is opened once; PyTorch loads it only if
    PyTorch computes.

    Args:
        weights: a plain state_dict; if a ``.sha256`` file lies beside it, its hash must agree.
        network: what they are for; gets them by `load`.
        backend: what computes; ``onnx`` and ``openvino`` need an export of the weights and the CPU,
            ``auto`` takes the fastest of what is there.
        bf16: compute in bfloat16 where the CPU has instructions for it.
    """

    def __init__(
        self,
        weights: str | Path,
        network: nn.Module,
        *,
        backend: Backend | Literal["auto"] = "torch",
        bf16: bool = True,
    ) -> None:
        self.path = Path(weights)
        self.network = network
        self.bf16 = bf16 and has_fast_bf16()
        self._wanted = backend
        self._content: bytes | None = None
        self._is_loaded = False

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the weights, in hexadecimal.

        Raises:
            SettingError: there is no such file, or it is not what its ``.sha256`` file says.
        """
        if not self.path.is_file():
            raise SettingError("ckpt", f"expected weights at {self.path}, found none")
        try:
            self._content = self.path.read_bytes()
        except OSError as error:
            problem = f"expected to read weights from {self.path}, got {error.strerror}"
            raise SettingError("ckpt", problem) from error
        digest = hashlib.sha256(self._content).hexdigest()
        sums = self.path.with_name(self.path.name + ".sha256")
        if sums.is_file() and sums.read_text("utf-8").split()[:1] != [digest]:
            problem = f"expected {self.path} to have the hash in {sums.name}: "
            raise SettingError("ckpt", f"{problem}it is damaged or replaced")
        return digest

    @property
    def identity(self) -> ModelIdentity:
        """Name, version and hash, as results name the model."""
        return ModelIdentity.of_hash(MODEL_NAME, self.sha256)

    @cached_property
    def backend(self) -> Backend:
        """What computes.

        Raises:
            ConfigError: the backend is unknown.
        """
        if self._wanted not in ("torch", "auto", *PACKAGES):
            known = ", ".join(("torch", "auto", *PACKAGES))
            msg = f"expected a backend of {known}, got {self._wanted!r}"
            raise ConfigError(msg)
        if self._wanted == "torch" or self._device != "cpu":
            return "torch"
        if self._wanted == "auto":
            return choose_backend(self.path, self.sha256, self.network, bf16=self.bf16)
        return cast(Backend, self._wanted)

    @cached_property
    def exported(self) -> ExportedNetwork | None:
        """The exported network, if one computes.

        Raises:
            ConfigError: the backend is not installed, or has no export of these weights.
        """
        if self.backend == "torch":
            return None
        return ExportedNetwork(
            self.path, self.backend, sha256=self.sha256, network=self.network, bf16=self.bf16
        )

    @property
    def computed_by(self) -> str:
        """Backend, precision and device: what may change a result in its last digits."""
        return f"{self.backend}, {'bfloat16' if self.bf16 else 'float32'}, {self._device}"

    def load(self) -> None:
        """Load what computes; does nothing the second time.

        Raises:
            ConfigError: the weights are missing, damaged, no numbers, or do not fit the network;
                or the backend cannot be used.
        """
        if self._is_loaded:
            return
        if self.exported is None:
            self.network.load_state_dict(self.read_state())
        self.network.eval()
        self._content = None
        self._is_loaded = True

    def read_state(self) -> dict[str, torch.Tensor]:
        """Read the weights.

        Returns:
            Tensors by name, on the CPU.

        Raises:
            SettingError: the file is missing, damaged, holds no numbers, or does not fit.
        """
        digest = self.sha256
        content = self.path.read_bytes() if self._content is None else self._content
        if hashlib.sha256(content).hexdigest() != digest:
            raise SettingError("ckpt", f"expected {self.path} at rest, it was changed meanwhile")
        try:
            state: dict[str, torch.Tensor] = torch.load(
                io.BytesIO(content), map_location="cpu", weights_only=True
            )
            if "objects" in state:
                problem = f"expected weights in {self.path}, got a training to resume: "
                raise SettingError("ckpt", f"{problem}take the model.pt beside it")
            shapes = {name: value.shape for name, value in state.items()}
        except SettingError:
            raise
        except Exception as error:  # torch raises whatever the damage leads to
            problem = f"expected a state_dict in {self.path}, got {type(error).__name__} when "
            raise SettingError("ckpt", f"{problem}loading it") from error
        if shapes != {name: value.shape for name, value in self.network.state_dict().items()}:
            problem = f"expected weights of the config's network_def in {self.path}, got those of "
            raise SettingError("ckpt", f"{problem}another")
        for name, value in state.items():
            if not torch.isfinite(value).all():
                problem = f"expected numbers in {self.path}, got NaN or infinity in {name}"
                raise SettingError("ckpt", f"{problem}: its training has failed")
        return state

    @property
    def _device(self) -> str:
        return next((weight.device.type for weight in self.network.parameters()), "cpu")
