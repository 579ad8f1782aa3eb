"""UNet that outlines lesions, with two heads that judge the outlines."""

from collections.abc import Sequence

import torch
from monai.networks.nets import FlexibleUNet
from monai.networks.nets.flexible_unet import FLEXUNET_BACKBONE, SegmentationHead
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate

from pipeline.networks.presence_head import PresenceHead

_LEVELS = 3
"""The deepest maps of the way down, and of the way up, that the judging head looks at."""


class LesionUNet(FlexibleUNet):
    """MONAI's `FlexibleUNet` for the outline, and two small heads for what is outlined.

    The way up ends at half of the image's height and width, and the logits are interpolated from
    there: the last level of a UNet works on the largest maps, and the border of a lesion is
    smoother than that.

    The heads look at what both ways of the UNet have found, and pass no gradient back: learning
    what is malignant cannot change an outline. `PresenceHead` is not trained at all but fitted to
    the finished network (see `FitPresence`).

    The output has three channels of logits: lesion; malignancy, of a lesion that is there; and
    presence, whether what is outlined there is a lesion at all. The last two mean something inside
    an outline only, as a mean over it.

    Args:
        in_channels: of the image.
        backbone: name of an encoder of `FlexibleUNet` with five outputs.
        decoder_channels: of the maps of the way up, at 1/16, 1/8, 1/4 and 1/2 of the image's size.
        head_channels: width of the judging head.
        dropout: share of its channels that is left out in training, 0 to 1.
    """

    def __init__(
        self,
        *,
        in_channels: int = 1,
        backbone: str = "efficientnet-lite0",
        decoder_channels: Sequence[int] = (160, 80, 48, 32),
        head_channels: int = 96,
        dropout: float = 0.2,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            out_channels=1,
            backbone=backbone,
            decoder_channels=(*decoder_channels, decoder_channels[-1]),
            is_pad=False,
        )
        self.decoder.blocks = self.decoder.blocks[:-1]
        self.segmentation_head = SegmentationHead(2, decoder_channels[-1], 1, scale_factor=2)
        encoder_channels = FLEXUNET_BACKBONE.register_dict[backbone]["feature_channel"]
        self.judging_head = _JudgingHead(
            (*encoder_channels[-_LEVELS:], *decoder_channels[:_LEVELS]), head_channels, dropout
        )
        self.presence_head = PresenceHead((*encoder_channels, *decoder_channels), deepest=4)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Segment images.

        Args:
            inputs: (B, C, H, W) float, zero mean and unit variance; H and W multiples of 32.

        Returns:
            Logits (B, 3, H, W): lesion, malignancy, presence.
        """
        maps = self.list_maps(inputs)
        lesion = self.segmentation_head(maps[-1])
        seen = [level.detach() for level in maps]
        malignancy = self.judging_head(seen[2:8], lesion.detach())
        presence = self.presence_head(seen, lesion.shape[2:])
        return torch.cat([lesion, malignancy, presence], dim=1)

    def list_maps(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """Compute the features of all levels.

        Args:
            inputs: see `forward`.

        Returns:
            Those of the way down, at 1/2 to 1/32 of the image's size, then those of the way up, at
            1/16 to 1/2.
        """
        encoded: list[torch.Tensor] = self.encoder(inputs)
        maps = list(encoded)
        features = encoded[-1]
        for number, block in enumerate(self.decoder.blocks):
            features = block(features, encoded[3 - number])
            maps.append(features)
        return maps


class _JudgingHead(nn.Module):
    """Malignancy at an eighth of the image's size, from maps of several sizes."""

    def __init__(self, in_channels: Sequence[int], channels: int, dropout: float) -> None:
        super().__init__()
        self.projections = nn.ModuleList(
            nn.Sequential(nn.Conv2d(count, channels, 1, bias=False), nn.BatchNorm2d(channels))
            for count in in_channels
        )
        self.outline = nn.Conv2d(1, channels, 1, bias=False)
        self.whole = nn.Conv2d(in_channels[_LEVELS - 1], channels, 1)
        self.mix = nn.Sequential(nn.ReLU(), nn.Dropout2d(dropout))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(
                    channels, channels, 5, padding=2 * spread, dilation=spread, groups=channels
                ),
                nn.Conv2d(channels, channels, 1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            )
            for spread in (1, 2)
        )
        self.out = nn.Conv2d(channels, 1, 1)

    def forward(self, features: list[torch.Tensor], lesion: torch.Tensor) -> torch.Tensor:
        if self.training:
            return self._judge_in_float32(features, lesion)
        return self._judge(features, lesion)

    @torch.jit.unused
    def _judge_in_float32(self, features: list[torch.Tensor], lesion: torch.Tensor) -> torch.Tensor:
        # On CPUs with bfloat16, oneDNN's gradient of a dilated convolution by channel is now and
        # then what lay in the memory, and clipping then takes the gradients of all other weights.
        with torch.autocast(lesion.device.type, enabled=False):
            return self._judge([level.float() for level in features], lesion.float())

    def _judge(self, features: list[torch.Tensor], lesion: torch.Tensor) -> torch.Tensor:
        size = features[0].shape[2:]
        # Where the outline is: what the head is asked about.
        mixed = self.outline(avg_pool2d(lesion.sigmoid(), 8))
        mixed = mixed + self.whole(features[2].mean(dim=(2, 3), keepdim=True))
        for number, projection in enumerate(self.projections):
            level = projection(features[number])
            mixed = mixed + interpolate(level, size, mode="bilinear", align_corners=False)
        mixed = self.mix(mixed)
        for block in self.blocks:
            mixed = mixed + block(mixed)
        return interpolate(self.out(mixed), lesion.shape[2:], mode="bilinear", align_corners=False)
