"""The two tables of users, as they were in the shop's database; nothing in them pointed out of them.

``points_entries.order_id`` is what it has always been: a number that orders gave out.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("nickname", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "points_entries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("order_id", sa.Integer, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.UniqueConstraint("order_id", "reason"),
    )
    op.create_index("points_of_user", "points_entries", ["user_id"])


def downgrade() -> None:
    """Leave no table behind: last made, first dropped."""
    for table in ("points_entries", "users"):
        op.drop_table(table)
