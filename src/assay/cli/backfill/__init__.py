"""``assay backfill``: predictions and labels from files, each row exactly once."""
