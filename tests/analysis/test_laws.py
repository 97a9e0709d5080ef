"""Laws that every analysis keeps, whatever it computes."""

import dataclasses
import warnings
from functools import cache, partial

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

import latentscope as ls
from latentscope.errors import DataError, FileFormatError, LatentscopeWarning
from latentscope.results import Result

ONE_PASS = {  # what does not depend on a seed
    "radius": ls.radius_density,
    "axes": ls.axis_density,
    "pca": ls.pca,
    "correlation": ls.correlation,
    "posterior": ls.posterior,
    "overview": ls.overview,
    "support": lambda z: ls.support(z, np.ones((5, ls.rows.as_rows(z).z_dim))),
    "compare": lambda z: ls.compare(one=z, two=z),
}
ALL = ONE_PASS | {
    "planes": partial(ls.plane_zoom, half_widths=[9.0, 3.0], axes=(1, 0)),
    "ellipsoid": partial(ls.ellipsoid, axes=(1, 0), space="latent"),
    "ridges": partial(ls.ridges, half_width=np.inf, space="latent", n_null=19, n_boot=2),
    "clusters": partial(ls.inertia_curve, n_clusters=[2, 3, 5]),
    "gap": partial(ls.cluster_gap, n_clusters=[1, 2], n_null=19),
    "dimension": ls.intrinsic_dimension,
    "tsne": partial(ls.tsne, perplexity=5, n_iter=8),
    "normality": partial(ls.normality, n_null=0),
    "henze_zirkler": ls.henze_zirkler,
}
every_analysis = pytest.mark.parametrize("analysis", ALL.values(), ids=ALL)
every_one_pass = pytest.mark.parametrize("analysis", ONE_PASS.values(), ids=ONE_PASS)
BAD_ROWS = [2, 3, 50, 77, 100, 299]


def latents(z):
    """Return z with a posterior that is a function of each row: (z − mu)² = exp(logvar)."""
    mu = 0.9 * z
    with np.errstate(invalid="ignore"):  # inf − inf, in the tests of rows that are not finite
        return ls.Latents(z, mu, np.log((z - mu) ** 2 + 1e-12))


@pytest.fixture
def z(cloud):
    return cloud.z[:300]


@pytest.fixture
def holed(z):
    holed = z.copy()
    holed[BAD_ROWS[:3], 0] = np.nan
    holed[BAD_ROWS[3:], 5] = -np.inf
    return holed


@pytest.fixture(scope="session")
def plain(cloud):
    """Return the result of an analysis on z, computed once."""
    return cache(lambda analysis: analysis(latents(cloud.z[:300])))


