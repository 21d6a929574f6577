"""Accounts and entries"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "accounts",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("kind", sa.String(12), nullable=False),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("debit", sa.Integer, sa.ForeignKey("accounts.number"), nullable=False),
        sa.Column("credit", sa.Integer, sa.ForeignKey("accounts.number"), nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("booked", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )


def downgrade():
    op.drop_table("entries")
    op.drop_table("accounts")
