"""Runs, students, seeds, hand-ins, judgements and marks."""

import sqlalchemy as sa
from alembic import op

revision = "seamwork_0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the first tables."""
    _runs_and_students()
    _handins_and_judgements()
    _marks()


def _runs_and_students() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("lab", sa.Text, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_table(
        "students",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("ids", sa.Text, nullable=False),
        sa.Column("section", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_students"),
    )
    op.create_table(
        "seeds",
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("lab", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("student", "lab", name="pk_seeds"),
        sa.ForeignKeyConstraint(["student"], ["students.key"], name="fk_seeds_student_students"),
    )


def _handins_and_judgements() -> None:
    op.create_table(
        "handins",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("lab", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("submitted_at", TIME),
        sa.Column("problem", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_handins"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_handins_run_runs"),
        sa.ForeignKeyConstraint(["student"], ["students.key"], name="fk_handins_student_students"),
    )
    op.create_index("ix_handins_lab_student_id", "handins", ["lab", "student", "id"])
    op.create_table(
        "judgements",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("handin", sa.Text, nullable=False),
        sa.Column("lab", sa.Text, nullable=False),
        sa.Column("checks", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("sandbox", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("graded_at", TIME),
        sa.Column("results", sa.LargeBinary, nullable=False),
        sa.Column("private", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_judgements"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_judgements_run_runs"),
    )
    op.create_index("ix_judgements_handin_lab", "judgements", ["handin", "lab"])
    graded = sa.text("status = 'graded'")
    op.create_index(
        "uq_judgements_graded",
        "judgements",
        ["lab", "checks", "environment", "handin", "seed"],
        unique=True,
        sqlite_where=graded,
        postgresql_where=graded,
    )


def _marks() -> None:
    op.create_table(
        "marks",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("lab", sa.Text, nullable=False),
        sa.Column("handin", sa.Integer),
        sa.Column("judgement", sa.Integer),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("earned", sa.Float(53), nullable=False),
        sa.Column("most", sa.Float(53), nullable=False),
        sa.Column("points", sa.Float(53)),
        sa.Column("penalty", sa.Float(53), nullable=False),
        sa.Column("late", sa.Float(53), nullable=False),
        sa.Column("checks", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("extension", sa.Text, nullable=False),
        sa.Column("worth", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("marked_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_marks"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_marks_run_runs"),
        sa.ForeignKeyConstraint(["student"], ["students.key"], name="fk_marks_student_students"),
        sa.ForeignKeyConstraint(["handin"], ["handins.id"], name="fk_marks_handin_handins"),
        sa.ForeignKeyConstraint(["judgement"], ["judgements.id"], name="fk_marks_judgement_judgements"),
    )
    op.create_index("ix_marks_lab_student_id", "marks", ["lab", "student", "id"])
