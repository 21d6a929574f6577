"""Entries are signed"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("entries", sa.Column("signature", sa.String(64), nullable=False, server_default=""))


def downgrade():
    op.drop_column("entries", "signature")
