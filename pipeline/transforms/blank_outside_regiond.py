"""Blacken what lies outside the ultrasound: it may name the patient."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

_LINES = 256
"""Lines of pixels that are rounded at once: floats of a large image take much memory."""


class BlankOutsideRegiond(MapTransform):
    """Set pixels outside the ``region_parts`` of the metadata to 0, at the same size.

    For images that are shown to a person or written, as a copy of a console shows its text, and
    for what was made of the box around regions that overlap: its corners are in none of them.

    Args:
        keys: images (C, H, W), as `MetaTensor` of `UltrasoundReader`, or others of its size.
        region_key: whose metadata counts for all keys; `None` takes that of each key.
        output_key: where the result of the only key goes; `None` replaces it. It shares its pixels
            with it if there is nothing to blank.
        blank_unknown: blacken the whole image if its regions are not known, as nothing separates
            its tissue from a burned-in name. `False` shows it.
        as_levels: round to whole grey levels, uint8, which take a quarter of the memory.
        only_overlapping: leave alone what has no regions that overlap, as it is 0 outside of its
            region anyway; this takes neither time nor memory.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        region_key: Hashable | None = None,
        output_key: Hashable | None = None,
        blank_unknown: bool = True,
        as_levels: bool = False,
        only_overlapping: bool = False,
    ) -> None:
        super().__init__(keys)
        self.region_key = region_key
        self.output_key = output_key
        self.blank_unknown = blank_unknown
        self.as_levels = as_levels
        self.only_overlapping = only_overlapping

    def __call__(self, data: Mapping[Hashable, MetaTensor]) -> dict[Hashable, MetaTensor]:
        """Blank each key by its own regions, or by those of one key.

        Returns:
            A copy of the item with the keys blanked, or with `output_key` added.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            image = item[key]
            meta = item[key if self.region_key is None else self.region_key].meta
            if self.only_overlapping and not _has_overlaps(meta):
                continue
            is_shown = bool(meta["region_known"]) or not self.blank_unknown
            parts = [[int(edge) for edge in part] for part in meta["region_parts"]]
            if self.as_levels:
                parts = parts if is_shown else []
                item[self.output_key or key] = _keep_levels(image, parts)
                continue
            if not is_shown or [0, 0, *image.shape[-2:]] not in parts:
                kept = _keep(image, parts if is_shown else [])
            else:
                kept = MetaTensor(image.as_subclass(torch.Tensor)).copy_meta_from(image)
            item[self.output_key or key] = kept
        return item


def _keep(image: MetaTensor, parts: list[list[int]]) -> MetaTensor:
    kept = torch.zeros_like(image)
    for row0, column0, row1, column1 in parts:
        inside = (..., slice(row0, row1), slice(column0, column1))
        kept[inside] = image[inside]
    return kept


def _keep_levels(image: MetaTensor, parts: list[list[int]]) -> MetaTensor:
    plain = image.as_subclass(torch.Tensor)
    if plain.dtype == torch.uint8 and [0, 0, *image.shape[-2:]] in parts:
        return MetaTensor(plain).copy_meta_from(image)
    kept = torch.zeros(image.shape, dtype=torch.uint8, device=image.device)
    for row0, column0, row1, column1 in parts:
        for start in range(row0, row1, _LINES):
            inside = (..., slice(start, min(start + _LINES, row1)), slice(column0, column1))
            kept[inside] = plain[inside].float().round().clamp(0, 255).to(torch.uint8)
    return MetaTensor(kept).copy_meta_from(image)


def _has_overlaps(meta: Mapping[str, Any]) -> bool:
    parts = sum(int(row1) > int(row0) for row0, _, row1, _ in meta["region_parts"])
    return parts > int(meta["region_count"])
