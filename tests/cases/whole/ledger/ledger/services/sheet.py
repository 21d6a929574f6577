import io

import xlsxwriter

from ..schemas import AccountOut


def balances(accounts: list[AccountOut]) -> bytes:
    """The balances as a workbook."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        page = book.add_worksheet("Balances")
        for column, title in enumerate(["Number", "Account", "Balance"]):
            page.write(0, column, title)
        for row, account in enumerate(accounts, start=1):
            page.write_row(row, 0, [account.number, account.name, float(account.balance)])
    return file.getvalue()
