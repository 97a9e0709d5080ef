"""Container for latent vectors with their ids, labels and metadata, used by all analyses."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self

import numpy as np

from latentscope._validate import integer
from latentscope.errors import DataError, DataTypeError
from latentscope.rows.matrix import as_matrix
from latentscope.rows.to_dask import CHUNK_BYTES, dask_arrays, picklable

Kind = Literal["ae", "vae"]
_SHOWN = 5  # labels shown in the repr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Latents:
    """Latent vectors of n_points points, in memory or in a file.

    Attributes
    ----------
    z : array-like of shape (n_points, z_dim)
        The vectors: the code of an autoencoder, or a draw mu + exp(logvar / 2) · ε of a VAE.
    mu, logvar : array-like of shape (n_points, z_dim), or None
        Mean and log-variance of the VAE's posterior for each point; both or neither.
    ids : sequence of str of length n_points, or None
        Identifier of each point, such as a file name or a barcode.
    labels : mapping of str to sequence of length n_points
        Known properties of each point.
    meta : mapping
        Where the vectors come from; anything that JSON can represent.
    file : object with a `close` method, or None
        Open file behind the arrays, if `close` is to close it.
    origin : mapping
        How a file was read: its ``"format"``; in ``"read_from"``, the place in the file of each
        part; in ``"notes"``, what was guessed and what was left out. Empty for other arrays.

    Raises
    ------
    DataError
        If lengths or widths differ, or only one of mu and logvar is given.

    Examples
    --------
    >>> latents = Latents([[0.0, 1.0], [2.0, 3.0]], labels={"smiling": [True, False]})
    >>> latents
    <Latents of 2 points in 2 dimensions: z, labels smiling>
    >>> latents.kind
    'ae'
    """

    z: Any
    mu: Any = None
    logvar: Any = None
    ids: Any = None
    labels: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    file: Any = None
    origin: Mapping[str, Any] = field(default_factory=dict)
    _shape: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        """Check that all parts describe the same points."""
        if self.z is None:
            raise DataTypeError("z must be an array; got None.", parameter="z")
        if (self.mu is None) != (self.logvar is None):
            missing = "mu" if self.mu is None else "logvar"
            raise DataError(f"mu and logvar must come together; {missing} is missing.")
        for name, array in self.arrays.items():
            matrix = as_matrix(name, array)
            shape = matrix.n_rows, matrix.n_cols
            if name == "z":
                object.__setattr__(self, "_shape", shape)
            elif shape != self._shape:
                raise DataError(f"{name} must have the shape of z, {self._shape}; got {shape}.")
        for name in ("labels", "meta", "origin"):
            if not isinstance(getattr(self, name), Mapping):
                raise DataTypeError(f"{name} must be a mapping; got {getattr(self, name)!r}.")
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if self.ids is not None:
            _check_length("ids", self.ids, self.n_points)
        for name, column in self.labels.items():
            _check_length(f"labels[{name!r}]", column, self.n_points)

    @property
    def n_points(self) -> int:
        """Number of points."""
        return self._shape[0]

    @property
    def z_dim(self) -> int:
        """Number of latent dimensions."""
        return self._shape[1]

    @property
    def kind(self) -> Kind:
        """Return "vae" if the posterior is known, else "ae"."""
        return "ae" if self.logvar is None else "vae"

    @property
    def arrays(self) -> dict[str, Any]:
        """The arrays of shape (n_points, z_dim) that are present, by name."""
        arrays = {"z": self.z, "mu": self.mu, "logvar": self.logvar}
        return {name: array for name, array in arrays.items() if array is not None}

    def to_dask(self, *, chunk_bytes: int = CHUNK_BYTES) -> "Latents":
        """Return the same latents with z, mu and logvar as Dask arrays, which workers read.

        Each worker opens the file itself, so it must find it under the same path. The arrays do not
        need an open file here; ids and labels of an HDF5 file do. Arrays in memory are sent to the
        workers.

        Parameters
        ----------
        chunk_bytes : int
            Approximate size of the chunks of one array; each holds whole chunks of the file.

        Raises
        ------
        DataError
            If workers could not find the rows: those of an HDF5 file that is open for writing, or
            of a part of a memory-mapped array whose rows are not contiguous.
        MissingDependencyError
            If Dask is not installed.

        Examples
        --------
        >>> latents = Latents([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]).to_dask(chunk_bytes=32)
        >>> latents.z.chunks
        ((2, 1), (2,))
        """
        arrays = dask_arrays(self.arrays, integer("chunk_bytes", chunk_bytes, low=1))
        return replace(self, **arrays)

    def close(self) -> None:
        """Close the file that `load` opened; arrays in memory stay as they are."""
        if self.file is not None:
            self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """Allow pickling; arrays in an HDF5 file are reopened by the file's path.

        The copy reads the file as it is then, so the file must stay where it is.
        """
        arrays = {"z": self.z, "mu": self.mu, "logvar": self.logvar, "ids": self.ids}
        parts = [picklable(name, array) for name, array in arrays.items()]
        labels = {n: picklable(f"labels[{n!r}]", column) for n, column in self.labels.items()}
        return type(self), (*parts, labels, dict(self.meta), None, dict(self.origin))

    def __copy__(self) -> Self:
        return replace(self, file=None)

    def __len__(self) -> int:
        return self.n_points

    def __repr__(self) -> str:
        parts = [*self.arrays, *(["ids"] if self.ids is not None else [])]
        if self.labels:
            names = list(map(str, self.labels))
            more = f" … ({len(names)} in all)" if len(names) > _SHOWN else ""
            parts.append("labels " + ", ".join(names[:_SHOWN]) + more)
        return (
            f"<Latents of {self.n_points:,} points in {self.z_dim:,} dimensions: "
            f"{', '.join(parts)}>"
        )


def _check_length(name: str, column: Any, n_points: int) -> None:
    shape = getattr(column, "shape", None)
    if isinstance(column, str | bytes | Mapping) or not hasattr(column, "__getitem__"):
        raise DataTypeError(f"{name} must be a sequence with one entry per row; got {column!r}.")
    if shape is None:
        shape = np.shape(np.asarray(column, dtype=object))
    if tuple(shape) != (n_points,):
        raise DataError(f"{name} must have one entry per row of z, {n_points}; got {_size(shape)}.")


def _size(shape: tuple[int, ...]) -> str:
    """Return the length of a column as text, or the shape of anything else."""
    return str(shape[0]) if len(shape) == 1 else f"shape {tuple(shape)}"
