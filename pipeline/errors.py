"""The exceptions that this package raises on purpose.

PipelineError
├── ConfigError        a run is described wrongly (override, folder, datalist)
│   └── SettingError   one key of a config has a value that does not fit
├── DatasetError       a data set does not have its published layout
├── ReadError          a file cannot be turned into pixels
│   └── SkippedError   a file is sound, but no ultrasound image to segment
└── WriteError         a result cannot be stored
"""


class PipelineError(Exception):
    """Base class; its message says what was expected, what came, where, and what to do."""


class ConfigError(PipelineError):
    """A run is described wrongly: an unknown override, a missing folder, an empty datalist."""


class SettingError(ConfigError):
    """One key of a config has a value that does not fit, or is none.

    Args:
        key: its name, as ``outputs#seg``.
        problem: what was expected and what came.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


class DatasetError(PipelineError):
    """A data set does not have its published layout."""


class ReadError(PipelineError):
    """A file cannot be turned into pixels."""


class SkippedError(ReadError):
    """A file is sound, but holds no ultrasound image to segment."""


class WriteError(PipelineError):
    """A result cannot be stored."""


class Refusal(SystemExit):
    """The end of a run that was described wrongly, in the words of `monai.bundle run`."""

    def __init__(self, error: ConfigError) -> None:
        option = "--" if isinstance(error, SettingError) else ""
        super().__init__(f"error: {option}{error}")
        self.error = error


def find_cause(error: BaseException) -> BaseException:
    """Find the exception of this package that MONAI has wrapped, or the innermost one.

    Returns:
        The outermost `PipelineError` of the chain of causes, else its end.
    """
    while not isinstance(error, PipelineError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def describe(error: BaseException) -> str:
    """Describe what went wrong without quoting a file's content.

    Args:
        error: ours, whose message is safe, or another; only its type is shown.
    """
    if isinstance(error, PipelineError):
        return str(error)
    return f"unexpected {type(error).__name__}"
