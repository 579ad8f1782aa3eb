"""Which requests of annotators are refused."""

from collections.abc import Mapping

from pipeline.label.mask_file import LARGEST_MASK_BYTES
from pipeline.server.guards import App, Guards, Headers, Refusal

LARGEST_UPLOAD_BYTES = 512 << 20
"""Bytes of a request's body: an uploaded cine, or weights."""
LARGEST_JSON_BYTES = 1 << 20
"""Bytes of a body that is neither a file nor a mask."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_MASKS = ("/annotate/api/label", "/datastore/label")
_IMAGES = ("/datastore", "/datastore/", "/datastore/image")
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def make_label_guards(
    app: App,
    *,
    hosts: tuple[str, ...],
    any_address: bool = False,
    allow_weights: bool = False,
) -> Guards:
    """Put guards before the server of annotators.

    Args:
        app: the server.
        hosts: see `Guards`.
        any_address: see `Guards`.
        allow_weights: let clients replace and delete weights (``PUT`` and ``DELETE /model/``).
    """

    def judge(method: str, path: str, _: Mapping[str, str]) -> Refusal | None:
        if path.startswith("/model/") and method not in _SAFE_METHODS and not allow_weights:
            return 403, "weights cannot be replaced here: start the server with --allow-weights"
        return None

    return Guards(
        app,
        hosts=hosts,
        any_address=any_address,
        find_limit=find_limit,
        judge=judge,
        add_headers=_add_headers,
    )


def find_limit(method: str, path: str) -> int:
    """Return how many bytes the body of a request may have."""
    if method == "PUT" and path in _MASKS:
        return LARGEST_MASK_BYTES + LARGEST_JSON_BYTES
    is_upload = (method == "PUT" and (path in _IMAGES or path.startswith("/model/"))) or (
        method == "POST" and path.startswith("/infer/")
    )
    return LARGEST_UPLOAD_BYTES if is_upload else LARGEST_JSON_BYTES


def _add_headers(path: str) -> Headers:
    if not path.startswith("/annotate"):
        return []
    return [(b"content-security-policy", _POLICY.encode()), (b"cache-control", b"no-store")]
