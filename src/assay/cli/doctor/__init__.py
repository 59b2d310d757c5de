"""``assay doctor``: looks at everything that Assay stands on, changes nothing, and says what to do."""
