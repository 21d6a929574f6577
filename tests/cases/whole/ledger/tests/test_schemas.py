import pytest
from pydantic import ValidationError

from ledger.schemas import EntryIn


def test_an_entry_has_two_sides():
    with pytest.raises(ValidationError):
        EntryIn(text="x", debit=1000, credit=1000, amount="1.00")
