"""The model card's head for the Hugging Face Hub, and a card in the form of CHAI."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

CARD = Path(__file__).with_name("README.md")
"""The model card; in the bundle it is ``README.md`` and ``docs/README.md``."""

_TEMPLATE = Path(__file__).with_name("chai_card.md")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n\n?", re.DOTALL)
_TAGS = ("monai", "medical", "ultrasound", "breast", "dicom")


def write_front_matter(metadata: Mapping[str, Any]) -> str:
    """Write what the Hugging Face Hub reads at the head of a model card.

    See https://huggingface.co/docs/hub/model-cards#model-card-metadata.

    Args:
        metadata: of the bundle.

    Returns:
        YAML between two lines ``---``; each value is JSON, which YAML contains.
    """
    content = {
        "license": "apache-2.0",
        "library_name": "monai",
        "pipeline_tag": "image-segmentation",
        "tags": list(_TAGS),
        "model_name": metadata["name"],
        "version": metadata["version"],
    }
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in content.items())
    return "---\n{}\n---\n".format("\n".join(lines))


def replace_front_matter(page: str, metadata: Mapping[str, Any]) -> str:
    """Put the head before a page, in place of the one that it may have.

    Args:
        page: Markdown.
        metadata: of the bundle.
    """
    return f"{write_front_matter(metadata)}\n{_FRONT_MATTER.sub('', page)}"


def write_chai_card(
    metadata: Mapping[str, Any],
    summary: Mapping[str, Any],
    training: Mapping[str, Any],
    table: str,
) -> str:
    """Fill in the fields of CHAI's Applied Model Card.

    Args:
        metadata: of the bundle.
        summary: see `pipeline.metrics.summarise`; has images with a lesion.
        training: what ``training.json`` has of the released weights.
        table: of scores, in Markdown.

    Returns:
        A page in Markdown.
    """
    lesion, normal = summary["lesion"], summary["normal"]
    fields = {
        key: metadata[key]
        for key in (
            *("name", "authors", "version", "description", "intended_use"),
            *("pred_classes", "data_type", "image_classes", "data_source"),
        )
    }
    return Template(_TEMPLATE.read_text("utf-8")).substitute(
        fields,
        references="\n".join(f"- {reference}" for reference in metadata["references"]),
        training_images=f"{training['images']['training']:,}",
        scores=table.strip(),
        split=summary["split"],
        missed=lesion["missed"],
        lesion_images=lesion["images"],
        normal_images=normal["images"] if normal else 0,
        false_marks=normal["with_false_lesion"] if normal else 0,
    )
