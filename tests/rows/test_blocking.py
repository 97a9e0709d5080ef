"""s(A) ⊕ s(B) = s(A ∪ B) for every summary there is, wherever the rows are cut.

Counts are the same exactly, and sums to 1e-12. The exception is products of float32 rows, which are
float32 because that is more than twice as fast: the rounding of a covariance within a block (about
1e-7 of each product of standard deviations) depends on where the block began, and that of a
projection on how many rows the matrix product was given. `DoubleCovariance` does without.
"""

import importlib
import itertools
import pkgutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import latentscope
from latentscope.analysis import direction, ellipsoid
from latentscope.analysis._views import view_of
from latentscope.analysis.radius import RadiusCounts
from latentscope.latents import Latents
from latentscope.rows import Block, Collected, Summary, as_rows, matrix, reduce, source
from latentscope.statistics import core
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.extremes import Extremes
from latentscope.statistics.gaussianity.cloud import CloudSums, Frame
from latentscope.statistics.kmeans import Assignment, Centroids
from latentscope.statistics.moments import Covariance, DoubleCovariance, Moments
from latentscope.statistics.posterior_sums import PosteriorSums
from latentscope.statistics.row_copies import RowCopies
from latentscope.statistics.scaled_bins import ScaledCounts

N, D = 83, 3
EXACT, SINGLE = 1e-12, 1e-5  # the latter where products are float32
few = settings(max_examples=20, deadline=None)
random = np.random.default_rng(0)
shape = random.standard_normal((N, D)) * [1, 3, 0.2]
CLOUDS = {
    (dtype, offset): {
        "z": (shape + offset * np.array([0, 5, -1])).astype(dtype),
        "mu": (shape + offset * np.array([0, 5, -1]) + 0.1).astype(dtype),
        "logvar": random.uniform(-3, 1, (N, D)).astype(dtype),
    }
    for dtype in ("f4", "f8")
    for offset in (0, 2000)
}


def view(cloud):
    return view_of(as_rows(cloud["z"]), (0, 1), "pca", sizes=[2])


def centroids(cloud):
    z = cloud["z"].astype("f8")
    return Centroids(np.array([2, 4]), np.concatenate([z[[3, 40]], z[[5, 20, 60, 80]]]))


SUMMARIES = {
    Moments: lambda cloud: Moments(D),
    Covariance: lambda cloud: Covariance(D),
    DoubleCovariance: lambda cloud: DoubleCovariance(D),
    AxisCounts: lambda cloud: AxisCounts(D, 0.25),
    RadiusCounts: lambda cloud: RadiusCounts(ScaledCounts(1)),
    ScaledCounts: lambda cloud: ScaledCounts(D),
    Extremes: lambda cloud: Extremes(D),
    RowCopies: lambda cloud: RowCopies(),
    PosteriorSums: lambda cloud: PosteriorSums(D),
    Assignment: lambda cloud: Assignment(centroids(cloud), cloud["z"].mean(axis=0, dtype="f8")),
    Collected: lambda cloud: Collected(lambda block: block.z[:, 1]),
    CloudSums: lambda cloud: CloudSums(
        Frame.of(as_rows(cloud["z"]), np.random.default_rng(0)), kept=0.3
    ),
    core._Inside: lambda cloud: core._Inside(cloud["z"].mean(axis=0, dtype="f8"), np.eye(D), 2.5),
    direction._Groups: lambda cloud: direction._Groups(D, np.arange(N) % 3 == 0),
    direction._Chosen: lambda cloud: direction._Chosen(
        direction.whole_of(as_rows(cloud["z"])), np.arange(N) % 3 == 0
    ),
    ellipsoid._Spread: lambda cloud: ellipsoid._Spread(view(cloud)),
    ellipsoid._Inside: lambda cloud: ellipsoid._Inside(
        view(cloud), np.zeros(2), np.eye(2), np.array([0.5, 2.0])
    ),
}
SINGLE_PRODUCTS = {Covariance, core._Inside, CloudSums, ellipsoid._Spread}


