"""Puts the usual accounts in; those that are there stay as they are."""

import asyncio
import csv
from pathlib import Path

from ledger.db import engine, session_factory
from ledger.models import Account, Seeding

ACCOUNTS = Path(__file__).parent / "data" / "accounts.csv"


async def seed() -> int:
    added = 0
    async with session_factory() as session, session.begin():
        for row in csv.DictReader(ACCOUNTS.read_text().splitlines()):
            if await session.get(Account, int(row["number"])) is None:
                session.add(Account(number=int(row["number"]), name=row["name"], kind=row["kind"]))
                added += 1
        session.add(Seeding(added=added))
    await engine.dispose()
    return added


if __name__ == "__main__":
    print(f"{asyncio.run(seed())} accounts added")
