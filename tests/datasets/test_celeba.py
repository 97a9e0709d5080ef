"""CelebA's layout: photographs by name, attributes by name, wherever they lie."""

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from latentscope import datasets
from latentscope.errors import DataError, FileFormatError, LatentscopeWarning, MissingFileError

NAMES = [f"{number:06}.jpg" for number in range(1, 9)]
ATTRIBUTES = {"Smiling": [1, 0, 0, 1, 1, 0, 1, 0], "Young": [0, 0, 1, 1, 0, 1, 1, 1]}


def jpeg(level):
    file = io.BytesIO()
    Image.new("RGB", (44, 54), (level,) * 3).save(file, "JPEG", quality=95)
    return file.getvalue()


def write_attributes(path, order=range(8), n=None):
    rows = [[NAMES[i], *(str(2 * column[i] - 1) for column in ATTRIBUTES.values())] for i in order]
    lines = [str(len(rows) if n is None else n), " ".join(ATTRIBUTES) + " "]
    path.write_text("\n".join(lines + ["  ".join(row) for row in rows]) + "\n")
    return path


def write_partition(path, order=range(8)):
    path.write_text("".join(f"{NAMES[i]} {min(i // 3, 2)}\n" for i in order))
    return path


@pytest.fixture
def top(tmp_path):
    """A folder with the zip of eight one-coloured pictures, in no order, and the attributes."""
    with zipfile.ZipFile(tmp_path / "img_align_celeba.zip", "w") as file:
        for i in [3, 1, 0, 2, 7, 6, 5, 4]:
            file.writestr(f"img_align_celeba/{NAMES[i]}", jpeg(20 * i))
    write_attributes(tmp_path / "list_attr_celeba.txt")
    return tmp_path


@pytest.fixture
def extracted(top, tmp_path_factory):
    """The same, extracted."""
    other = tmp_path_factory.mktemp("extracted")
    zipfile.ZipFile(top / "img_align_celeba.zip").extractall(other)
    write_attributes(other / "list_attr_celeba.txt")
    return other


class TestOpens:
    def test_pixels_ids_labels_and_meta(self, top):
        images = datasets.celeba(top / "img_align_celeba.zip", size=16)
        assert images.ids.tolist() == NAMES
        levels = 20 * np.arange(8).reshape(8, 1, 1, 1)
        np.testing.assert_array_equal(
            images.take(slice(None)), np.broadcast_to(levels, (8, 16, 16, 3))
        )
        assert list(images.labels) == ["Smiling", "Young"]
        for name, column in ATTRIBUTES.items():
            assert images.labels[name].dtype == bool
            assert images.labels[name].tolist() == [bool(value) for value in column]
        assert images.meta["source"] == "img_align_celeba.zip"
        assert images.meta["attributes"] == "list_attr_celeba.txt"
        assert (images.meta["size"], images.meta["n_skipped"]) == (16, 0)

    def test_zip_folder_and_what_holds_them(self, top, extracted):
        usual = datasets.celeba(top)
        for path in (extracted, extracted / "img_align_celeba", str(top / "img_align_celeba.zip")):
            other = datasets.celeba(path)
            np.testing.assert_array_equal(other.take(slice(None)), usual.take(slice(None)))
            assert other.ids.tolist() == usual.ids.tolist()
            assert other.labels["Young"].tolist() == usual.labels["Young"].tolist()

    @pytest.mark.parametrize("seed", range(3))
    def test_lines_are_matched_by_name(self, top, seed):
        order = np.random.default_rng(seed).permutation(8)
        attributes = write_attributes(top / "other.txt", order)
        partition = write_partition(top / "parts.txt", order[::-1])
        images = datasets.celeba(top, attributes=attributes, partition=partition)
        assert images.labels["Smiling"].tolist() == [bool(x) for x in ATTRIBUTES["Smiling"]]
        parts = 3 * ["train"] + 3 * ["validation"] + 2 * ["test"]
        assert images.labels["partition"].tolist() == parts
        assert images.meta["partition"] == "parts.txt"

    def test_the_partition_beside(self, top):
        write_partition(top / "list_eval_partition.txt")
        assert (datasets.celeba(top).labels["partition"] == "validation").sum() == 3

    def test_the_folders_of_the_official_download(self, top):
        for folder, name in [("Img", "img_align_celeba.zip"), ("Anno", "list_attr_celeba.txt")]:
            (top / folder).mkdir()
            (top / name).rename(top / folder / name)
        (top / "Eval").mkdir()
        write_partition(top / "Eval" / "list_eval_partition.txt")
        assert list(datasets.celeba(top / "Img").labels) == ["Smiling", "Young", "partition"]

    def test_without_lists(self, top):
        (top / "list_attr_celeba.txt").unlink()
        assert not datasets.celeba(top).labels

    def test_a_part_of_the_photographs(self, top):
        with zipfile.ZipFile(top / "part.zip", "w") as file:
            for i in (6, 2):
                file.writestr(NAMES[i], jpeg(i))
        images = datasets.celeba(top / "part.zip")
        assert images.ids.tolist() == [NAMES[2], NAMES[6]]
        assert images.labels["Smiling"].tolist() == [False, True]

    def test_sub_folders_are_put_into_the_order_of_names(self, extracted):
        folder = extracted / "img_align_celeba"
        (folder / "a").mkdir()
        (folder / NAMES[5]).rename(folder / "a" / NAMES[5])
        images = datasets.celeba(folder, size=8)
        assert images.ids.tolist() == NAMES
        assert images.take(slice(None))[:, 0, 0, 0].tolist() == [20 * i for i in range(8)]
        assert images.labels["Young"].tolist() == [bool(x) for x in ATTRIBUTES["Young"]]

    def test_labels_of_skipped_images_are_left_out_too(self, extracted):
        (extracted / "img_align_celeba" / NAMES[1]).write_bytes(b"")
        with pytest.raises(DataError, match=r"000002\.jpg of .*is empty.*on_error='skip'"):
            datasets.celeba(extracted)
        with pytest.warns(LatentscopeWarning, match="1 of 8 images") as warned:
            images = datasets.celeba(extracted, on_error="skip")
        assert warned[0].filename == __file__
        assert images.labels["Smiling"].tolist() == [True, False, True, True, False, True, False]
        assert list(images.meta["skipped"]) == ["000002.jpg"]

    def test_windows_line_ends_byte_order_mark_and_blank_end(self, top):
        path = top / "list_attr_celeba.txt"
        text = path.read_text().replace("\n", "\r\n") + "\r\n \r\n"
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert len(datasets.celeba(top).labels) == 2

    def test_lists_may_change_without_decoding(self, top, no_decoding):
        datasets.celeba(top)
        write_partition(top / "list_eval_partition.txt")
        no_decoding()
        assert "partition" in datasets.celeba(top).labels


