"""How far a run is with each student."""

import sqlalchemy as sa
from alembic import op

revision = "seamwork_0002"
down_revision = "seamwork_0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table of progress."""
    op.create_table(
        "progress",
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("status", sa.Text),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("done_at", TIME),
        sa.PrimaryKeyConstraint("run", "student", name="pk_progress"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_progress_run_runs"),
        sa.ForeignKeyConstraint(["student"], ["students.key"], name="fk_progress_student_students"),
    )
