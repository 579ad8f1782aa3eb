"""Where the results of a study go."""

from collections.abc import Sequence

from pipeline.node.node_config import Rule
from pipeline.node.study_record import StudyRecord


def choose_destinations(rules: Sequence[Rule], record: StudyRecord) -> tuple[str, ...]:
    """Take the first rule that fits; it compares fixed fields, and runs no code.

    Args:
        rules: of the config; the last one fits everything.
        record: of the study.

    Returns:
        Names of destinations.

    Examples:
        >>> rules = [Rule(("breast",), source="us1"), Rule(("pacs",))]
        >>> choose_destinations(rules, StudyRecord("0a", "us2", "SEG", 0.0))
        ('pacs',)
    """
    for rule in rules:
        if (
            rule.source in (None, record.source)
            and rule.called in (None, record.called)
            and (rule.modality is None or rule.modality in record.modalities)
        ):
            return rule.to
    return ()
