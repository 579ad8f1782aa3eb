"""Breast lesion segmentation in ultrasound; each folder is one step of the way of an image."""

__version__ = "0.2.0"

RESEARCH_ONLY = "Research use only. Not a medical device, not for clinical decisions."
"""The sentence that stands on everything this project hands out."""
