"""What a client wants to have."""

from enum import Enum

from pipeline.serve.serve_errors import NotAcceptableError


class Output(str, Enum):
    """Kinds of answers."""

    JSON = "json"
    PNG = "png"
    SEG = "seg"
    SR = "sr"


_TYPES = {
    "application/json": Output.JSON,
    "image/png": Output.PNG,
    "application/dicom": Output.SEG,
    "application/dicom;type=seg": Output.SEG,
    "application/dicom;type=sr": Output.SR,
    "*/*": Output.JSON,
    "application/*": Output.JSON,
    "image/*": Output.PNG,
}

MEDIA_TYPES = {
    Output.JSON: "application/json",
    Output.PNG: "image/png",
    Output.SEG: "application/dicom",
    Output.SR: "application/dicom",
}
"""Of the answers."""


def choose_output(accept: str, output: Output | None = None) -> Output:
    """Take what a client likes best.

    Args:
        accept: the header *Accept*, empty for none.
        output: what the query asks for, which wins.

    Raises:
        NotAcceptableError: it accepts nothing that there is.

    Examples:
        >>> choose_output("image/png;q=0.5, application/dicom; type=sr").value
        'sr'
    """
    if output is not None:
        return output
    ranked = sorted(map(_rank, (accept or "*/*").split(",")), key=lambda each: -each[0])
    for quality, name in ranked:
        if quality > 0 and name in _TYPES:
            return _TYPES[name]
    msg = (
        "expected to accept application/json, image/png, application/dicom or "
        "application/dicom;type=sr"
    )
    raise NotAcceptableError(msg)


def _rank(text: str) -> tuple[float, str]:
    kind, *parameters = (part.strip().lower().replace('"', "") for part in text.split(";"))
    quality, kept = 1.0, [kind]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
        elif name.strip() == "type":
            kept.append(f"type={value.strip()}")
    return quality, ";".join(kept)
