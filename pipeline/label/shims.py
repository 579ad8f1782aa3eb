"""Import MONAI Label beside pydicom 3, and without the 2 GB of packages that we do not call."""

import importlib
import importlib.machinery
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import ConfigError

_UNCALLED: dict[str, tuple[str, ...]] = {
    "dicomweb_client.ext.gcp.session_utils": ("create_session_from_gcp_credentials",),
    "girder_client": (),
    "itk": (),
    "jwt": ("InvalidTokenError",),
    "nrrd": (),
    "passlib": (),
    "passlib.context": ("CryptContext",),
    "pydicom_seg": (),
    "schedule": (),
    "SimpleITK": (),
    "timeloop": ("Timeloop",),
    "torchvision": (),
    "torchvision.utils": ("make_grid", "save_image"),
}
"""Modules that MONAI Label 0.8.5 imports at its top, with the names that it takes from them. Its
readers, writers and converters use them, which are wrong for 2D ultrasound and have no part in our
app. `pydicom_seg` does not import beside pydicom 3, torchvision is a CUDA build on PyPI, and itk
is larger than all the rest."""

_MODULE = "monailabel.interfaces.app"


def import_monailabel() -> None:
    """Import what our app uses of MONAI Label; whoever imports it later gets the same modules.

    Raises:
        ConfigError: the packages of the extra `label` are not installed.
    """
    if _MODULE in sys.modules:
        return
    # MONAI looks for optional packages when it is imported, and must not find stand-ins.
    importlib.import_module("monai.transforms")
    try:
        with _stand_ins(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escapes and names that Python will refuse one day
            importlib.import_module(_MODULE)
    except ImportError as error:
        msg = (
            f"expected the packages of the extra 'label', {error.name} is missing: see "
            "docs/label.md for how to install them"
        )
        raise ConfigError(msg) from error


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Put empty modules where MONAI Label expects packages, and take them away again."""
    added = [name for name in _UNCALLED if name not in sys.modules]
    for name in added:
        module = types.ModuleType(name, "Stand-in for a package that is not called.")
        module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
        module.__path__ = []
        for attribute in _UNCALLED[name]:
            setattr(module, attribute, _Uncalled)
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]


class _Uncalled:
    """Takes the place of a class or function."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Accept what MONAI Label hands over while it is imported."""
