"""The model as named on a page."""

from pipeline import __version__
from pipeline.inferers.model_identity import ModelIdentity

_HASH_DIGITS = 12


def describe_model(model: ModelIdentity | None) -> list[list[str]]:
    """Give names and values for a reader.

    Args:
        model: that made the masks; `None` names this program's version.
    """
    if model is None:
        return [["Program", f"breast-us-seg {__version__}"]]
    return [
        ["Model", model.name],
        ["Version", model.version],
        ["Weights (SHA-256)", model.weights_sha256[:_HASH_DIGITS]],
    ]
