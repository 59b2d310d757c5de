"""Steps from each version of the schema to the next; found by Alembic, never imported."""
