"""Images become a file of latents in blocks; what is stopped continues, what is done stays."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import latentscope
from latentscope.errors import BackendError, DataError, UnsafeFileError
from latentscope.images import Images
from latentscope.latents import Latents


class Stopping:
    """A model that is interrupted after some blocks, and counts what it encodes."""

    def __init__(self, model, n_blocks=10**9):
        self.model, self.n_left, self.n_images = model, n_blocks, 0
        for name in ("kind", "z_dim", "image_shape", "meta"):
            setattr(self, name, getattr(model, name))

    def encode(self, images, *, rng=0):
        if not self.n_left:
            raise KeyboardInterrupt("Ctrl-C")
        self.n_left -= 1
        self.n_images += len(images)
        return self.model.encode(images, rng=rng)


def arrays(latents):
    with latents:
        return {name: np.array(array) for name, array in latents.arrays.items()}


def test_what_is_no_model_is_refused(blobs, tmp_path):
    with pytest.raises(BackendError, match=r"'model.keras' is not a model: kind must be"):
        latentscope.encode("model.keras", blobs, tmp_path / "z.h5")


def test_the_file_holds_what_the_model_gives_in_memory(linear_model, blobs, tmp_path):
    whole = linear_model.encode(blobs)
    with latentscope.encode(linear_model, blobs, tmp_path / "z.h5", block_size=64) as latents:
        assert_allclose(latents.mu[:], whole.mu, rtol=1e-5, atol=1e-6)
        assert_array_equal(latents.logvar[:], whole.logvar)
        assert latents.ids[:].tolist() == blobs.ids.tolist()
        assert_array_equal(latents.labels["row"][:], np.arange(200))
        assert latents.meta["model"] == linear_model.meta
        assert latents.meta["rng"] == 0
        residual = (latents.z[:] - latents.mu[:]) / np.exp(latents.logvar[:] / 2)
    assert abs(residual.std() - 1) < 0.1  # the draws of the blocks differ, and are standard normal
    assert len(np.unique(residual)) > 590
    assert os.listdir(tmp_path) == ["z.h5"]


@pytest.mark.parametrize("n_blocks", [0, 1, 3])
def test_a_stopped_run_continues_with_the_same_bits(linear_model, blobs, tmp_path, n_blocks):
    path, options = tmp_path / "z.h5", {"rng": 3, "block_size": 50}
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        latentscope.encode(Stopping(linear_model, n_blocks), blobs, path, **options)
    assert not path.exists()
    counting = Stopping(linear_model)
    continued = arrays(latentscope.encode(counting, blobs, path, **options))
    n_compared = min(n_blocks, 2)  # the first and the last
    assert counting.n_images == 200 - 50 * n_blocks + 50 * n_compared
    once = arrays(latentscope.encode(linear_model, blobs, tmp_path / "once.h5", **options))
    for name in once:
        assert_array_equal(continued[name], once[name])


def test_what_existed_stays_until_the_new_file_is_whole(linear_model, blobs, tmp_path):
    path = tmp_path / "z.h5"
    latentscope.save(path, [[1.0, 2.0], [3.0, 4.0]])
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        latentscope.encode(Stopping(linear_model, 2), blobs, path, block_size=50)
    assert path.read_bytes() == before
    latentscope.encode(linear_model, blobs, path, block_size=50).close()
    with latentscope.load(path) as latents:
        assert latents.n_points == 200


def test_a_block_cut_short_is_encoded_again(linear_model, blobs, tmp_path):
    """As after a power cut: the files of the partial run have different lengths."""
    path = tmp_path / "z.h5"
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        latentscope.encode(Stopping(linear_model, 3), blobs, path, block_size=50)
    with (tmp_path / ".z.h5.partial" / "mu.float32").open("r+b") as file:
        file.truncate(4 * 3 * 120 + 5)
    continued = arrays(latentscope.encode(linear_model, blobs, path, block_size=50))
    once = arrays(latentscope.encode(linear_model, blobs, tmp_path / "x.h5", block_size=50))
    for name in once:
        assert_array_equal(continued[name], once[name])


FILES = ["z.float32", "mu.float32", "logvar.float32", "checksums.uint32", "settings.json", ".lock"]


def soft_link(path, victim):
    path.symlink_to(victim)


def hard_link(path, victim):
    path.hardlink_to(victim)


def dangling_link(path, victim):
    victim.unlink()
    path.symlink_to(victim)


def pipe(path, victim):
    os.mkfifo(path)


def folder(path, victim):
    path.mkdir()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("put", [soft_link, hard_link, dangling_link, pipe, folder])
def test_nothing_outside_the_partial_folder_is_written(linear_model, blobs, tmp_path, put, name):
    """The folder may have come with an archive that somebody unpacked."""
    partial, victim = tmp_path / ".z.h5.partial", tmp_path / "thesis.txt"
    victim.write_text("years of work")
    partial.mkdir()
    put(partial / name, victim)
    counting = Stopping(linear_model)
    with pytest.raises(UnsafeFileError, match=r"must be an ordinary file .* Remove the folder"):
        latentscope.encode(counting, blobs, tmp_path / "z.h5", block_size=50)
    assert counting.n_images == 0
    if put is dangling_link:
        assert not victim.exists()
    else:
        assert victim.read_text() == "years of work"


def test_links_beside_settings_of_the_same_run_are_refused_too(linear_model, blobs, tmp_path):
    path, victim = tmp_path / "z.h5", tmp_path / "thesis.txt"
    stopped(linear_model, blobs, path, n_blocks=3)
    block = tmp_path / ".z.h5.partial" / "mu.float32"
    block.rename(victim)
    before = victim.read_bytes()
    block.symlink_to(victim)
    with pytest.raises(UnsafeFileError, match=r"mu.float32 must be an ordinary file"):
        latentscope.encode(linear_model, blobs, path, block_size=50)
    assert victim.read_bytes() == before


def test_a_partial_folder_that_is_a_link_is_refused(linear_model, blobs, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".z.h5.partial").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="must be a folder for unfinished blocks"):
        latentscope.encode(linear_model, blobs, tmp_path / "z.h5")
    assert os.listdir(tmp_path / "elsewhere") == []


def stopped(model, images, path, n_blocks):
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        latentscope.encode(Stopping(model, n_blocks), images, path, block_size=50)


def flipped(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x40
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "at", "n_repeated"),
    [
        ("z.float32", 4 * 3 * 60, 1),  # in the second of three blocks
        ("mu.float32", 4 * 3 * 60 + 3, 1),
        ("logvar.float32", 4 * 3 * 99, 1),
        ("checksums.uint32", 5, 1),
        ("z.float32", 0, 1),  # in the first
        ("mu.float32", 4 * 3 * 149, 1),  # in the last
    ],
)
def test_a_damaged_block_is_encoded_again(linear_model, blobs, tmp_path, name, at, n_repeated):
    path = tmp_path / "z.h5"
    stopped(linear_model, blobs, path, n_blocks=3)
    flipped(tmp_path / ".z.h5.partial" / name, at)
    counting = Stopping(linear_model)
    continued = arrays(latentscope.encode(counting, blobs, path, block_size=50))
    n_compared = 2  # the first and the last that are whole
    assert counting.n_images == 50 * (1 + n_repeated + n_compared)
    once = arrays(latentscope.encode(linear_model, blobs, tmp_path / "once.h5", block_size=50))
    for array in once:
        assert_array_equal(continued[array], once[array])


@pytest.mark.parametrize("left", [b"", b"\0" * 12])
def test_blocks_without_checksums_are_encoded_again(linear_model, blobs, tmp_path, left):
    """As left by a version that wrote none."""
    path = tmp_path / "z.h5"
    stopped(linear_model, blobs, path, n_blocks=3)
    (tmp_path / ".z.h5.partial" / "checksums.uint32").write_bytes(left)
    counting = Stopping(linear_model)
    latentscope.encode(counting, blobs, path, block_size=50).close()
    assert counting.n_images == 200


@pytest.fixture
def written(linear_model, blobs, tmp_path, monkeypatch):
    """A finished file of four blocks, each a chunk of the file, dated long ago."""
    monkeypatch.setattr("latentscope.formats.hdf5._CHUNK_BYTES", 4 * 3 * 50)
    path = tmp_path / "z.h5"
    latentscope.encode(linear_model, blobs, path, block_size=50).close()
    os.utime(path, (1e9, 1e9))
    return path


def test_a_finished_file_is_not_written_again(linear_model, blobs, written):
    counting = Stopping(linear_model)
    with latentscope.encode(counting, blobs, written, block_size=50) as latents:
        assert latents.n_points == 200
        assert latents.labels["even"][:].tolist() == blobs.labels["even"].tolist()
    assert counting.n_images == 100  # the first block and the last
    assert written.stat().st_mtime == 1e9
    assert os.listdir(written.parent) == ["z.h5"]


def relabelled(images, labels):
    return Images(images.pixels, ids=images.ids, labels=labels, meta=images.meta)


@pytest.mark.parametrize(
    "change",
    [
        lambda model, images: {"model": type(model)(255 - images.pixels, 3)},
        lambda model, images: {"model": type(model)(images.pixels, 2)},
        lambda model, images: {"images": images[:150]},
        lambda model, images: {"images": Images(images.pixels, labels=images.labels)},
        lambda model, images: {"images": relabelled(images, {"row": images.labels["row"]})},
        lambda model, images: {
            "images": relabelled(images, {**images.labels, "row": images.labels["row"] + 1})
        },
        lambda model, images: {"rng": 1},
        lambda model, images: {"block_size": 40},
    ],
    ids=["weights", "z_dim", "images", "ids", "label gone", "label changed", "rng", "block size"],
)
def test_a_finished_file_of_anything_else_is_replaced(
    linear_model, blobs, written, tmp_path, change
):
    call = {"model": linear_model, "images": blobs, "block_size": 50}
    call |= change(linear_model, blobs)
    replaced = arrays(latentscope.encode(path=written, **call))
    assert written.stat().st_mtime > 1e9
    once = arrays(latentscope.encode(path=tmp_path / "once.h5", **call))
    for name in once:
        assert_array_equal(replaced[name], once[name])
    with latentscope.load(written) as found, latentscope.load(tmp_path / "once.h5") as expected:
        assert found.meta == expected.meta
        assert found.labels.keys() == expected.labels.keys()


def test_another_history_of_the_same_weights_is_written(linear_model, blobs, written):
    other = Stopping(linear_model)
    other.meta = {"epochs": 25}
    with latentscope.encode(other, blobs, written, block_size=50) as latents:
        assert latents.meta["model"] == {"epochs": 25}


def test_missing_labels_are_no_change(linear_model, blobs, written):
    """NaN, which equals nothing, stands for what is not known."""
    images = relabelled(
        blobs, {"age": np.where(np.arange(200) % 3, 40.0, np.nan), "who": blobs.ids}
    )
    for n_encoded in (200, 100):
        counting = Stopping(linear_model)
        latentscope.encode(counting, images, written, block_size=50).close()
        assert counting.n_images == n_encoded


def without_settings(path):
    """Make of a file what earlier versions wrote."""
    with h5py.File(path, "r+") as file:
        meta = json.loads(file.attrs["model"])
        del meta["settings"]
        file.attrs["model"] = json.dumps(meta)


def cut_short(path):
    os.truncate(path, path.stat().st_size // 2)


def one_wrong_byte(path):
    """Damage a row between the first block and the last, which only its checksum tells."""
    with h5py.File(path) as file:
        start = file["mu"].id.get_chunk_info(1).byte_offset
    with path.open("r+b") as file:
        file.seek(start + 100)
        file.write(b"\xff")


def one_wrong_id(path):
    with h5py.File(path, "r+") as file:
        file["ids"][70] = "070.jpg"


@pytest.mark.parametrize(
    "harm",
    [without_settings, cut_short, one_wrong_byte, one_wrong_id],
    ids=lambda harm: harm.__name__,
)
def test_an_older_or_damaged_file_is_replaced(linear_model, blobs, written, tmp_path, harm):
    harm(written)
    replaced = arrays(latentscope.encode(linear_model, blobs, written, block_size=50))
    once = arrays(latentscope.encode(linear_model, blobs, tmp_path / "once.h5", block_size=50))
    for name in once:
        assert_array_equal(replaced[name], once[name])
    with latentscope.load(written) as latents:
        assert latents.ids[:].tolist() == blobs.ids.tolist()


def test_an_unfinished_run_comes_before_a_finished_file(linear_model, blobs, written):
    """Its blocks are neither forgotten nor mixed up."""
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        latentscope.encode(Stopping(linear_model, 2), blobs, written, rng=1, block_size=50)
    with pytest.raises(DataError, match="differs in rng"):
        latentscope.encode(linear_model, blobs, written, block_size=50)
    latentscope.encode(linear_model, blobs, written, rng=1, block_size=50).close()
    assert os.listdir(written.parent) == ["z.h5"]


KILLED = """
    import sys, time
    import numpy as np
    import latentscope
    from latentscope.latents import Latents

    class Slow:
        kind, z_dim, image_shape, meta = "ae", 2, (4, 4, 1), {}
        def encode(self, images, *, rng=0):
            time.sleep(0.05)
            return Latents(images[:, :2, 0, 0].astype(np.float32))

    pixels = np.random.default_rng(0).integers(256, size=(400, 4, 4, 1), dtype=np.uint8)
    print("ready", flush=True)
    latentscope.encode(Slow(), pixels, sys.argv[1], block_size=10).close()
