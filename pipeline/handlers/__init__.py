"""Ignite handlers that MONAI lacks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "clip_gradients": ["ClipGradients"],
        "early_stop": ["EarlyStop"],
        "fit_presence": ["FitPresence"],
        "grow_images": ["GrowImages"],
        "progress": ["Progress"],
        "results_writer": ["ResultsWriter"],
        "seed_epochs": ["SeedEpochs"],
        "share_buffers": ["ShareBuffers"],
        "training_charts": ["TrainingCharts"],
        "training_checkpoint": ["TrainingCheckpoint"],
        "training_record": ["TrainingRecord"],
        "validation_loss": ["ValidationLoss"],
    },
)
