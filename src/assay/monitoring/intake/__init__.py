"""From what a client sends to a canonical batch, item by item."""
