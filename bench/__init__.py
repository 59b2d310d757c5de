"""Measurements of what Assay promises: ``python -m bench`` prints them, ``--quick`` in a minute."""
