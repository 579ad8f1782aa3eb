"""Write results as files."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "coco_json": ["CocoJson"],
        "dicom_sc": ["DicomSc"],
        "dicom_seg": ["DicomSeg"],
        "dicom_sr": ["DicomSr"],
        "html_report": ["HtmlReport"],
        "lesions_table": ["LesionsTable"],
        "nifti_mask": ["NiftiMask"],
        "png_mask": ["PngMask"],
        "png_overlay": ["PngOverlay"],
        "run_manifest": ["RunManifest"],
    },
)
