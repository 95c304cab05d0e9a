"""What Alembic runs for each command: on the connection and in the transaction of its caller."""

from alembic import context

from events.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
