"""A child that answers, crashes, hangs, talks too much, or was taken over by somebody else.

The tasks that the child runs are functions of this file.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.codec.codec_child import LARGEST_MEMORY_BYTES, TASKS
from pipeline.readers.codec.codec_worker import (
    LARGEST_ARRAY_BYTES,
    CodecWorker,
    shared_codec_worker,
)

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHORT_S = 3.0
"""Limit of those calls that reach it; it has to be enough to start a child on a busy machine."""
NOTHING = np.empty(0, np.uint8)

on_posix = pytest.mark.skipif(os.name != "posix", reason="needs signals and fork")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def echo(arguments: Mapping[str, Any], payload: bytes) -> Any:
    array = np.frombuffer(payload, arguments["dtype"]).reshape(arguments["shape"])
    return {"arguments": dict(arguments)}, array


def transpose(arguments: Mapping[str, Any], payload: bytes) -> Any:
    return {}, np.arange(6, dtype=arguments["dtype"]).reshape(2, 3).T


def tell_pid(arguments: Mapping[str, Any], payload: bytes) -> Any:
    return {"pid": os.getpid()}, NOTHING


def tell_modules(arguments: Mapping[str, Any], payload: bytes) -> Any:
    return {"modules": list(sys.modules)}, NOTHING


def fail(arguments: Mapping[str, Any], payload: bytes) -> Any:
    kinds = {"ReadError": ReadError, "SkippedError": SkippedError, "KeyError": KeyError}
    raise kinds[arguments["kind"]]("SECRET NAME")


def kill_itself(arguments: Mapping[str, Any], payload: bytes) -> Any:
    os.kill(os.getpid(), arguments["signal"])
    time.sleep(3600)


def leave(arguments: Mapping[str, Any], payload: bytes) -> Any:
    os._exit(7)


def take_memory(arguments: Mapping[str, Any], payload: bytes) -> Any:
    return {}, np.ones(LARGEST_MEMORY_BYTES + 1, np.uint8)


def chatter(arguments: Mapping[str, Any], payload: bytes) -> Any:
    sys.stdout.write("SECRET NAME")
    sys.stdout.flush()
    os.write(1, b"SECRET NAME")
    os.write(2, b"SECRET NAME")
    return {"input": os.read(0, 10).decode()}, NOTHING


def answer_itself(arguments: Mapping[str, Any], payload: bytes) -> Any:
    """Write to whatever is open, as code would that took the process over."""
    for descriptor in range(3, 12):
        try:
            os.write(descriptor, payload)
        except OSError:
            continue
    return {}, NOTHING


FUNCTIONS = (
    *(echo, transpose, tell_pid, tell_modules, fail, kill_itself),
    *(leave, take_memory, chatter, answer_itself),
)
EXTRA_TASKS = {task.__name__: f"test_codec_worker:{task.__name__}" for task in FUNCTIONS}


@pytest.fixture
def make_worker() -> Iterator[Callable[..., CodecWorker]]:
    workers = []

    def _make(**options: Any) -> CodecWorker:
        workers.append(CodecWorker(extra_tasks=EXTRA_TASKS, **options))
        return workers[-1]

    yield _make
    for worker in workers:
        worker.close()


@pytest.fixture
def worker(make_worker: Callable[..., CodecWorker]) -> CodecWorker:
    return make_worker()


def ask_pid(worker: CodecWorker) -> int:
    pid: int = worker.call("tell_pid", {})[0]["pid"]
    return pid


def is_running(pid: int) -> bool:
    """Tell a process that was not even waited for from one that is at work."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_for_end(pid: int, longest_s: float = 10) -> None:
    end = time.monotonic() + longest_s
    while is_running(pid):
        assert time.monotonic() < end, "the process is still at work"
        time.sleep(0.02)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (), (1,), (3, 5), (2, 3, 4)])
