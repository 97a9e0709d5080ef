"""Dask arrays give what NumPy arrays give, on every scheduler of one machine."""

import os
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cloudpickle
import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from dask.multiprocessing import remote_exception
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

import latentscope as ls
from latentscope import sample
from latentscope.analysis.radius import RadiusCounts
from latentscope.errors import (
    ClusterError,
    DataError,
    DataTypeError,
    MissingFileError,
)
from latentscope.results import Result
from latentscope.rows import (
    as_rows,
    collect,
    dask_tree,
    finite_rows,
    reduce,
    row_numbers,
    sample_rows,
    take,
)
from latentscope.rows.matrix import as_matrix
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.moments import Covariance, Moments

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import the tests
N, D = 2500, 4
rng = np.random.default_rng(3)
MU = rng.standard_normal((N, D)) * [3, 2, 1, 0.5] + [0, 5, -1, 0]
LOGVAR = np.full((N, D), -2.0)
Z = MU + np.exp(LOGVAR / 2) * rng.standard_normal((N, D))
LABELS = {"high": Z[:, 1] > 5}
CUTS = {
    "one chunk": (N, D),
    "odd lengths": ((1, 700, 0, 1299, 500), (D,)),
    "columns cut": (400, 3),
    "many chunks": (37, D),
}
ANALYSES = {  # scan_planes on original axes: in a frame of PCA, equal sets change ranks by rounding
    "axis_density": ls.axis_density,
    "beside_nulls": lambda z: ls.beside_nulls(ls.radius_density, z, n_null=3),
    "cluster_gap": lambda z: ls.cluster_gap(z, n_clusters=(1, 2), n_null=19, n_points=300),
    "compare": lambda z: ls.compare(ours=z, theirs=MU),
    "correlation": ls.correlation,
    "direction": lambda z: ls.direction(z, "high"),
    "ellipsoid": lambda z: ls.ellipsoid(z, space="latent"),
    "henze_zirkler": lambda z: ls.henze_zirkler(z, n_points=500),
    "inertia_curve": lambda z: ls.inertia_curve(z, n_clusters=range(2, 6)),
    "intrinsic_dimension": lambda z: ls.intrinsic_dimension(z, n_points=1000),
    "normality": lambda z: ls.normality(z, n_null=19, n_points=500),
    "null_model": lambda z: ls.null_model(z).draw(rng=1),
    "overview": ls.overview,
    "pca": ls.pca,
    "plane_structure": lambda z: ls.plane_structure(z, n_null=39, n_points=300),
    "plane_zoom": ls.plane_zoom,
    "posterior": ls.posterior,
    "radius_density": ls.radius_density,
    "ridges": lambda z: ls.ridges(z, n_null=19, n_boot=9, n_points=200),
    "scan_planes": lambda z: ls.scan_planes(z, n_axes=3, n_null=39, n_points=200, space="latent"),
    "support": lambda z: ls.support(z, z),
    "tsne": lambda z: ls.tsne(z, n_points=300, n_iter=8),
    "axis_gaussian": lambda z: sample.axis_gaussian(z, 9),
    "core": lambda z: sample.core(z, 9),
    "gaussian": lambda z: sample.gaussian(z, 9),
    "mixture": lambda z: sample.mixture(z, 9, n_components=2),
    "collect": lambda z: collect(z, lambda block: block.z),
    "row_numbers": row_numbers,
    "take": lambda z: take(z, np.array([0, 3, 999, 1000, 2499])),
}


def latents(make, labels=LABELS):
    return ls.Latents(make(Z), make(MU), make(LOGVAR), labels=labels)


def cut(array, chunks="odd lengths"):
    return da.from_array(array, chunks=CUTS[chunks])


@pytest.fixture
def assert_equal(assert_same):
    """Counts exactly, others to 1e-12 of the largest: the order of the sums differs, no more."""

    def compare(one, other):
        if isinstance(one, Result):
            assert_same(one, other, rtol=1e-12)
        else:
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12 * np.abs(other).max())

    return compare


