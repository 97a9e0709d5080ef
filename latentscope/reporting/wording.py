"""Numbers and phrases in the sentences of the report."""


def number(value: float) -> str:
    """Write a number with at most four digits, or with an exponent if very large or small.

    Examples
    --------
    >>> number(3.14159), number(123456.7), number(1e-7)
    ('3.142', '123,457', '1e-07')
    """
    if 1e4 <= abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def percent(share: float) -> str:
    """Write a share as a percentage, or as a factor if it is large.

    Examples
    --------
    >>> percent(0.1234), percent(1e-6), percent(3.0)
    ('12.34%', 'less than 0.01 %', 'a factor of 4')
    """
    if share > 2:
        return f"a factor of {number(1 + share)}"
    return f"{share:.2%}" if share >= 1e-4 else "less than 0.01 %"


def plural(one: str, many: str, n: int) -> str:
    """Choose between singular and plural."""
    return one if n == 1 else many


def unrepeated(text: str) -> str:
    """Drop "Cannot tell:" from a sentence that follows the verdict "Cannot tell".

    Examples
    --------
    >>> unrepeated("Cannot tell: 20 points are too few.")
    '20 points are too few.'
    >>> unrepeated("Cannot tell: rows coincide."), unrepeated("No clusters.")
    ('Rows coincide.', 'No clusters.')
    """
    reason = text.removeprefix("Cannot tell: ")
    return reason[:1].upper() + reason[1:]
