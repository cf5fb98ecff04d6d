"""``python -m pyvmaf_tiny.cli``: the command without its entry point."""

from .app import main

main()
