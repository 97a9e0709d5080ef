"""Use of the processor: loops compiled by Numba, threads that share jobs, a limit for BLAS."""
