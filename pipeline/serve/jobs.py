"""Studies that are segmented while their client does something else."""

import asyncio
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fastapi.concurrency import run_in_threadpool

from pipeline.serve.read_output import read_output
from pipeline.serve.segment_queue import SegmentQueue
from pipeline.serve.serve_errors import FullError, UnknownJobError
from pipeline.server.request_errors import RequestError

_RESULTS = ("masks", "seg", "sr", "results.csv", "lesions.csv")


@dataclass
class Job:
    """A study and its results.

    Attributes:
        name: by which its client asks for it; nobody can guess it.
        folder: of its files.
        status: how far it is.
        images: see `read_output`.
        reason: why it has failed.
        ended: when it was done, by the clock of `Jobs`.
        is_wanted: whether nobody has deleted it.
    """

    name: str
    folder: Path
    status: Literal["queued", "done", "failed"] = "queued"
    images: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    ended: float | None = None
    is_wanted: bool = True
    task: "asyncio.Task[None] | None" = None

    @property
    def archive(self) -> Path:
        """ZIP of the results."""
        return self.folder / "results.zip"


class Jobs:
    """Keep jobs until they are deleted, or old.

    Args:
        folder: of their files.
        queue: segments.
        most: jobs that are kept, done or not.
        keep_s: seconds for which a job is kept when it is done.
        clock: time in seconds.
    """

    def __init__(
        self,
        folder: Path,
        queue: SegmentQueue,
        *,
        most: int = 100,
        keep_s: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._queue = queue
        self._most = most
        self._keep_s = keep_s
        self._clock = clock
        self._jobs: dict[str, Job] = {}

    def check_room(self) -> None:
        """Check that one more job may come.

        Raises:
            FullError: there are too many.
        """
        self._remove_old()
        if len(self._jobs) >= self._most:
            raise FullError(60)

    def make_folder(self) -> Path:
        """Make a folder for the images of a job, which the caller removes if there will be none."""
        folder = self._folder / secrets.token_urlsafe(18)
        (folder / "images").mkdir(parents=True)
        return folder

    def start(self, folder: Path, images: Sequence[Path]) -> Job:
        """Begin a job.

        Args:
            folder: of `make_folder`.
            images: in its folder ``images``.

        Raises:
            FullError: too many wait.
        """
        place = ExitStack()
        place.enter_context(self._queue.place())
        job = self._jobs[folder.name] = Job(folder.name, folder)
        names = [path.name for path in images]
        job.task = asyncio.create_task(self._run(job, names, place))
        return job

    def find(self, name: str) -> Job:
        """Find a job.

        Raises:
            UnknownJobError: there is none.
        """
        self._remove_old()
        if name not in self._jobs:
            raise UnknownJobError
        return self._jobs[name]

    def delete(self, name: str) -> None:
        """Delete a job with all of its files.

        Raises:
            UnknownJobError: there is none.
        """
        job = self.find(name)
        job.is_wanted = False
        del self._jobs[name]
        if job.ended is not None:
            shutil.rmtree(job.folder, ignore_errors=True)

    async def _run(self, job: Job, names: list[str], place: ExitStack) -> None:
        async def is_wanted() -> bool:
            return job.is_wanted

        output = job.folder / "output"
        try:
            await self._queue.run(job.folder / "images", output, is_wanted)
            if job.is_wanted:
                job.images = await run_in_threadpool(read_output, output, names)
                await run_in_threadpool(_pack, output, job.archive)
            job.status = "done"
        except (RequestError, OSError) as error:
            job.status = "failed"
            job.reason = str(error) if isinstance(error, RequestError) else "the disk has failed"
        finally:
            place.close()
            job.ended = self._clock()
            shutil.rmtree(job.folder / "images", ignore_errors=True)
            shutil.rmtree(output, ignore_errors=True)
            if not job.is_wanted:
                shutil.rmtree(job.folder, ignore_errors=True)

    def _remove_old(self) -> None:
        now = self._clock()
        for name, job in list(self._jobs.items()):
            if job.ended is not None and now - job.ended > self._keep_s:
                shutil.rmtree(job.folder, ignore_errors=True)
                del self._jobs[name]


def _pack(output: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in _RESULTS:
            path = output / name
            for each in [path] if path.is_file() else sorted(path.rglob("*")):
                if each.is_file():
                    packed.write(each, each.relative_to(output))
