"""A table for the keys by which clients ask for the same order again. The version before this one does not need to know."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("basket", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
    )
    op.create_index("keys_of_user", "idempotency_keys", ["user_id", "key"])


def downgrade() -> None:
    """Forget the keys: whoever comes with one again gets another order."""
    op.drop_table("idempotency_keys")
