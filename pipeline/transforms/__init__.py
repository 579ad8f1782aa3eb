"""Transforms that ultrasound needs and MONAI lacks: `X` for arrays, `Xd` for dictionaries."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "add_malignancyd": ["AddMalignancyd"],
        "blank_outside_regiond": ["BlankOutsideRegiond"],
        "blank_outside_sectord": ["BlankOutsideSectord"],
        "crop_to_regiond": ["CropToRegiond"],
        "fill_colouredd": ["FillColouredd"],
        "judge_candidatesd": ["JudgeCandidatesd"],
        "keep_major_lesions": ["KeepMajorLesions", "KeepMajorLesionsd"],
        "keep_targetd": ["KeepTargetd"],
        "lesion_probabilityd": ["LesionProbabilityd"],
        "boundary_uncertaintyd": ["BoundaryUncertaintyd"],
        "rand_calipers": ["RandCalipers"],
        "rand_depth_gain": ["RandDepthGain", "RandDepthGaind"],
        "rand_image_transform": ["RandImageTransform", "RandImageTransformd"],
        "rand_lesion_free_cropd": ["RandLesionFreeCropd"],
        "rand_shadow": ["RandShadow"],
        "rand_speckle": ["RandSpeckle"],
        "rand_viewd": ["RandViewd"],
        "relative_threshold": ["RelativeThreshold", "RelativeThresholdd"],
        "resize_smoothly": ["ResizeSmoothly", "ResizeSmoothlyd"],
        "shrink_larged": ["ShrinkLarged"],
        "split_judgementsd": ["SplitJudgementsd"],
        "within_maskd": ["WithinMaskd"],
    },
)