@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8"])
def test_array_comes_back_as_it_was(worker_of_module: CodecWorker, dtype: str, shape: Any) -> None:
    rng = np.random.default_rng(0)
    content = rng.integers(256, size=np.dtype(dtype).itemsize * int(np.prod(shape)), dtype=np.uint8)
    expected = content.view(dtype).reshape(shape)
    arguments = {"dtype": dtype, "shape": list(shape)}
    meta, array = worker_of_module.call("echo", arguments, content.tobytes())
    assert meta == {"arguments": arguments}
    assert (array.dtype, array.shape) == (np.dtype(dtype), shape)
    assert array.tobytes() == expected.tobytes()
    assert array.flags.writeable


@pytest.fixture(scope="module")
def worker_of_module() -> Iterator[CodecWorker]:
    worker = CodecWorker(extra_tasks=EXTRA_TASKS)
    yield worker
    worker.close()


def test_array_larger_than_a_pipe(worker: CodecWorker) -> None:
    content = np.random.default_rng(0).integers(256, size=(1500, 2000, 3), dtype=np.uint8)
    _, array = worker.call("echo", {"dtype": "u1", "shape": content.shape}, content.tobytes())
    assert np.array_equal(array, content)


@pytest.mark.parametrize("dtype", ["<u2", ">u2", ">f4"])
def test_order_of_axes_and_bytes(worker_of_module: CodecWorker, dtype: str) -> None:
    _, array = worker_of_module.call("transpose", {"dtype": dtype})
    assert array.tolist() == [[0, 3], [1, 4], [2, 5]]


def test_text_of_any_bytes_arrives(worker_of_module: CodecWorker) -> None:
    name = os.fsdecode(b"gr\xc3\xbc\xc3\x9fe \xff\n#\"'")
    arguments = {"dtype": "u1", "shape": [0], "path": name}
    assert worker_of_module.call("echo", arguments)[0]["arguments"]["path"] == name


def test_child_is_used_again(worker: CodecWorker) -> None:
    assert ask_pid(worker) == ask_pid(worker) != os.getpid()


def test_shared_worker_is_one() -> None:
    assert shared_codec_worker() is shared_codec_worker()


@pytest.mark.parametrize("kind", [ReadError, SkippedError])
def test_own_errors_are_passed_on(worker_of_module: CodecWorker, kind: type[ReadError]) -> None:
    with pytest.raises(ReadError, match=r"^SECRET NAME$") as caught:
        worker_of_module.call("fail", {"kind": kind.__name__})
    assert type(caught.value) is kind


def test_of_other_errors_only_the_type_is_reported(worker_of_module: CodecWorker) -> None:
    with pytest.raises(ReadError, match="got KeyError from its decoder") as caught:
        worker_of_module.call("fail", {"kind": "KeyError"})
    assert "SECRET" not in str(caught.value)


def test_child_outlives_an_error(worker: CodecWorker) -> None:
    pid = ask_pid(worker)
    with pytest.raises(ReadError):
        worker.call("fail", {"kind": "KeyError"})
    assert ask_pid(worker) == pid


@pytest.mark.parametrize("task", ["", "os:system", "fail2"])
def test_unknown_task(worker_of_module: CodecWorker, task: str) -> None:
    with pytest.raises(ReadError, match="expected a task of dicom_frame, raster, "):
        worker_of_module.call(task, {})


def test_test_tasks_are_not_shipped() -> None:
    assert not set(EXTRA_TASKS) & set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_task_is_there(task: str) -> None:
    """Without its arguments, the task itself fails, and not the search for it."""
    with pytest.raises(ReadError, match="got KeyError from its decoder"):
        shared_codec_worker().call(task, {})


@on_posix
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_crash(worker: CodecWorker, number: int) -> None:
    with pytest.raises(ReadError, match=rf"got a crash of it \(signal {int(number)}\)"):
        worker.call("kill_itself", {"signal": number})
    assert ask_pid(worker)


def test_end_of_the_child_in_the_midst_of_a_task(worker: CodecWorker) -> None:
    with pytest.raises(ReadError, match=r"got a crash of it \(exit code 7\)"):
        worker.call("leave", {})
    assert ask_pid(worker)


