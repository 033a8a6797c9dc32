"""Whoever commits an event says so, on a channel of PostgreSQL. The version before this one need not know that it does."""

from alembic import op

revision = "0005"
down_revision = "0004"

NOTIFY = """
CREATE FUNCTION outbox_news() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END $$
"""

TRIGGER = """
CREATE TRIGGER outbox_news AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_news()
"""


def upgrade() -> None:
    """Make the trigger. What it says is heard when the transaction is committed, and only then."""
    op.execute(NOTIFY)
    op.execute(TRIGGER)


def downgrade() -> None:
    """Drop it; the events stay."""
    op.execute("DROP TRIGGER outbox_news ON outbox")
    op.execute("DROP FUNCTION outbox_news")
