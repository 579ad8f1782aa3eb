"""What the service's description in OpenAPI says beside the routes."""

from typing import Any

IMAGE_EXAMPLE: dict[str, Any] = {
    "file": 1,
    "frame": None,
    "status": "ok",
    "reason": None,
    "mm_per_pixel_y": 0.1,
    "mm_per_pixel_x": 0.1,
    "probability": 0.9731,
    "quality": None,
    "lesions": [
        {
            "lesion": 1,
            "probability": 0.9731,
            "area_mm2": 131.26,
            "long_axis_mm": 14.02,
            "short_axis_mm": 11.87,
            "orientation": "parallel",
        }
    ],
}
"""Some columns of the tables that docs/results.md explains."""

_ERROR = {"application/json": {"example": {"detail": "the image cannot be segmented: ..."}}}
_BUSY = {
    "description": "too many images wait",
    "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "in seconds"}},
    "content": _ERROR,
}
_FILE = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"schema": {"type": "object", "properties": {"file": _FILE["schema"]}}}
_FORMS = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "array", "items": _FILE["schema"]}},
    }
}

SEGMENT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/dicom": _FILE,
            "image/png": _FILE,
            "image/jpeg": _FILE,
            "application/octet-stream": _FILE,
            "multipart/form-data": _FORM,
        },
    }
}
STUDY_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": _FORMS, "multipart/related": _FILE},
    }
}
SEGMENT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "by *Accept* (or `output`): JSON, the mask, DICOM SEG, or DICOM SR for "
        "application/dicom;type=sr",
        "content": {
            "application/json": {"example": {"images": [IMAGE_EXAMPLE]}},
            "image/png": _FILE,
            "application/dicom": _FILE,
        },
    },
    204: {"description": "no lesion, so there is no DICOM SEG"},
    406: {"description": "no such answer of this image", "content": _ERROR},
    413: {"description": "the body is too long", "content": _ERROR},
    422: {"description": "no ultrasound image, or a damaged one", "content": _ERROR},
    429: _BUSY,
}
JOB_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the job",
        "content": {
            "application/json": {
                "example": {"id": "8rVJ...", "status": "done", "images": [IMAGE_EXAMPLE]}
            }
        },
    },
    202: {
        "description": "the job, to be asked for by its id",
        "content": {
            "application/json": {"example": {"id": "8rVJ...", "status": "queued", "images": []}}
        },
    },
    404: {"description": "no such job", "content": _ERROR},
    429: _BUSY,
}
