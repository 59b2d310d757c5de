"""Who may ask: keys, sessions, rate limits, the record of changes, and the use cases for one caller."""
