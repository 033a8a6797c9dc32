"""What Alembic runs: the revisions in versions/, on the connection that it is lent."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
