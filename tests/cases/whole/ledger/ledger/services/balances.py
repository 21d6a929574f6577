from collections.abc import Iterable
from decimal import Decimal

# Accounts of these kinds grow on the left side.
LEFT = {"asset", "expense"}


def balance(kind: str, debits: Iterable[int], credits: Iterable[int]) -> Decimal:
    """What an account stands at, in whole currency."""
    cents = sum(debits) - sum(credits)
    return Decimal(cents if kind in LEFT else -cents) / 100
