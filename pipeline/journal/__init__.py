"""What a run is, what it has done, and which files are its own."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "run_identity": ["RunIdentity"],
        "run_journal": ["RunJournal"],
        "run_lock": ["RunLock"],
    },
)