@on_posix
def test_child_that_hangs(make_worker: Callable[..., CodecWorker]) -> None:
    worker = make_worker(longest_s=SHORT_S)
    pid = ask_pid(worker)
    with pytest.raises(ReadError, match="expected pixels within 3 s, got none"):
        worker.call("kill_itself", {"signal": signal.SIGSTOP})
    assert not is_running(pid)
    assert ask_pid(worker) != pid


@on_posix
def test_child_that_hangs_before_it_has_read_the_request(
    make_worker: Callable[..., CodecWorker],
) -> None:
    worker = make_worker(longest_s=SHORT_S)
    os.kill(ask_pid(worker), signal.SIGSTOP)
    payload = bytes(8 << 20)  # more than a pipe holds
    with pytest.raises(ReadError, match="expected pixels within 3 s, got none"):
        worker.call("echo", {"dtype": "u1", "shape": [len(payload)]}, payload)


@on_linux
def test_memory_is_limited(worker: CodecWorker) -> None:
    pid = ask_pid(worker)
    with pytest.raises(ReadError, match="expected a frame that is decoded in 4 GiB"):
        worker.call("take_memory", {})
    assert ask_pid(worker) == pid


def test_what_the_child_prints_or_reads_goes_nowhere(
    worker: CodecWorker, capfd: pytest.CaptureFixture[str]
) -> None:
    assert worker.call("chatter", {})[0] == {"input": ""}
    assert ask_pid(worker)
    assert capfd.readouterr() == ("", "")


@on_posix
def test_child_that_was_killed_between_two_calls(worker: CodecWorker) -> None:
    pid = ask_pid(worker)
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    assert ask_pid(worker) != pid


@on_posix
def test_ctrl_c_is_left_to_the_parent(worker: CodecWorker) -> None:
    pid = ask_pid(worker)
    os.kill(pid, signal.SIGINT)
    assert ask_pid(worker) == pid
    assert os.getpgid(pid) != os.getpgid(0)


@on_posix
def test_ctrl_c_while_waiting_leaves_no_answer_behind(worker: CodecWorker) -> None:
    pid = ask_pid(worker)
    signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    with pytest.raises(KeyboardInterrupt):
        worker.call("kill_itself", {"signal": signal.SIGSTOP})
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert not is_running(pid)
    assert ask_pid(worker) != pid


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def frame(header: Any) -> bytes:
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(content).to_bytes(4, "little") + content


