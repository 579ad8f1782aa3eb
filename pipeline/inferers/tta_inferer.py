"""Run the network on an image and its mirror image, as fast as a CPU can."""

from collections.abc import Callable
from typing import Any, TypeGuard

import torch
from monai.data import MetaTensor
from monai.inferers import SimpleInferer
from torch import nn

from pipeline.inferers.fast_bf16 import has_fast_bf16
from pipeline.inferers.model import Model
from pipeline.inferers.prepare_network import prepare_network

_IMAGES_AT_ONCE = 2
"""What the layers pass on of two images stays in the cache; of sixteen, each takes 40 % longer."""


class TTAInferer(SimpleInferer):
    """Run the network under autocast, and on the mirrored image too if wanted.

    Without gradients, on a CPU, a copy of the network that `prepare_network` makes is run in its
    place. It is made again when the weights have changed.

    Args:
        bf16: compute in bfloat16 where the CPU has instructions for it; `False` keeps float32.
            On another device than the CPU it is ignored (`SupervisedTrainer` has `amp` for that).
        flip: average the logits with those of the image mirrored left to right. Only for
            networks that return logits of the input's height and width.
        model: of the network; its export computes in place of the copy if it has one, and its
            precision is taken instead of `bf16`.

    Examples:
        >>> inferer = TTAInferer(flip=True)
        >>> inferer(torch.tensor([[[[1.0, 3.0]]]]), torch.nn.Identity()).tolist()
        [[[[1.0, 3.0]]]]
    """

    def __init__(
        self,
        *,
        bf16: bool = True,
        flip: bool = False,
        model: Model | None = None,
    ) -> None:
        super().__init__()
        self.bf16 = (bf16 and has_fast_bf16()) if model is None else model.bf16
        self.flip = flip
        self.model = model
        self._prepared: _Prepared | None = None

    def __call__(
        self,
        inputs: torch.Tensor,
        network: Callable[..., torch.Tensor],
        *args: Any,
        **kwargs: Any,
    ) -> torch.Tensor:
        """Run the network.

        Args:
            inputs: (B, C, H, W) float32.
            network: returns logits (B, C', H, W).
            args: further arguments of the network.
            kwargs: further keyword arguments of the network.

        Returns:
            Logits (B, C', H, W), float32; with the metadata of the inputs, if they have some.
        """
        # Each layer would ask a MetaTensor for its metadata, which takes longer than some layers.
        plain = inputs.as_subclass(torch.Tensor)
        exported = None if self.model is None else self.model.exported
        if exported is not None:  # the network itself has no weights then
            logits = self._run_in_parts(plain, exported)
        elif _is_frozen(network) and plain.is_cpu and not (args or kwargs):
            logits = self._run_in_parts(plain, self._prepare(network))
        else:
            logits = self._run(plain, network, *args, **kwargs)
        if isinstance(inputs, MetaTensor):
            logits = MetaTensor(logits).copy_meta_from(inputs)
        return logits

    def _run(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16 and inputs.is_cpu):
            logits = network(inputs, *args, **kwargs).float()
            if self.flip:
                mirrored = network(inputs.flip(-1), *args, **kwargs).float()
                logits = (logits + mirrored.flip(-1)) / 2
        return logits

    def _run_in_parts(
        self, inputs: torch.Tensor, run: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        if not self.flip:
            return torch.cat([run(part) for part in torch.split(inputs, _IMAGES_AT_ONCE)])
        logits = []
        for part in torch.split(inputs, _IMAGES_AT_ONCE // 2):
            plain, mirrored = run(torch.cat([part, part.flip(-1)])).chunk(2)
            logits.append((plain + mirrored.flip(-1)) / 2)
        return torch.cat(logits)

    def _prepare(self, network: nn.Module) -> "_Prepared":
        if self._prepared is None or not self._prepared.is_of(network):
            self._prepared = _Prepared(network, bf16=self.bf16)
        return self._prepared


class _Prepared:
    """A prepared copy, and the state of the weights that it was made of."""

    def __init__(self, network: nn.Module, *, bf16: bool) -> None:
        self._network = network
        self._weights = [*network.parameters(), *network.buffers()]
        self._state = self._describe()
        self._copy = prepare_network(network, bf16=bf16)
        self._dtype = torch.bfloat16 if bf16 else torch.float32

    def is_of(self, network: nn.Module) -> bool:
        return network is self._network and self._describe() == self._state

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        inputs = inputs.to(self._dtype, memory_format=torch.channels_last)
        logits: torch.Tensor = self._copy(inputs)
        return logits.float().contiguous()

    def _describe(self) -> list[tuple[int, int]]:
        return [(weight.data_ptr(), weight._version) for weight in self._weights]


def _is_frozen(network: Callable[..., Any]) -> TypeGuard[nn.Module]:
    """Return whether this is a network with weights, and not being trained."""
    return (
        isinstance(network, nn.Module)
        and not network.training
        and not torch.is_grad_enabled()
        and next(network.parameters(), None) is not None
    )
