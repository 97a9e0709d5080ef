"""The disk: files written whole or not at all, locks, paths, sizes, zip archives, read errors."""
