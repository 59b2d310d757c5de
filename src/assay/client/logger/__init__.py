"""The logger for serving code: predictions go into a bounded queue, a thread of its own delivers them."""
