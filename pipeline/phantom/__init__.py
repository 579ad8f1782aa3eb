"""Synthetic ultrasound images with known lesions."""