def arrays_of(value, but=()):
    """Yield every array inside a result, but those of some fields."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Result):
        for field in dataclasses.fields(value):
            if field.name not in but:
                yield from arrays_of(getattr(value, field.name), but)
    elif isinstance(value, tuple):
        for item in value:
            yield from arrays_of(item, but)


def all_finite(result, but=()):
    """Tell whether no number of the fields and of the table is NaN or infinite."""
    numbers = [cell for column in result.table().values() for cell in column]
    numbers = [cell for cell in numbers if isinstance(cell, int | float)]
    return np.isfinite(numbers).all() and all(np.isfinite(a).all() for a in arrays_of(result, but))


@every_one_pass
def test_order_of_rows(analysis, z, plain, rng, assert_same):
    """Permuting the rows changes nothing."""
    assert_same(analysis(latents(rng.permutation(z))), plain(analysis), rtol=1e-9)


@every_one_pass
def test_precision(analysis, z, assert_same):
    """float32 and float64 rows of the same values give the same counts, and floats to 1e-5."""
    z = z.astype(np.float32)
    single, double = latents(z), latents(z.astype(np.float64))
    double = ls.Latents(double.z, single.mu.astype(float), single.logvar.astype(float))
    assert_same(analysis(single), analysis(double), rtol=1e-5, but=["noise_level"])


@every_analysis
def test_many_blocks(analysis, z, plain, small_blocks, monkeypatch, assert_same):
    """One block or many: the same result but for rounding."""
    many = analysis(latents(z))
    monkeypatch.undo()
    assert_same(many, plain(analysis), rtol=1e-9)


@pytest.mark.parametrize("form", ["memmap", "h5py", "fortran", "big-endian", "strided"])
@pytest.mark.parametrize("name", ["overview", "planes", "clusters"])
def test_source(name, form, z, tmp_path, assert_same):
    """Rows give the same bits from memory and from a file, in whatever layout."""
    np.save(tmp_path / "z.npy", z)
    with h5py.File(tmp_path / "z.h5", "w") as file:
        source = {
            "memmap": lambda: np.load(tmp_path / "z.npy", mmap_mode="r"),
            "h5py": lambda: file.create_dataset("z", data=z, chunks=(64, 2)),
            "fortran": lambda: np.asfortranarray(z),
            "big-endian": lambda: z.astype(">f8"),
            "strided": lambda: np.repeat(z, 2, axis=0)[::2],
        }[form]()
        assert_same(ALL[name](source), ALL[name](z))


@every_analysis
def test_same_seed(analysis, z, plain, assert_same):
    """The same seed gives the same bits (the divergence of t-SNE: see test_tsne)."""
    assert_same(analysis(latents(z)), plain(analysis), but=["kl_divergence"])


@every_analysis
def test_input_is_left_alone(analysis, z):
    """An analysis does not write to its input."""
    given = latents(z.copy())
    before = {name: array.copy() for name, array in given.arrays.items()}
    analysis(given)
    for name, array in given.arrays.items():
        assert_array_equal(array, before[name])


@every_analysis
def test_nonfinite_rows_are_refused(analysis, holed, small_blocks):
    """The count and the first rows, by their numbers in the source, whatever the blocks."""
    with pytest.raises(DataError, match=r"6 of 300 rows .*\(rows 2, 3, 50, 77, 100, …\)"):
        analysis(latents(holed))


@every_analysis
def test_finite_rows(analysis, z, holed, assert_same):
    """Leaving rows out gives the numbers of the array without them, and says so."""
    result = analysis(ls.finite_rows(latents(holed)))
    without = analysis(latents(np.delete(z, BAD_ROWS, axis=0)))
    assert (result.n_used, result.n_total) in [(294, 300), (588, 600)]
    assert_same(result, without, rtol=1e-12, but=["n_total", "indices", "indices"])
    assert f"{result.n_used} of {result.n_total} rows" in repr(result)


@pytest.mark.parametrize(
    ("name", "field"), [(name, "indices") for name in ("planes", "tsne", "ellipsoid")]
)
def test_finite_rows_keep_their_numbers(name, field, holed, small_blocks):
    """Row numbers count the rows that were left out."""
    numbers = getattr(ALL[name](ls.finite_rows(holed)), field)
    assert not set(BAD_ROWS) & set(numbers)
    assert numbers.max() == 298


@pytest.mark.parametrize("name", ["radius", "overview"])
def test_few_finite_rows_of_many(name):
    """Two finite rows are enough, wherever they stand."""
    z = np.full((50_000, 2), np.nan)
    z[[5, 9]] = [[3.0, 4.0], [0.0, 1.0]]
    result = ALL[name](ls.finite_rows(z))
    assert result.n_used == 2
    assert all_finite(result)


@every_analysis
def test_arrays_are_locked(analysis, plain):
    for array in arrays_of(plain(analysis)):
        assert not array.flags.writeable


@every_analysis
def test_result_describes_itself(analysis, plain):
    result = plain(analysis)
    assert f"{type(result).__name__} of {result.n_used} rows: " in repr(result)
    assert "<table>" in result._repr_html_()
    assert all_finite(result)


@every_analysis
def test_saved_and_loaded(analysis, plain, tmp_path, assert_same):
    """A result that was saved comes back bit for bit, with the same shapes."""
    result = plain(analysis)
    result.save(tmp_path / "result.json")
    loaded = type(result).load(tmp_path / "result.json")
    assert_same(loaded, result)
    shapes = [(a.shape, a.dtype) for a in arrays_of(result)]
    assert [(a.shape, a.dtype) for a in arrays_of(loaded)] == shapes


def test_load_refuses_another_kind(z, tmp_path):
    ls.pca(z).save(tmp_path / "pca.json")
    with pytest.raises(FileFormatError, match="must hold a RadiusDensity; it holds a PCA"):
        type(ls.radius_density(z)).load(tmp_path / "pca.json")


CLOUDS = {
    "constant axis": lambda g: g.standard_normal((60, 3)) * [1, 0, 1] + [0, 4, 0],
    "few distinct rows": lambda g: np.repeat(g.standard_normal((5, 3)), 12, axis=0),
    "all rows alike": lambda g: np.full((60, 3), 1.5),
    "all zero": lambda g: np.zeros((60, 3)),
    "fewer rows than axes": lambda g: g.standard_normal((20, 30)),
    "two rows": lambda g: g.standard_normal((2, 3)),
    "one axis": lambda g: g.standard_normal((60, 1)),
    "tiny": lambda g: 1e-20 * g.standard_normal((60, 3)),
    "integers": lambda g: g.integers(-3, 4, (60, 3)),
}
REFUSALS = {
    ("support", "all rows alike"): "all of them coincide",
    ("support", "all zero"): "all of them coincide",
    ("support", "fewer rows than axes"): "at least two rows more than directions",
    ("support", "two rows"): "at least two rows more than directions",
    ("correlation", "all rows alike"): "two or more axes that vary",
    ("correlation", "all zero"): "two or more axes that vary",
    ("correlation", "one axis"): "two or more axes that vary",
    ("ellipsoid", "all rows alike"): "must vary along all 2 axes",
    ("ellipsoid", "constant axis"): "must vary along all 2 axes",
    ("ellipsoid", "all zero"): "must vary along all 2 axes",
    ("ellipsoid", "two rows"): "must vary along all 2 axes",
    ("ellipsoid", "one axis"): r"axes\[0\] must be an integer from 0 to 0",
    ("ridges", "all rows alike"): "must vary along all 2 axes",
    ("ridges", "all zero"): "must vary along all 2 axes",
    ("ridges", "constant axis"): "must vary along all 2 axes",
    ("ridges", "two rows"): "must vary along all 2 axes",
    ("ridges", "few distinct rows"): "coordinates must differ from point to point",
    ("ridges", "integers"): "coordinates must differ from point to point",
    ("ridges", "fewer rows than axes"): "at least 30 points",
    ("ridges", "one axis"): r"axes\[1\] must be an integer from 0 to 0",
    ("planes", "one axis"): r"axes\[0\] must be an integer from 0 to 0",
    ("clusters", "two rows"): "n_clusters must be an integer from 1 to 2",
    ("gap", "two rows"): "at least 20 rows to search for clusters; got 2",
    ("gap", "all rows alike"): "all of them coincide",
    ("gap", "all zero"): "all of them coincide",
    ("tsne", "two rows"): "n_points must be an integer at least 8",
    ("tsne", "all rows alike"): "all of them coincide",
    ("tsne", "all zero"): "all of them coincide",
    ("normality", "all rows alike"): "all of them coincide",
    ("normality", "all zero"): "all of them coincide",
    ("henze_zirkler", "all rows alike"): "vary along 0 directions",
    ("henze_zirkler", "all zero"): "vary along 0 directions",
    ("henze_zirkler", "fewer rows than axes"): "at most 10 directions",
    ("henze_zirkler", "two rows"): "10 different rows and two per direction",
    ("henze_zirkler", "few distinct rows"): "10 different rows and two per direction; its 5",
}


UNDEFINED = {"all zero": ("relative_difference",)}  # relative to mu, which is 0


@pytest.mark.parametrize("shape", CLOUDS)
@pytest.mark.parametrize("name", ALL)
def test_degenerate_cloud(name, shape):
    """Weak data give finite numbers or a refusal that says why."""
    given = latents(CLOUDS[shape](np.random.default_rng(1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LatentscopeWarning)
        if (name, shape) in REFUSALS:
            with pytest.raises(DataError, match=REFUSALS[name, shape]):
                ALL[name](given)
        else:
            assert all_finite(ALL[name](given), but=UNDEFINED.get(shape, ()))


@pytest.mark.parametrize("name", [n for n in ALL if n != "tsne"])  # for it see test_neighbours
@pytest.mark.parametrize(("value", "dtype"), [(1e30, "f4"), (1e30, "f8"), (1.7e308, "f8")])
def test_outlier(name, value, dtype, z):
    """An outlier gives finite numbers or a refusal that names the trouble, never an overflow."""
    hit = z.astype(dtype)
    hit[7, 0] = value
    with np.errstate(over="ignore"):
        given = ls.Latents(hit, z, np.zeros_like(z))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LatentscopeWarning)
        try:
            result = ALL[name](given)
        except DataError as refusal:
            assert "outliers" in str(refusal)  # noqa: PT017, either outcome is right
        else:
            assert all_finite(result)


@pytest.mark.parametrize("name", [n for n in ALL if n != "posterior"])
@pytest.mark.parametrize(
    ("given", "match"),
    [
        ([1.0, 2.0], r"shape \(n_points, z_dim\); got \(2,\)"),
        (np.zeros((2, 2, 2)), r"got \(2, 2, 2\)"),
        (np.zeros((1, 3)), "At least two points"),
        (np.zeros((3, 0)), "There are no axes"),
        (np.zeros((3, 2), dtype=complex), "must hold real numbers; got dtype complex128"),
        ([["a", "b"]] * 3, "must hold real numbers"),
        (np.ma.masked_less(np.eye(3), 1), "must be a plain array; got a masked one"),
    ],
)
def test_wrong_arrays_are_refused(name, given, match):
    with pytest.raises(DataError, match=match):
        ALL[name](given)
