"""Public data sets and plain folders as one datalist, leak-free folds, synthetic phantoms."""

from pipeline.datasets.epoch_sampler import EpochSampler
from pipeline.datasets.seeded_cache_dataset import SeededCacheDataset

__all__ = ["EpochSampler", "SeededCacheDataset"]