"""


@pytest.mark.slow
def test_a_killed_process_leaves_no_file_and_its_blocks(tmp_path):
    path = tmp_path / "z.h5"
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        partial = tmp_path / ".z.h5.partial" / "z.float32"
        while not (partial.exists() and partial.stat().st_size > 5 * 10 * 2 * 4):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert not path.exists()
    kept = partial.read_bytes()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    with latentscope.load(path) as latents:
        assert latents.z[:].astype("<f4").tobytes().startswith(kept[: len(kept) // 80 * 80])
        assert latents.n_points == 400


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"rng": 1}, "differs in rng. Repeat that run .* or remove the folder"),
        ({"block_size": 40}, "differs in block_size"),
        ({"images": slice(100)}, "differs in images, n_images"),
    ],
)
def test_blocks_of_other_settings_are_not_continued(linear_model, blobs, tmp_path, change, match):
    path = tmp_path / "z.h5"
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        latentscope.encode(Stopping(linear_model, 1), blobs, path, block_size=50)
    options = {"block_size": 50, **change}
    with pytest.raises(DataError, match=match):
        latentscope.encode(linear_model, blobs[options.pop("images", slice(None))], path, **options)


def test_blocks_of_another_model_are_not_continued(linear_model, blobs, tmp_path):
    path = tmp_path / "z.h5"
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        latentscope.encode(Stopping(linear_model, 1), blobs, path, block_size=50)
    other = type(linear_model)(255 - blobs.pixels, 3)
    with pytest.raises(DataError, match="holds blocks of another model or of other images"):
        latentscope.encode(other, blobs, path, block_size=50)


def test_a_draw_without_noise_does_not_continue_one_with(linear_model, blobs, tmp_path):
    path = tmp_path / "z.h5"
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        latentscope.encode(Stopping(linear_model, 2), blobs, path, block_size=50)
    still = Stopping(linear_model)
    still.encode = lambda images, rng=0: Latents(
        (found := linear_model.encode(images, rng=rng)).mu, found.mu, found.logvar
    )
    with pytest.raises(DataError, match="of another model or of other images: z differs"):
        latentscope.encode(still, blobs, path, block_size=50)


def test_two_runs_do_not_share_a_file(linear_model, blobs, tmp_path):
    class Nested(Stopping):
        def encode(self, images, *, rng=0):
            latentscope.encode(linear_model, blobs, tmp_path / "z.h5")

    with pytest.raises(DataError, match="is being written by another run"):
        latentscope.encode(Nested(linear_model), blobs, tmp_path / "z.h5")


@pytest.mark.parametrize("text", ["", "null", "5", "[1]", "{"])
def test_a_damaged_note_starts_anew(linear_model, blobs, tmp_path, text):
    path = tmp_path / "z.h5"
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        latentscope.encode(Stopping(linear_model, 2), blobs, path, block_size=50)
    (tmp_path / ".z.h5.partial" / "settings.json").write_text(text)
    latentscope.encode(linear_model, blobs, path, block_size=50).close()
    assert os.listdir(tmp_path) == ["z.h5"]


def test_what_others_keep_in_the_partial_folder_stays(linear_model, blobs, tmp_path):
    folder = tmp_path / ".z.h5.partial"
    folder.mkdir()
    (folder / "precious.txt").touch()
    latentscope.encode(linear_model, blobs, tmp_path / "z.h5").close()
    assert os.listdir(folder) == ["precious.txt"]


def test_what_cannot_be_stored_is_refused_before_the_work(linear_model, blobs, tmp_path):
    counting = Stopping(linear_model)
    images = Images(blobs.pixels, labels={"A/B": np.arange(200)})
    with pytest.raises(DataError, match=r"a label must have a name without '/'; got 'A/B'"):
        latentscope.encode(counting, images, tmp_path / "z.h5")
    assert counting.n_images == 0


def bad(**changes):
    """Return a model whose mu is replaced."""

    def make(model):
        def encode(images, *, rng=0):
            latents = model.encode(images, rng=rng)
            return Latents(latents.z, changes["mu"](latents.mu), latents.logvar)

        broken = Stopping(model)
        broken.encode = encode
        return broken

    return make


def test_numbers_beyond_single_precision_are_refused(linear_model, blobs, tmp_path):
    broken = bad(mu=lambda mu: mu.astype(float) * 1e300)
    with pytest.raises(BackendError, match="mu must fit in float32"):
        latentscope.encode(broken(linear_model), blobs, tmp_path / "z.h5")


def test_latents_of_a_broken_model_are_refused(linear_model, blobs, tmp_path):
    broken = bad(mu=lambda mu: np.where(np.arange(len(mu))[:, None] == 7, np.nan, mu))
    with pytest.raises(BackendError, match="images 0 to 199: mu must be finite; got 3 NaN"):
        latentscope.encode(broken(linear_model), blobs, tmp_path / "z.h5")


@pytest.mark.parametrize(
    ("images", "options", "error", "match"),
    [
        (np.zeros((2, 9, 9, 3), np.uint8), {}, DataError, r"shape \(8, 8, 3\); got \(9, 9, 3\)"),
        (np.zeros((8, 8, 3), np.uint8), {}, DataError, "pixels must have shape"),
        (Images(np.zeros((2, 8, 8, 3)))[:0], {}, DataError, "at least one image to encode"),
        (np.zeros((2, 8, 8, 3)), {"block_size": 0}, DataError, "block_size must be an integer"),
        (np.zeros((2, 8, 8, 3)), {"rng": np.random.default_rng()}, TypeError, "rng must be"),
        (np.zeros((2, 8, 8, 3)), {"path": "no/such/z.h5"}, DataError, "lie in an existing folder"),
        (np.zeros((2, 8, 8, 3)), {"path": "a\0b"}, DataError, "must name a file"),
        (np.zeros((2, 8, 8, 3)), {"path": "z.npz"}, DataError, r"must end with \.h5; got .*z\.npz"),
    ],
)
def test_refusals(linear_model, tmp_path, images, options, error, match):
    path = tmp_path / options.pop("path", "z.h5")
    with pytest.raises(error, match=match):
        latentscope.encode(linear_model, images, path, **options)
    assert list(tmp_path.iterdir()) == []
