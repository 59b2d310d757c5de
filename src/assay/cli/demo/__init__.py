"""The demonstration: a model that is trained on two winter months and then meets the rest of the year."""
