"""Scores of an evaluation as tables and a page."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "evaluation_page": ["EvaluationPage"],
        "evaluation_report": ["EvaluationReport"],
    },
)
