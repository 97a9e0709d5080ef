"""The processor: loops compiled by Numba, threads that share jobs, one BLAS thread at a time."""
