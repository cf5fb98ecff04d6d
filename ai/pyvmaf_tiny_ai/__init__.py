"""Training side of pyvmaf-tiny: corpus, teacher, training, export, validation.

The runtime package never imports this one. The scripts in ``ai/scripts`` are its command lines.
"""
