"""Labelled cases of drift and of none, and how well Assay and its peers judge them."""
