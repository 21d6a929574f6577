"""What `alembic` runs. Reads DATABASE_URL, as the service does."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from app import logs
from app.db import create_engine
from app.models import Base
from app.settings import DatabaseSettings, LogSettings


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    logs.configure(LogSettings.load().log_level)
    engine = create_engine(DatabaseSettings.load())
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(main())