ATTRIBUTE_FAULTS = {
    "": (FileFormatError, "must start with a line that counts .* line 1 is ''"),
    "image_id,Smiling\n000001.jpg,1": (FileFormatError, "line 1 is 'image_id,Smiling'.*CSV"),
    "3": (FileFormatError, "must start with a line that counts"),
    "8\n\n000001.jpg": (FileFormatError, "line 2 must name distinct attributes"),
    "1\nA B A\n000001.jpg 1 1 1": (FileFormatError, "line 2 must name distinct attributes"),
    "5\nA B\n000001.jpg 1 1": (FileFormatError, "line 1 counts 5 images; 1 lines follow. .*trunc"),
    "2\nA B\n000001.jpg 1 1\n000002.jpg 1": (FileFormatError, "line 4 .* 2 values; got 1 values"),
    "2\nA B\n000001.jpg 1 1\n000002.jpg 1 1 1": (FileFormatError, "line 4 .*; got 3 values"),
    "2\nA B\n\n000002.jpg 1 1": (FileFormatError, "line 3 .*; got 0 values"),
    "1\nA B\n000001.jpg 1 0": (FileFormatError, r"line 3 \(000001.jpg\): .* 1 or -1; got '0'"),
    "1\nA B\n000001.jpg 1 yes": (FileFormatError, "line 3 .* got 'yes'"),
    "2\nA\n000001.jpg 1\n000001.jpg 1": (
        FileFormatError,
        "line 4 is the second one for 000001.jpg",
    ),
    "2\nA\n000001.jpg 1\n000009.jpg 1": (
        DataError,
        "7 of 8 have none: 000002.jpg, 000003.jpg, 000004.jpg, ….*another data set",
    ),
}


class TestRefusals:
    @pytest.mark.parametrize("text", ATTRIBUTE_FAULTS)
    def test_attributes(self, top, text):
        error, match = ATTRIBUTE_FAULTS[text]
        (top / "list_attr_celeba.txt").write_text(text)
        with pytest.raises(error, match=match):
            datasets.celeba(top)

    @pytest.mark.parametrize(
        ("text", "error", "match"),
        [
            ("000001.jpg 3", FileFormatError, "line 1 .* 0 or 1 or 2; got '3'"),
            ("000001.jpg 0\n000002.jpg", FileFormatError, "line 2 .* 1 values; got 0"),
            ("000001.jpg 0", DataError, "7 of 8 have none"),
            ("", DataError, "8 of 8 have none"),
        ],
    )
    def test_partition(self, top, text, error, match):
        (top / "list_eval_partition.txt").write_text(text)
        with pytest.raises(error, match=match):
            datasets.celeba(top)

    def test_no_text(self, top):
        (top / "list_attr_celeba.txt").write_bytes(b"8\n\xff\xfe")
        with pytest.raises(FileFormatError, match="cannot be read as text"):
            datasets.celeba(top)

    @pytest.mark.parametrize("name", ["attributes", "partition"])
    def test_lists_that_are_named_must_be_there(self, top, name):
        with pytest.raises(MissingFileError, match=r"no such file: .*nowhere\.txt"):
            datasets.celeba(top, **{name: top / "nowhere.txt"})

    def test_a_list_that_is_a_folder(self, top):
        with pytest.raises(FileFormatError, match="cannot be read as text"):
            datasets.celeba(top, attributes=top)

    def test_missing(self, tmp_path):
        with pytest.raises(MissingFileError, match="no such file"):
            datasets.celeba(tmp_path / "img_align_celeba.zip")

    def test_page_in_place_of_the_zip(self, tmp_path):
        (tmp_path / "img_align_celeba.zip").write_text("<html>Quota exceeded")
        with pytest.raises(FileFormatError, match="HTML"):
            datasets.celeba(tmp_path)

    def test_one_name_in_two_folders(self, tmp_path):
        for folder in "ab":
            (tmp_path / folder).mkdir()
            (tmp_path / folder / NAMES[0]).write_bytes(jpeg(0))
        with pytest.raises(DataError, match=rf"has {re.escape(NAMES[0])} in more than one folder"):
            datasets.celeba(tmp_path)
