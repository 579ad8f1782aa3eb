"""Invertible MONAI transforms that ultrasound needs and MONAI lacks."""
