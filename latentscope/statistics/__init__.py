"""The mathematics under the questions: summaries of rows, fits, nulls. Private: it may change."""
