"""``order_lines.unit_price_cents`` is to be called ``unit_gross_cents``: invoices for companies show net prices as well.

This is the first of two steps, *expand*: there is a second column, and the first one stays. Versions that know only the
old name go on reading and writing it. *Contract* comes when none of them runs any more: whatever they wrote is filled
in once more, the new column becomes NOT NULL, and the old one goes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Give every price its new name beside the old one."""
    op.add_column("order_lines", sa.Column("unit_gross_cents", sa.Integer))
    op.execute("UPDATE order_lines SET unit_gross_cents = unit_price_cents")


def downgrade() -> None:
    pass
