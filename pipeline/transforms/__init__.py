"""Invertible MONAI transforms that ultrasound needs and MONAI lacks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "add_malignancyd": ["AddMalignancyd"],
        "blank_outside_regiond": ["BlankOutsideRegiond"],
        "blank_outside_sectord": ["BlankOutsideSectord"],
        "crop_to_regiond": ["CropToRegiond"],
        "judge_candidatesd": ["JudgeCandidatesd"],
        "keep_major_lesionsd": ["KeepMajorLesionsd"],
        "keep_targetd": ["KeepTargetd"],
        "lesion_probabilityd": ["LesionProbabilityd"],
        "boundary_uncertaintyd": ["BoundaryUncertaintyd"],
        "rand_calipersd": ["RandCalipersd"],
        "rand_cover_lesiond": ["RandCoverLesiond"],
        "rand_depth_gaind": ["RandDepthGaind"],
        "rand_image_transform": ["RandImageTransform"],
        "rand_lesion_free_cropd": ["RandLesionFreeCropd"],
        "rand_shadowd": ["RandShadowd"],
        "rand_speckled": ["RandSpeckled"],
        "rand_viewd": ["RandViewd"],
        "relative_thresholdd": ["RelativeThresholdd"],
        "resize_smoothlyd": ["ResizeSmoothlyd"],
        "shrink_larged": ["ShrinkLarged"],
        "split_judgementsd": ["SplitJudgementsd"],
        "within_maskd": ["WithinMaskd"],
    },
)
