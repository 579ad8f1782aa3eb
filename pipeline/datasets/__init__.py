"""Folders and datalists as data sets of PyTorch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "epoch_sampler": ["EpochSampler"],
        "folder_dataset": ["FolderDataset"],
        "frame_dataset": ["FrameDataset"],
        "list_regions": ["list_regions"],
        "repeat_items": ["repeat_items"],
        "seeded_cache_dataset": ["SeededCacheDataset"],
    },
)
