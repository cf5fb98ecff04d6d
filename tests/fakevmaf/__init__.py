"""A small library with libvmaf's functions, for tests; see its README."""
