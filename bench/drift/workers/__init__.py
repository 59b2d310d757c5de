"""Programs that run in the environment of one judge each: a case comes in as a line, verdicts go out as a
line."""
