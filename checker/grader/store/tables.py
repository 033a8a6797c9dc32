"""What the store holds. Nothing is ever deleted; hand-ins, judgements and marks are only added to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from checker.grader.store.columns import Json, Large, Moment, Plain

__all__ = ["Base", "HandinRow", "JudgementRow", "MarkRow", "ProgressRow", "RunRow", "SeedRow", "StudentRow"]

GRADED = text("status = 'graded'")


class Base(DeclarativeBase):
    """All tables; constraints have names, so that a migration can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Plain, datetime: Moment, Any: Json}  # noqa: RUF012  (SQLAlchemy's way)


class RunRow(Base):
    """One ``seamwork grade`` command. ``state``: running, finished, or interrupted."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    lab: Mapped[str]
    options: Mapped[Any]
    host: Mapped[str]
    pid: Mapped[int]
    state: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class StudentRow(Base):
    """Who is graded, as the roster had it last."""

    __tablename__ = "students"

    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    ids: Mapped[Any]
    section: Mapped[str]


class SeedRow(Base):
    """What a student's random data in a lab comes from: drawn once."""

    __tablename__ = "seeds"

    student: Mapped[str] = mapped_column(ForeignKey("students.key"), primary_key=True)
    lab: Mapped[str] = mapped_column(primary_key=True)
    seed: Mapped[int] = mapped_column(BigInteger)


class HandinRow(Base):
    """What was found of a student: a new row where it is not what was found before."""

    __tablename__ = "handins"
    __table_args__ = (Index(None, "lab", "student", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    student: Mapped[str] = mapped_column(ForeignKey("students.key"))
    lab: Mapped[str]
    digest: Mapped[str]
    source: Mapped[str]
    submitted_at: Mapped[datetime | None]
    problem: Mapped[Any | None]


class JudgementRow(Base):
    """What a run of the checks came to. For one key there is one that is graded, and any number that were not gradable."""

    __tablename__ = "judgements"
    __table_args__ = (
        Index(
            "uq_judgements_graded", "lab", "checks", "environment", "handin", "seed",
            unique=True, sqlite_where=GRADED, postgresql_where=GRADED,
        ),
        Index(None, "handin", "lab"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    handin: Mapped[str]
    lab: Mapped[str]
    checks: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    environment: Mapped[str]
    status: Mapped[str]
    sandbox: Mapped[str]
    message: Mapped[Any | None]
    attempts: Mapped[int]
    seconds: Mapped[float]
    graded_at: Mapped[datetime | None]
    results: Mapped[Any] = mapped_column(Large, deferred=True)
    private: Mapped[Any] = mapped_column(Large, deferred=True)


class MarkRow(Base):
    """A mark as it was from some run on: a new row where the mark, or what it stands on, is another."""

    __tablename__ = "marks"
    __table_args__ = (Index(None, "lab", "student", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    student: Mapped[str] = mapped_column(ForeignKey("students.key"))
    lab: Mapped[str]
    handin: Mapped[int | None] = mapped_column(ForeignKey("handins.id"))
    judgement: Mapped[int | None] = mapped_column(ForeignKey("judgements.id"))
    status: Mapped[str]
    earned: Mapped[float]
    most: Mapped[float]
    points: Mapped[float | None]
    penalty: Mapped[float]
    late: Mapped[float]
    checks: Mapped[Any]
    message: Mapped[Any | None]
    policy: Mapped[str]
    extension: Mapped[str]
    worth: Mapped[str]
    why: Mapped[Any]
    marked_at: Mapped[datetime]


class ProgressRow(Base):
    """How far a run is with a student: queued, running, done."""

    __tablename__ = "progress"

    run: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    student: Mapped[str] = mapped_column(ForeignKey("students.key"), primary_key=True)
    state: Mapped[str]
    status: Mapped[str | None]
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
