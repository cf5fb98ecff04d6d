"""The reference programs; see README.md."""
