from decimal import Decimal

from ledger.services.balances import balance


def test_assets_grow_on_the_left():
    assert balance("asset", [1000, 250], [50]) == Decimal("12.00")


def test_income_grows_on_the_right():
    assert balance("income", [], [1999]) == Decimal("19.99")
