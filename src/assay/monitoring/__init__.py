"""The use cases: ingest, join, analyse, report."""
