"""The table of payments, as it was in the shop's database; nothing in it pointed out of it any more."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "payments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.Integer, nullable=False),
        sa.Column("amount_cents", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, sa.CheckConstraint("channel IN ('card', 'paypal', 'invoice')"), nullable=False),
        sa.Column("status", sa.Text, sa.CheckConstraint("status IN ('pending', 'captured', 'failed')"), nullable=False),
    )
    op.create_index("payments_of_order", "payments", ["order_id"])


def downgrade() -> None:
    """Leave no table behind."""
    op.drop_table("payments")
