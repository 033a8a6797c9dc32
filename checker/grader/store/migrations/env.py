"""How Alembic runs here: on the connection, and in the transaction, that revisions.py has opened."""

from alembic import context

from checker.grader.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
context.run_migrations()
