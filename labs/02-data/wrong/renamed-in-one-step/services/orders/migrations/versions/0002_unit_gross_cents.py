"""``order_lines.unit_price_cents`` is called ``unit_gross_cents`` now: invoices for companies show net prices as well."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Give the column its new name."""
    op.alter_column("order_lines", "unit_price_cents", new_column_name="unit_gross_cents")


def downgrade() -> None:
    """Give it back its old one."""
    op.alter_column("order_lines", "unit_gross_cents", new_column_name="unit_price_cents")
