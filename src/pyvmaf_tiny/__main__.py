"""``python -m pyvmaf_tiny``: the command without its entry point."""

from .cli import main

main()
