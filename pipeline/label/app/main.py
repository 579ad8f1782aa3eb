"""What MONAI Label loads in the processes that it starts."""

from pipeline.label.shims import import_monailabel

import_monailabel()

from pipeline.label.app.lesion_app import LesionApp  # noqa: E402

__all__ = ["LesionApp"]
