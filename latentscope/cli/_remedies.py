"""What messages say to users of Python, said to users of the command."""

_REMEDIES = {
    "Pass latentscope.finite_rows(z) to leave": "Add --finite to leave",
    "with key=.": "with --key.",
    "Pass flatten=True": "Add --flatten",
    "ass allow_incomplete=True": "ass --allow-incomplete",
    "ass trust_links=True": "ass --trust-links",
}


def for_the_command(message: str) -> str:
    """Return a message with options instead of parameters.

    Examples
    --------
    >>> for_the_command("Choose with key=.")
    'Choose with --key.'
    """
    for python, command in _REMEDIES.items():
        message = message.replace(python, command)
    return message
