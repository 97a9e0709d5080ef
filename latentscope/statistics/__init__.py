"""The mathematics behind the analyses: summaries of rows, fits, nulls. Private: it may change."""

ALPHA = 0.05  # level of every test, and one minus the coverage of every envelope
