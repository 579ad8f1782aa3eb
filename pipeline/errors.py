"""The exceptions that this package raises on purpose.

PipelineError
├── ConfigError        a run is described wrongly (override, folder, datalist)
├── DatasetError       a data set does not have its published layout
├── ReadError          a file cannot be turned into pixels
│   └── SkippedError   a file is sound, but no ultrasound image to segment
└── WriteError         a result cannot be stored
"""


class PipelineError(Exception):
    """Base class; its message tells what was expected, what came, where, and what to do."""


class ConfigError(PipelineError):
    """A run is described wrongly: an unknown override, a missing folder, an empty datalist."""


class DatasetError(PipelineError):
    """A data set does not have its published layout."""


class ReadError(PipelineError):
    """A file cannot be turned into pixels."""


class SkippedError(ReadError):
    """A file is sound, but holds no ultrasound image to segment."""


class WriteError(PipelineError):
    """A result cannot be stored."""
