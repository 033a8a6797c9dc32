"""An order is dealt with once, whatever is told of it. What a repetition had left behind goes."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Let there be one entry for each order: the last one says how many points are left."""
    op.drop_constraint("points_entries_order_id_reason_key", "points_entries")
    sums = "SELECT max(id) AS id, sum(points) AS points FROM points_entries GROUP BY order_id"
    op.execute(
        f"UPDATE points_entries SET points = sums.points FROM ({sums}) AS sums WHERE points_entries.id = sums.id"
    )
    op.execute("DELETE FROM points_entries WHERE id NOT IN (SELECT max(id) FROM points_entries GROUP BY order_id)")
    op.create_unique_constraint("points_entries_order_id_key", "points_entries", ["order_id"])


def downgrade() -> None:
    """Let there be one for each reason again."""
    op.drop_constraint("points_entries_order_id_key", "points_entries")
    op.create_unique_constraint("points_entries_order_id_reason_key", "points_entries", ["order_id", "reason"])
