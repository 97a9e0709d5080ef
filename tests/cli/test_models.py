"""Models on the command line: train, encode, and what images may be."""

import json
import sys

import pytest
from PIL import Image

import latentscope
from latentscope.cli._images import images_at

TINY = ["--set", "filters=[4,8,8,8]", "--set", "batch_size=16", "--set", "z_dim=5"]
TRAIN = ["train", "--preset", "celeba-vae", "--images", "drawn:40", "--size", "16", *TINY]


def test_training_continues_where_it_stopped(good, place):
    first = good(*TRAIN, "--out", "run", "--epochs", "1", "--seed", "2").splitlines()
    assert first[0] == "<KerasModel: VAE of 16×16×3 images, z_dim 5>, saved in run"
    assert [line.split()[0] for line in first[1:4]] == ["metric", "total_loss", "reco_loss"]
    good(*TRAIN, "--out", "run", "--epochs", "2", "--seed", "2")
    meta = json.loads((place / "run" / "model.json").read_text())["meta"]
    assert (meta["rng"], len(meta["history"]["total_loss"])) == (2, 2)
    assert (meta["config"]["filters"], meta["config"]["fact"]) == ([4, 8, 8, 8], 5.0)


def test_text_is_a_value_too(run):
    done = run(*TRAIN, "--set", "activation=gelo", "--out", "run")
    assert done.exit_code == 1
    assert "activation must be one of" in done.stderr


def test_encode_writes_the_file(good):
    text = good("encode", "vae", "drawn:40", "faces.h5", "--seed", "3", "--block-size", "16")
    assert text.startswith("<Latents of 40 points in 6 dimensions: z, mu, logvar, ids, labels ")
    assert text.endswith(", saved in faces.h5\n")
    with latentscope.load("faces.h5") as latents:
        assert (latents.kind, latents.meta["rng"], "tilt" in latents.labels) == ("vae", 3, True)


@pytest.mark.slow
def test_models_of_other_backends_are_folders_too(good):
    encoded = good("encode", "theirs", "drawn:40", "faces.h5", "--backend", "onnx")
    assert encoded.startswith("<Latents of 40 points in 6 dimensions: z, ids, labels ")
    good("report", "z=faces.h5", "--model", "z=theirs", "--backend", "onnx", "--out", "z.html")


def celeba_in(folder):
    """Two photographs in the layout of the official download, with their attributes."""
    (folder / "img_align_celeba").mkdir(parents=True)
    for name in ("000001.jpg", "000002.jpg"):
        Image.new("RGB", (178, 218), "navy").save(folder / "img_align_celeba" / name)
    text = "2\nSmiling Young\n000001.jpg -1  1\n000002.jpg  1  1\n"
    (folder / "list_attr_celeba.txt").write_text(text)


def test_images_with_attributes_are_celeba(place):
    celeba_in(place / "celeba")
    for path in ("celeba", "celeba/img_align_celeba"):
        images = images_at(path, None, (16, 16, 3))
        assert (list(images.labels), images.image_shape) == (["Smiling", "Young"], (16, 16, 3))


def test_attributes_may_lie_elsewhere(place):
    celeba_in(place / "celeba")
    (place / "celeba" / "list_attr_celeba.txt").rename(place / "list.txt")
    assert list(images_at("celeba", None, (16, 16, 3)).labels) == ["folder"]
    assert list(images_at("celeba", "list.txt", (16, 16, 3)).labels) == ["Smiling", "Young"]


def test_images_without_attributes_are_a_folder(place):
    assert images_at("photos", None, (24, 24, 1)).image_shape == (24, 24, 1)
    assert images_at("photos", None, (24, 24, 3)).ids[0] == "00.png"


@pytest.mark.parametrize(
    ("arguments", "code", "match"),
    [
        ("encode vae photos out.npy", 2, "must end in .h5 or .hdf5"),
        ("encode vae photos no/out.h5", 2, "does not exist"),
        ("encode nothing photos out.h5", 1, "nothing must hold model.json"),
        ("encode vae photos out.h5 --backend onnx", 1, "no such file: vae/encoder.onnx"),
        ("encode vae photos out.h5 --backend torch", 1, "'vae'. This backend opens no file"),
        ("encode vae nothing out.h5", 1, "no such file: nothing"),
        ("encode vae empty out.h5", 1, "error: "),
        ("encode vae drawn:many out.h5", 2, "'drawn:many' must be drawn:N with N ≥ 1 faces"),
        ("encode vae drawn:0 out.h5", 2, "must be drawn:N"),
        ("encode vae photos out.h5 --backend torhc", 1, "name must be one of"),
        ("encode vae photos out.h5 --attributes no.txt", 1, "no such file: no.txt"),
        ("train --preset celeba-vea --images photos --out run", 1, "Did you mean 'celeba-vae'?"),
        ("train --preset celeba-ae --images photos --out run --set zdim=3", 1, "'z_dim'?"),
        ("train --preset celeba-ae --images photos --out run --set z_dim", 2, "FIELD=VALUE"),
        ("train --preset celeba-ae --images photos --out run --size 17", 1, "multiple of 16"),
        ("train --preset celeba-ae --images photos --out run --epochs 0", 1, "epochs must be"),
        (
            "train --preset celeba-ae --images photos --out run --set image_shape=[16,32,3]",
            2,
            "Images are cropped to squares, but the model needs 16×32.",
        ),
        (
            "train --preset digits-ae --images photos --out run --attributes list.txt",
            2,
            "CelebA's photographs have 3 channels",
        ),
        ("train --images photos --out run", 2, "Missing option '--preset'"),
    ],
)
def test_refusals(run, place, arguments, code, match):
    (place / "empty").mkdir()
    done = run(*arguments.split())
    assert (done.exit_code, done.stdout) == (code, "")
    assert match in done.stderr
    assert not (place / "run").exists()


def test_a_missing_framework_is_named_with_its_install_line(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    done = run("encode", "vae", "photos", "out.h5")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "pip install 'latentscope-analysis[tensorflow]'" in done.stderr