@pytest.fixture(scope="module")
def processes():
    """Two processes that all computations with Dask's scheduler "processes" share.

    BLAS has two threads in each, unless our code limits it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENBLAS_NUM_THREADS", "2")
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            yield {"scheduler": "processes", "pool": pool}


def test_the_list_of_analyses_is_complete():
    home = "latentscope.analysis."
    names = [name for name, module in ls._HOME.items() if module.startswith(home)]
    functions = {name for name in names if name[0].islower()}
    assert functions - {"round_trip"} <= set(ANALYSES)  # which takes rows, and a model


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_gives_what_it_gives_for_numpy(name, assert_equal):
    with dask.config.set(scheduler="synchronous"):
        assert_equal(ANALYSES[name](latents(cut)), ANALYSES[name](latents(np.asarray)))


@pytest.mark.parametrize("chunks", CUTS)
@pytest.mark.parametrize("name", ["overview", "normality", "inertia_curve", "take", "row_numbers"])
def test_however_the_rows_are_cut(name, chunks, assert_equal):
    source = latents(lambda array: cut(array, chunks))
    with dask.config.set(scheduler="threads"):
        assert_equal(ANALYSES[name](source), ANALYSES[name](latents(np.asarray)))


@pytest.mark.parametrize("name", ["overview", "normality", "direction", "collect", "core"])
def test_processes_give_the_same_bits_as_one(name, processes, assert_same):
    with dask.config.set(scheduler="synchronous"):
        one = ANALYSES[name](latents(cut))
    with dask.config.set(processes):
        other = ANALYSES[name](latents(cut))
    if isinstance(one, Result):
        assert_same(one, other)
    else:
        np.testing.assert_array_equal(one, other)


def test_float32_differs_by_its_own_rounding_alone(assert_same):
    """Products of float32 are summed within blocks, which end where chunks do."""
    z = Z.astype("f4")
    result = ls.overview(cut(z))
    assert_same(result, ls.overview(z), rtol=1e-6)
    assert result.radius.counts.tolist() == ls.radius_density(z).counts.tolist()


@settings(max_examples=25, deadline=None)
@given(edges=st.sets(st.integers(1, 82)), fan_in=st.integers(2, 9))
def test_any_chunks_and_any_tree_give_the_same(edges, fan_in):
    """s(A) ⊕ s(B) = s(A ∪ B): counts exactly, moments to 1e-12."""
    z, summaries = (
        Z[:83],
        (Moments(D), Covariance(D), AxisCounts(D, 0.25), RadiusCounts(AxisCounts(1, 0.5))),
    )
    chunks = tuple(np.diff([0, *sorted(edges), 83]).tolist())
    with pytest.MonkeyPatch.context() as patch, dask.config.set(scheduler="synchronous"):
        patch.setattr(dask_tree, "_FAN_IN", fan_in)
        tree = reduce(da.from_array(z, chunks=(chunks, D)), *summaries)
    line = reduce(z, *summaries)
    np.testing.assert_allclose(tree[0].mean, line[0].mean, rtol=1e-12)
    np.testing.assert_allclose(tree[0].squares, line[0].squares, rtol=1e-12)
    np.testing.assert_allclose(tree[1].products, line[1].products, rtol=1e-12, atol=1e-10)
    assert tree[2].trimmed().counts.tolist() == line[2].trimmed().counts.tolist()
    assert tree[3].counts.trimmed().counts.tolist() == line[3].counts.trimmed().counts.tolist()


def test_templates_are_not_changed():
    templates = Moments(D), AxisCounts(D, 0.25)
    before = [pickle.dumps(template) for template in templates]
    reduce(cut(Z), *templates)
    assert [pickle.dumps(template) for template in templates] == before


def test_settings_do_not_travel_with_every_part():
    """A label of every row, or centroids, would otherwise be sent with each merge."""
    template = ls.rows.Collected(np.ones(10_000).mean)
    states, _ = dask_tree._packed((template,), ((template.empty(),), None))
    assert len(pickle.dumps(states)) < 100
    (copy,) = dask_tree._unpacked((template,), states)
    assert copy.function is template.function


def test_the_runs_of_a_dask_array_can_be_read():
    matrix = as_matrix("z", cut(Z, "many chunks"))
    assert matrix.run == 37
    np.testing.assert_array_equal(matrix.read(30, 90), Z[30:90])


def test_a_dask_array_can_be_saved(tmp_path):
    ls.save(tmp_path / "z.h5", latents(cut))
    with ls.load(tmp_path / "z.h5") as copy:
        np.testing.assert_array_equal(copy.logvar, LOGVAR)


# --- rows with NaN ---


@pytest.fixture
def holed():
    z = Z.copy()
    z[[3, 700, 2499], [0, 1, 2]] = np.nan, np.inf, -np.inf
    return z


def test_rows_with_nan_are_refused_with_their_numbers(holed, processes):
    for scheduler in ({"scheduler": "threads"}, processes):
        with (
            dask.config.set(scheduler),
            pytest.raises(DataError, match=r"3 of 2,500 rows .* \(rows 3, 700, 2499\)"),
        ):
            reduce(cut(holed), Moments(D))


def test_finite_rows_take_and_sample_rows(holed, assert_equal):
    ours, theirs = finite_rows(cut(holed)), finite_rows(holed)
    assert_equal(ls.overview(ours), ls.overview(theirs))
    np.testing.assert_array_equal(row_numbers(ours), row_numbers(theirs))
    drawn = [sample_rows(rows, 50, np.random.default_rng(0)) for rows in (ours, theirs)]
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    assert drawn[0][1] == drawn[1][1] == N - 3
    np.testing.assert_array_equal(take(ours, drawn[0][0]), Z[drawn[0][0]])


# --- what is refused ---

frame = pd.DataFrame(Z[:9])
REFUSED = {
    "unknown lengths": (
        lambda: (x := cut(Z))[x[:, 0] > 0],
        DataError,
        r"known lengths; got shape \(nan, 4\)\. Pass z\.compute_chunk_sizes\(\)",
    ),
    "frame": (
        lambda: dd.from_pandas(frame, npartitions=2),
        DataTypeError,
        r"got a Dask DataFrame\. Pass z\.to_dask_array\(lengths=True\)",
    ),
    "delayed": (
        lambda: dask.delayed(1),
        DataTypeError,
        r"got a Dask DelayedLeaf\. Pass z\.compute\(",
    ),
    "1-d": (lambda: da.ones(5), DataError, r"got \(5,\)\..*pass z\[:, None\]"),
    "3-d": (lambda: da.ones((5, 2, 2)), DataError, r"got \(5, 2, 2\)\. Flatten"),
    "no rows": (lambda: da.ones((0, 2)), DataError, r"got \(0, 2\)\. There are no points"),
    "one row": (lambda: da.ones((1, 2)), DataError, r"got \(1, 2\)\. At least two points"),
    "complex": (lambda: da.ones((5, 2), dtype="c8"), DataTypeError, "got dtype complex64"),
    "text": (lambda: cut(Z.astype(str)), DataTypeError, "got dtype <U"),
    "masked": (
        lambda: da.ma.masked_less(da.ones((5, 2)), 0),
        DataTypeError,
        r"masked.*z\.filled\(value\)",
    ),
}


@pytest.mark.parametrize(("make", "error", "match"), REFUSED.values(), ids=REFUSED)
def test_refused(make, error, match):
    with pytest.raises(error, match=match):
        as_rows(make())


def test_rows_chosen_by_a_condition_are_known_once_counted(assert_equal):
    z = cut(Z, "many chunks")
    chosen = z[z[:, 0] > 6].compute_chunk_sizes()
    assert 0 in chosen.chunks[0]
    assert_equal(ls.overview(chosen), ls.overview(Z[Z[:, 0] > 6]))


def test_arrays_that_are_not_all_of_dask():
    mixed = ls.Latents(cut(Z), MU, cut(LOGVAR))
    match = (
        r"z, mu, logvar must either all be Dask arrays or all be something else; "
        r"not a Dask array: mu\. Pass latents\.to"
    )
    with pytest.raises(DataError, match=match):
        ls.posterior(mixed)
    assert ls.radius_density(mixed).n_used == N  # which reads z alone
    assert ls.posterior(mixed.to_dask()).n_used == N


def wrong(make):
    return da.map_blocks(make, da.from_array(Z, chunks=(500, D)), dtype="f8", meta=np.empty((0, 0)))


def not_there(block):
    raise FileNotFoundError(2, "No such file or directory", "z.npy")


TASKS = {
    "short": (
        lambda b: b[:-1],
        DataError,
        r"the Dask array declares, here \(500, 4\); its task returned \(499, 4\)",
    ),
    "narrow": (
        lambda b: b[:, :1],
        DataError,
        r"here \(500, 4\); its task returned \(500, 1\)",
    ),
    "masked": (lambda b: np.ma.masked_less(b, 0), DataTypeError, "got a masked one"),
    "objects": (lambda b: b.astype(object), DataTypeError, "got dtype object"),
    "ValueError": (lambda b: b.no_such_thing, AttributeError, "no_such_thing"),
    "file": (not_there, MissingFileError, r"a chunk of .* cannot be read: no such file: z\.npy"),
}


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
@pytest.mark.parametrize(("make", "error", "match"), TASKS.values(), ids=TASKS)
def test_errors_of_tasks(make, error, match, scheduler, processes):
    chosen = processes if scheduler == "processes" else {"scheduler": scheduler}
    with dask.config.set(chosen), pytest.raises(error, match=match) as caught:
        reduce(wrong(make), Moments(D))
    if issubclass(error, ls.errors.LatentscopeError):
        assert type(caught.value) is error  # as it was raised, without Dask's wrapper


def test_errors_are_ours_where_tracebacks_cannot_travel():
    """Without tblib, which is no part of Dask, it wraps errors of other processes."""
    wrapped = remote_exception(MissingFileError("z.npy is away"), "its traceback")
    with (
        pytest.raises(MissingFileError, match=r"^z\.npy is away$") as caught,
        dask_tree._our_errors(),
    ):
        raise wrapped
    assert type(caught.value) is MissingFileError


def die(block):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_is_told():
    one = dask.config.set(scheduler="processes", num_workers=1)
    with one, pytest.raises(ClusterError, match="must run until their rows are summarised"):
        reduce(wrong(die), Moments(D))


def blas_threads(block):
    counts = [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]
    return np.full(1, max(counts))


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="BLAS has one thread anyway")
def test_each_process_computes_with_one_thread(processes):
    """Threads of BLAS beside those of Dask would compete for the cores."""
    with dask.config.set(processes):
        assert collect(cut(Z), blas_threads).tolist() == [1] * 4


# --- progress ---


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
@pytest.mark.parametrize("chunks", ["one chunk", "many chunks"])
def test_progress_counts_rows(scheduler, chunks, processes, counted_rows):
    with dask.config.set(processes if scheduler == "processes" else {"scheduler": scheduler}):
        reduce(cut(Z, chunks), Moments(D))
    assert sum(counted_rows) == N
    assert len(list(filter(None, counted_rows))) >= (30 if chunks == "many chunks" else 1)
