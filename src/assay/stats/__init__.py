"""Statistics: arrays in, frozen results out. Pure functions of NumPy and SciPy, without clock or I/O."""
