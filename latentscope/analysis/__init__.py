"""One module per question: pure functions from rows to frozen results."""
