"""A file is replaced as a whole or not at all."""

import os
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager

import pytest

from latentscope._disk import atomic
from latentscope._disk.atomic import replacing, replacing_folder
from latentscope.errors import DataError


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "file.json"
    path.write_text("old")
    return path


def names(target):
    return [path.name for path in target.parent.iterdir()]


def lock_of(part):
    """Return the name of the file that a living writer of a part has locked."""
    return part.name.replace(".part.", ".lock.")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("kind", [str, os.fspath, lambda path: path])
def test_content_replaces_the_file(target, kind):
    with replacing(kind(target)) as part:
        assert part.parent == target.parent
        part.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert names(target) == ["file.json"]


def test_new_file(tmp_path):
    with replacing(tmp_path / "new") as part:
        part.write_text("new")
    assert (tmp_path / "new").read_text() == "new"


def write_half(target, error):
    with replacing(target) as part:
        part.write_text("half of the n")
        raise error


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt("disk full")])
def test_error_leaves_the_old_file_and_nothing_else(target, error):
    with pytest.raises(type(error), match="disk full"):
        write_half(target, error)
    assert target.read_text() == "old"
    assert names(target) == ["file.json"]


def test_error_at_the_end_leaves_the_old_file_and_nothing_else(monkeypatch, target):
    def fail(path):
        raise OSError("disk full")

    monkeypatch.setattr(atomic, "_sync", fail)
    with pytest.raises(OSError, match="disk full"), replacing(target) as part:
        part.write_text("new")
    assert target.read_text() == "old"
    assert names(target) == ["file.json"]


