"""Tables of text and Parquet: which columns are z, which are labels, what is said."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

import latentscope
from latentscope.errors import DataError, LatentscopeWarning

N, D = 60, 5
AGE = np.arange(N)


@pytest.fixture
def z():
    return np.random.default_rng(0).standard_normal((N, D), dtype=np.float32)


@pytest.fixture
def frame(z):
    frame = pd.DataFrame(z, columns=[f"z_{axis}" for axis in range(D)])
    return frame.assign(age=AGE, kind=["a", "b"] * (N // 2), barcode=[f"c{i}" for i in AGE])


def write(frame, path):
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_numbered_columns_are_z_others_labels(tmp_path, frame, z, name):
    write(frame, tmp_path / name)
    found = latentscope.load(tmp_path / name)
    np.testing.assert_array_equal(np.asarray(found.z[:]).astype("f4"), z)
    assert list(found.ids[:2]) == ["c0", "c1"]
    np.testing.assert_array_equal(found.labels["age"], AGE)
    assert list(found.labels["kind"][:2]) == ["a", "b"]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_two_sets_of_columns_are_told_apart_by_key(tmp_path, frame, name):
    write(
        frame.rename(columns=lambda one: one.replace("z_", "h")).assign(PC1=1.5, PC2=2.5),
        tmp_path / name,
    )
    with pytest.raises(DataError, match=r"h \(60 × 5.*PC \(60 × 2"):
        latentscope.load(tmp_path / name).close()
    assert latentscope.load(tmp_path / name, key="PC").z_dim == 2


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_missing_column_is_noticed(tmp_path, frame, name):
    write(frame.drop(columns="z_2"), tmp_path / name)
    with pytest.raises(DataError, match="missing: z2"):
        latentscope.load(tmp_path / name)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_plain_numbers(tmp_path, z, header, separator):
    pd.DataFrame(z).to_csv(tmp_path / "a.txt", sep=separator, index=False, header=header)
    found = latentscope.load(tmp_path / "a.txt")
    np.testing.assert_array_equal(found.z.astype("f4"), z)
    assert dict(found.labels) == {}


def test_pandas_index(tmp_path, z):
    pd.DataFrame(z).to_csv(tmp_path / "a.csv")
    found = latentscope.load(tmp_path / "a.csv")
    np.testing.assert_array_equal(found.z.astype("f4"), z)
    assert list(found.ids[:2]) == ["0", "1"]


def test_missing_labels_and_line_breaks(tmp_path, frame, z):
    ages = AGE.astype(float)
    ages[3] = np.nan
    text = ['a "quoted", word', "two\nlines", ""] * (N // 3)
    frame.assign(age=ages, kind=text).to_csv(tmp_path / "a.csv", index=False)
    found = latentscope.load(tmp_path / "a.csv")
    np.testing.assert_array_equal(found.labels["age"], ages)
    assert list(found.labels["kind"]) == text


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_columns_without_numbers_are_said(tmp_path, z, name):
    """An axis of whole numbers must not become a label in silence."""
    frame = pd.DataFrame({"id": AGE, "x": z[:, 0], "y": z[:, 1], "n": AGE})
    write(frame, tmp_path / name)
    with pytest.warns(LatentscopeWarning, match=r"made of the columns x, y; labels: id, n"):
        found = latentscope.load(tmp_path / name)
    assert found.z_dim == 2
    assert list(found.ids[:2]) == ["0", "1"]


def test_words_before_their_vectors(tmp_path, z):
    """As GloVe writes them; the axes may hold whole numbers."""
    lines = [f"w{i} {i} 0 {x:.9g}" for i, x in enumerate(z[:, 0])]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    found = latentscope.load(tmp_path / "a.txt")
    assert (found.z_dim, list(found.labels["column 0"][:2])) == (3, ["w0", "w1"])


def test_an_index_of_text(tmp_path, z):
    frame = pd.DataFrame(z, index=[f"i{k}" for k in AGE], columns=[f"z{k}" for k in range(D)])
    frame.to_parquet(tmp_path / "a.parquet")
    assert list(latentscope.load(tmp_path / "a.parquet").ids[:2]) == ["i0", "i1"]


def test_vectors_in_one_column(tmp_path, z):
    for kind in (pa.list_(pa.float32()), pa.list_(pa.float32(), D)):
        table = pa.table({"text": ["a"] * N, "embedding": pa.array(list(z), kind)})
        pa.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=17)
        found = latentscope.load(tmp_path / "a.parquet")
        np.testing.assert_array_equal(found.z[:], z)
        np.testing.assert_array_equal(found.z[15:40], z[15:40])
        assert latentscope.radius_density(found).mean == latentscope.radius_density(z).mean


def test_vectors_of_different_lengths_are_refused(tmp_path, z):
    rows = [*map(list, z[1:]), [1.0]]
    pl.DataFrame({"embedding": rows}).write_parquet(tmp_path / "a.parquet")
    found = latentscope.load(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="must hold vectors of 5 numbers in all rows"):
        latentscope.radius_density(found)


def test_the_projectors_pair(tmp_path, z):
    np.savetxt(tmp_path / "vectors.tsv", z, delimiter="\t")
    frame = pd.DataFrame({"word": [f"w{i}" for i in AGE], "count": AGE})
    frame.to_csv(tmp_path / "metadata.tsv", sep="\t", index=False)
    found = latentscope.load(tmp_path / "vectors.tsv")
    np.testing.assert_array_equal(found.z.astype("f4"), z)
    assert list(found.labels["word"][:2]) == ["w0", "w1"]
    (tmp_path / "metadata.tsv").write_text("\n".join(["a", "b", "c"] * (N // 3)))
    assert list(latentscope.load(tmp_path / "vectors.tsv").labels["label"][:2]) == ["a", "b"]
    (tmp_path / "metadata.tsv").write_text("a\nb\n")
    with pytest.raises(DataError, match="one line per row of the vectors, 60"):
        latentscope.load(tmp_path / "vectors.tsv")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("1,2\n3,4\n5\n", "cannot be read as a table"),
        ("1,2\n3,4\nx,6\n", "mixes numbers and words.*line 3: 'x'"),
        ("a,b\n1,2\n" + "3,4\n" * 60 + "x,6\n", "could not convert string 'x'"),
        ("a,b\nc,d\n", r"got column 0 \(2, text\)"),
        ("0,5;2,1\n0,7;3,2\n", "text between columns of numbers"),
        ("\n\n", "no rows"),
        ("1,2\n" * 40 + "\0\n", "zero byte"),
    ],
)
def test_broken_tables(tmp_path, text, match):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises((DataError, latentscope.errors.FileFormatError), match=match):
        latentscope.load(tmp_path / "a.csv")
