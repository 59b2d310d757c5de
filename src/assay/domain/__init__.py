"""The vocabulary: frozen records that every layer above shares."""
