"""The disk: whole files or none, locks, paths, sizes, zip archives, read errors, safe text."""