def every_summary(kind=Summary):
    """Return all summaries of the package, as new ones must be among those above."""
    for module in pkgutil.walk_packages(latentscope.__path__, "latentscope."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    below = {child for one in kind.__subclasses__() for child in {one, *every_summary(one)}}
    return {one for one in below if one.__module__.startswith("latentscope.")}


def test_every_summary_of_the_package_is_tested_here():
    assert every_summary() == set(SUMMARIES)


def numbers(summary):
    """Yield (name, array) of all that a summary has counted; rows that it keeps as a set."""
    if isinstance(summary, AxisCounts):
        summary = summary.trimmed()  # empty bins at the ends are room that was made
    for name, value in vars(summary).items():
        if name == "scaled_squares":  # of readings of logvar; impossible ones are summed no further
            yield name, value * summary.is_possible
        elif name == "parts" and isinstance(value, list):
            yield name, np.sort(np.concatenate(value), axis=0)
        elif isinstance(value, dict):
            for key, part in value.items():
                yield from ((f"{name}.{key}.{inner}", x) for inner, x in numbers(part))
        elif hasattr(value, "merge"):
            yield from ((f"{name}.{inner}", x) for inner, x in numbers(value))
        elif isinstance(value, int | float | np.ndarray | np.generic):
            yield name, np.asarray(value)


def assert_same(one, other, tolerance):
    ours, theirs = dict(numbers(one)), dict(numbers(other))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        if value.dtype.kind in "iub":
            np.testing.assert_array_equal(value, theirs[name], err_msg=name)
        else:
            scale = np.abs(value[np.isfinite(value)]).max(
                initial=1.0
            )  # that of the cloud, or above
            np.testing.assert_allclose(
                theirs[name], value, rtol=tolerance, atol=tolerance * scale, err_msg=name
            )


def tolerance_of(kind, dtype):
    return SINGLE if dtype == "f4" and kind in SINGLE_PRODUCTS else EXACT


each_summary = pytest.mark.parametrize("kind", SUMMARIES, ids=lambda kind: kind.__qualname__)
each_cloud = pytest.mark.parametrize(("dtype", "offset"), CLOUDS)


def block_of(cloud, low, high):
    return Block(np.arange(low, high), {name: rows[low:high] for name, rows in cloud.items()})


@each_summary
@each_cloud
@few
@given(data=st.data())
def test_any_cuts_and_any_merge_order_give_the_same(kind, dtype, offset, data):
    """⊕ is associative and commutative, and empty is its neutral element."""
    cloud = CLOUDS[dtype, offset]
    template = SUMMARIES[kind](cloud)
    whole = template.empty()
    whole.update(block_of(cloud, 0, N))
    edges = [0, *sorted(data.draw(st.sets(st.integers(1, N - 1), max_size=9))), N]
    parts = [template.empty()]  # nothing was seen
    for low, high in itertools.pairwise(edges):
        if parts and data.draw(st.booleans()):  # goes on where another one stopped
            parts[-1].update(block_of(cloud, low, high))
        else:
            parts.append(template.empty())
            parts[-1].update(block_of(cloud, low, high))
    parts = data.draw(st.permutations(parts))
    while len(parts) > 1:  # a random tree
        part = parts.pop(data.draw(st.integers(0, len(parts) - 1)))
        parts[data.draw(st.integers(0, len(parts) - 1))].merge(part)
    assert_same(whole, parts[0], tolerance_of(kind, dtype))


@each_summary
@each_cloud
@settings(max_examples=6, deadline=None)
@given(run=st.integers(1, 100), block=st.integers(1, 100))
def test_any_blocking_of_the_driver_gives_the_same(kind, dtype, offset, run, block):
    cloud = CLOUDS[dtype, offset]
    template = SUMMARIES[kind](cloud)
    whole = template.empty()
    whole.update(block_of(cloud, 0, N))
    row_bytes = D * cloud["z"].itemsize
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "READ_BYTES", run * row_bytes)
        patch.setattr(source, "_BLOCK_BYTES", block * row_bytes)
        (cut,) = reduce(Latents(**cloud), template)
    assert_same(whole, cut, tolerance_of(kind, dtype))


def test_products_of_float32_rows_depend_on_the_cuts():
    """The exception is real; where this fails it can be taken out."""
    cloud = CLOUDS["f4", 0]
    one, two = Covariance(D), Covariance(D)
    one.update(block_of(cloud, 0, N))
    for low in range(0, N, 9):
        two.update(block_of(cloud, low, min(low + 9, N)))
    error = np.abs(one.products / two.products - 1).max()
    assert EXACT < error < SINGLE
