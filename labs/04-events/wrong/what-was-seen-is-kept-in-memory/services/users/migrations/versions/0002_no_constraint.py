"""Each event is handled once, so there is nothing left that the constraint would have to keep."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Drop it."""
    op.drop_constraint("points_entries_order_id_reason_key", "points_entries")


def downgrade() -> None:
    """Make it again."""
    op.create_unique_constraint("points_entries_order_id_reason_key", "points_entries", ["order_id", "reason"])
