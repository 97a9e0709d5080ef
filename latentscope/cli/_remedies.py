"""What messages say to users of Python, said to users of the command."""

_REMEDIES = {
    "Pass latentscope.finite_rows(z) to leave": "Add --finite to leave",
    "with key=.": "with --key.",
    "Pass flatten=True": "Add --flatten",
    "pass allow_incomplete=True": "add --allow-incomplete",
    "Pass allow_incomplete=True": "Add --allow-incomplete",
    "pass trust_links=True": "add --trust-links",
    "Pass trust_links=True": "Add --trust-links",
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