def test_killed_writer_leaves_the_old_file(target):
    code = (
        "import os, sys\n"
        "from latentscope._disk.atomic import replacing\n"
        "with replacing(sys.argv[1]) as part:\n"
        "    part.write_text('half of the n')\n"
        "    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, target], cwd=target.parent, check=False)
    assert done.returncode == 9
    assert target.read_text() == "old"


def test_content_is_on_the_disk_before_it_gets_the_name(monkeypatch, target):
    events = []
    monkeypatch.setattr(atomic, "_sync", lambda path: events.append((path, target.read_text())))
    with replacing(target) as part:
        part.write_text("new")
    assert events == [(part, "old"), (target.parent, "new")]


@pytest.mark.parametrize("bits", [0o600, 0o640, 0o664])
def test_mode_of_the_old_file_is_kept(target, bits):
    target.chmod(bits)
    with replacing(target) as part:
        part.write_text("new")
    assert mode(target) == bits


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_new_file_has_the_mode_that_open_gives(tmp_path, umask):
    before = os.umask(umask)
    try:
        (tmp_path / "usual").write_text("")
        with replacing(tmp_path / "ours"):
            pass
        assert os.umask(umask) == umask  # looking at it has not changed it
    finally:
        os.umask(before)
    assert mode(tmp_path / "ours") == mode(tmp_path / "usual") == 0o666 & ~umask


@pytest.mark.parametrize("name", ["a.lock", "a.part.lock", "lock.x.lock"])
def test_names_that_look_like_locks_are_names_like_others(tmp_path, name):
    target = tmp_path / name
    with replacing(target) as first:
        first.write_text("first")
        with replacing(target) as second:
            second.write_text("second")
        assert first.read_text() == "first"
    assert target.read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_two_writers_do_not_share_a_part(target):
    with replacing(target) as first, replacing(target) as second:
        first.write_text("first")
        second.write_text("second")
    assert first != second
    assert target.read_text() == "first"  # its block ended last
    assert names(target) == ["file.json"]


@pytest.mark.parametrize(
    ("path", "match"),
    [("", "must name a file; got the folder"), ("no/such/file", "must lie in an existing folder")],
)
def test_refused_paths(tmp_path, path, match):
    with pytest.raises(DataError, match=match), replacing(tmp_path / path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    with replacing(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is a device or a pipe"), replacing(tmp_path / "pipe"):
        pass


@pytest.mark.parametrize("name", ["x" * 250, "ä ö.json"])
def test_any_legal_name_will_do(tmp_path, name):
    with replacing(tmp_path / name) as part:
        part.write_text("new")
    assert (tmp_path / name).read_text() == "new"


# --- what killed writers leave ---

WRITER = """
import sys
from latentscope._disk import atomic
with getattr(atomic, sys.argv[1])(sys.argv[2]) as part:
    (part / "half" if part.is_dir() else part).write_text("half of the n")
    print(part.name, flush=True)
    sys.stdin.read()
"""


@contextmanager
def writer(kind, path):
    """Start another process that writes half of what it should, and waits; return its part."""
    command = [sys.executable, "-c", WRITER, kind.__name__, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        part = path.parent / process.stdout.readline().decode().strip()
        try:
            yield process, part
        finally:
            process.kill()


def kill(kind, path):
    with writer(kind, path) as (process, part):
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    return part


def write(kind, path, text):
    with kind(path) as part:
        (part / "text" if part.is_dir() else part).write_text(text)


@pytest.fixture(params=[replacing, replacing_folder])
def kind(request):
    return request.param


def test_the_next_writer_removes_what_killed_ones_left(tmp_path, kind):
    target, other = tmp_path / "target.x", kill(kind, tmp_path / "other.x")
    with writer(kind, target) as (_, one), writer(kind, target) as (_, two):
        left = [one, two]
    assert all(part.exists() for part in left)
    write(kind, target, "new")
    assert set(names(target)) == {"target.x", other.name, lock_of(other)}


def test_what_a_live_writer_writes_is_not_removed(tmp_path, kind):
    """Two processes write at once, and a third process was killed: that part alone goes."""
    target = tmp_path / "target.x"
    dead = kill(kind, target)
    with writer(kind, target) as (process, part):
        write(kind, target, "first")
        assert part.exists()
        assert not dead.exists()
        process.communicate()  # ends its input: it finishes what it writes
        assert process.returncode == 0
    assert names(target) == ["target.x"]
    file = target / "half" if target.is_dir() else target
    assert file.read_text() == "half of the n"


def test_two_writers_of_one_process_keep_their_parts(tmp_path, kind):
    target = tmp_path / "target.x"
    with kind(target) as part:
        write(kind, target, "first")
        assert part.exists()
    assert names(target) == ["target.x"]


def test_a_folder_that_was_moved_away_is_brought_back(tmp_path):
    """A process that is killed between the two renames leaves no folder, and the next write has."""
    target = tmp_path / "z.zarr"
    write(replacing_folder, target, "old")
    part = kill(replacing_folder, target)
    target.rename(part.with_name(f"{part.name}.old"))
    with replacing_folder(target):
        assert (target / "text").read_text() == "old"
    assert names(target) == ["z.zarr"]


def test_what_a_writer_of_another_host_left_stays(tmp_path, monkeypatch):
    """Its lock may not be seen here."""
    part = kill(replacing, tmp_path / "target.x")
    monkeypatch.setattr(atomic.socket, "gethostname", lambda: "another")
    write(replacing, tmp_path / "target.x", "new")
    assert part.exists()


def test_without_locks_nothing_is_removed(tmp_path, monkeypatch):
    part = kill(replacing, tmp_path / "target.x")
    monkeypatch.setattr(atomic, "fcntl", None)
    write(replacing, tmp_path / "target.x", "new")
    assert part.exists()
    assert set(names(part)) == {"target.x", part.name, lock_of(part)}


def test_a_part_that_was_taken_for_left_over_is_not_written(tmp_path, monkeypatch):
    """Another writer may lock the file before its maker does; then that takes another name."""
    usual, taken = atomic._lock, []

    def lock(descriptor):
        if not taken:
            (path,) = tmp_path.glob(".*.lock.*")
            taken.append(path.name)
            path.unlink()
        usual(descriptor)

    monkeypatch.setattr(atomic, "_lock", lock)
    with replacing(tmp_path / "target.x") as part:
        assert lock_of(part) not in taken
    assert names(part) == ["target.x"]
