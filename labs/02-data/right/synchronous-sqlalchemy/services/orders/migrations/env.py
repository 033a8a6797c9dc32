"""What Alembic runs: the revisions in versions/, on DATABASE_URL, by one process at a time."""

import os

from alembic import context
from sqlalchemy import NullPool, create_engine, make_url, text

LOCK = 20261102

url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg")
with create_engine(url, poolclass=NullPool).begin() as connection:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
