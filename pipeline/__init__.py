"""Breast lesion segmentation in ultrasound; each folder is one step of the way of an image."""

__version__ = "0.1.0"
