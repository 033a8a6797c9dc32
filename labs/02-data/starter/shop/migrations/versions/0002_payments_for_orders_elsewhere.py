"""Orders are moving out: PostgreSQL can no longer look up the order that a payment is for, so it lets go of it.

``payments.order_id`` stays what it was for everybody else: a number that orders gave out. The old tables of orders stay
as well, until nobody needs them any more; letting go of what others still use is a step of its own.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Take payments for orders that are not in this database."""
    op.drop_constraint("payments_order_id_fkey", "payments")


def downgrade() -> None:
    """Insist on the order again; PostgreSQL refuses when a payment has come in meanwhile for one that is elsewhere."""
    op.create_foreign_key("payments_order_id_fkey", "payments", "orders", ["order_id"], ["id"])
