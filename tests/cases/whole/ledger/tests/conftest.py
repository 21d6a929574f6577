import os

os.environ.setdefault("LEDGER_DATABASE_URL", "postgresql+asyncpg://test:test@localhost/test")
os.environ.setdefault("LEDGER_SIGNING_KEY", "only-for-tests")
