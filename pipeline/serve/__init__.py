"""A REST service: an image in, its mask, sizes or DICOM objects out."""
