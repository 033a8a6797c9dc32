"""The shop as it was on the day migrations began: adopted where it is, made where it is not."""

from pathlib import Path

from alembic import op
from sqlalchemy import inspect

revision = "0001"
down_revision = None

TABLES = (
    "users",
    "products",
    "prices",
    "stock",
    "discounts",
    "addresses",
    "orders",
    "order_lines",
    "points_entries",
    "payments",
)
"""Each after those that it refers to."""


def upgrade() -> None:
    """Make the tables, unless the database is older than its migrations and has them."""
    if not inspect(op.get_bind()).has_table("users"):
        op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Leave no table behind."""
    for table in reversed(TABLES):
        op.drop_table(table)
