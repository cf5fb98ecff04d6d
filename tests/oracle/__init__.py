"""Judges of the native engine: the real libvmaf, the reference programs, generated frames."""
