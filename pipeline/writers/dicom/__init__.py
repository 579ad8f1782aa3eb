"""Build DICOM objects from results; nothing here opens or writes a file."""

import logging

import lazy_loader

logging.getLogger("highdicom").setLevel(logging.WARNING)  # below that it logs UIDs of the source

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "secondary_capture": ["build_secondary_capture"],
        "segmentation": ["build_segmentation"],
        "structured_report": ["build_report"],
    },
)
