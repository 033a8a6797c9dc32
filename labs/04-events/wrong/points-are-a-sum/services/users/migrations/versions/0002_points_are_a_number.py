"""The points of a customer become a number of the customer's; what was in the ledger is what they begin with."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SUM = "SELECT coalesce(sum(points), 0) FROM points_entries WHERE user_id = users.id"


def upgrade() -> None:
    """Add the column, and fill it."""
    op.add_column("users", sa.Column("points", sa.Integer, nullable=False, server_default="0"))
    op.execute(f"UPDATE users SET points = ({SUM})")  # noqa: S608


def downgrade() -> None:
    """Drop it."""
    op.drop_column("users", "points")
