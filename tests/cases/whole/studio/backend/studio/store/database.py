import json
import sqlite3
from contextlib import closing

from ..paths import DATABASE, STORAGE

TABLES = """
create table if not exists photos (
    id integer primary key,
    name text not null,
    size integer not null,
    colours text not null
)
"""


def _open() -> sqlite3.Connection:
    connection = sqlite3.connect(DATABASE)
    connection.row_factory = sqlite3.Row
    return connection


def prepare() -> None:
    STORAGE.mkdir(parents=True, exist_ok=True)
    with closing(_open()) as connection, connection:
        connection.execute(TABLES)


def _as_dict(row: sqlite3.Row) -> dict:
    return dict(row) | {"colours": json.loads(row["colours"])}


def add(name: str, size: int, colours: list[str]) -> int:
    with closing(_open()) as connection, connection:
        words = "insert into photos (name, size, colours) values (?, ?, ?)"
        return connection.execute(words, (name, size, json.dumps(colours))).lastrowid


def photos() -> list[dict]:
    with closing(_open()) as connection:
        return [_as_dict(row) for row in connection.execute("select * from photos order by id")]


def photo(number: int) -> dict | None:
    with closing(_open()) as connection:
        row = connection.execute("select * from photos where id = ?", (number,)).fetchone()
        return _as_dict(row) if row else None