@on_posix
@pytest.mark.parametrize(
    "answer",
    [
        b"\xff\xff\xff\xff",
        frame(b"{"),
        frame(b"\xff\xfe"),
        frame(b"[" * 100_000),
        frame([]),
        frame({"meta": {}, "dtype": "object", "shape": [1]}),
        frame({"meta": {}, "dtype": "uint8", "shape": [-1]}),
        frame({"meta": {}, "dtype": "uint8", "shape": [1.0]}),
        frame({"meta": {}, "dtype": "uint8", "shape": [1] * 60}),
        frame({"meta": {}, "dtype": "float64", "shape": [LARGEST_ARRAY_BYTES // 4]}),
        frame({"meta": [], "dtype": "uint8", "shape": [0]}),
        frame({"error": "SystemExit", "message": ""}),
        frame({"error": "ReadError", "message": 7}),
    ],
)
def test_answer_that_makes_no_sense(worker: CodecWorker, answer: bytes) -> None:
    pid = ask_pid(worker)
    with pytest.raises(ReadError, match="got an answer that makes no sense"):
        worker.call("answer_itself", {}, answer)
    assert ask_pid(worker) != pid


@on_posix
def test_endless_message_is_cut(worker: CodecWorker) -> None:
    answer = frame({"error": "ReadError", "message": "x" * 10_000})
    with pytest.raises(ReadError) as caught:
        worker.call("answer_itself", {}, answer)
    assert len(str(caught.value)) < 1000


def test_arguments_that_cannot_be_sent_leave_the_worker_usable(worker: CodecWorker) -> None:
    with pytest.raises(TypeError):
        worker.call("echo", {"path": HERE})
    assert ask_pid(worker)


def test_threads_take_turns(worker: CodecWorker) -> None:
    def ask(number: int) -> bool:
        content = np.full(5000, number, np.uint16)
        arguments = {"dtype": "<u2", "shape": [50, 100]}
        _, array = worker.call("echo", arguments, content.tobytes())
        return array.shape == (50, 100) and bool((array == number).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(200)))


@on_posix
@pytest.mark.parametrize("is_held", [False, True], ids=["free", "held"])
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_fork_gets_a_child_of_its_own(worker: CodecWorker, is_held: bool) -> None:
    pid = ask_pid(worker)
    reading, writing = os.pipe()
    if is_held:
        worker._lock.acquire()
    fork = os.fork()
    if fork == 0:
        signal.alarm(30)
        try:
            gc.collect()
            own = ask_pid(worker)
            worker.close()
            os.write(writing, str(own).encode())
        finally:
            os._exit(0)
    if is_held:
        worker._lock.release()
    os.close(writing)
    with os.fdopen(reading) as answer:
        own = int(answer.read())
    os.waitpid(fork, 0)
    assert own != pid
    assert ask_pid(worker) == pid
    assert not is_running(own)


@on_linux
@pytest.mark.parametrize("way", ["close", "garbage"])
def test_nothing_is_left_behind(way: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    worker = CodecWorker(extra_tasks=EXTRA_TASKS)
    pid = ask_pid(worker)
    if way == "close":
        worker.close()
    else:
        del worker
        gc.collect()
    assert not Path(f"/proc/{pid}").exists()
    assert len(os.listdir("/proc/self/fd")) == before


def test_closed_worker_starts_again(worker: CodecWorker) -> None:
    pid = ask_pid(worker)
    worker.close()
    worker.close()
    assert ask_pid(worker) != pid


SCRIPT = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
from pipeline.readers.codec.codec_worker import CodecWorker
from test_codec_worker import EXTRA_TASKS, ask_pid, signal
worker = CodecWorker(extra_tasks=EXTRA_TASKS)
print(ask_pid(worker), flush=True)
"""


def run_script(end: str, **options: Any) -> "subprocess.Popen[str]":
    script = SCRIPT.format(root=str(ROOT), here=str(HERE)) + end
    command = [sys.executable, "-W", "error", "-c", script]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, **options)


@on_linux
def test_end_of_the_interpreter_ends_the_child_quietly() -> None:
    with run_script("") as process:
        pid, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert not is_running(int(pid))


@on_linux
def test_death_of_the_parent_ends_the_child() -> None:
    with run_script("input()") as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert is_running(pid)
        process.kill()
    wait_for_end(pid)


@on_posix
def test_child_that_hangs_without_a_parent_ends_itself() -> None:
    start = "import sys; from pipeline.readers.codec.codec_child import main; main(sys.argv[1])"
    extra = json.dumps({"wait": "test_codec_worker:kill_itself"})
    command = [sys.executable, "-c", start, extra]
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])}
    request = {"task": "wait", "arguments": {"signal": 0}, "payload": 0, "seconds": 0.2}
    done = subprocess.run(command, input=frame(request), env={**os.environ, **paths}, timeout=15)
    assert done.returncode == -signal.SIGALRM


def test_packages_of_the_current_folder_are_not_taken(
    make_worker: Callable[..., CodecWorker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pipeline", "json", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert ask_pid(make_worker())


def test_heavy_packages_are_not_loaded(worker: CodecWorker) -> None:
    for task in TASKS:
        with pytest.raises(ReadError, match="KeyError"):
            worker.call(task, {})
    modules = {name.split(".")[0] for name in worker.call("tell_modules", {})[0]["modules"]}
    assert "pydicom" in modules
    assert not modules & {"torch", "monai", "scipy", "skimage"}


@on_linux
def test_no_core_file_keeps_pixels(worker: CodecWorker) -> None:
    limits = Path(f"/proc/{ask_pid(worker)}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4:6] == ["0", "0"]
