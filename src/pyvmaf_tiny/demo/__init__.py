"""The demo: a moving scene, encoded at several qualities and scored as it leaves the decoder.

``scene`` finds or draws the pictures, ``rendition`` is one encoder, decoder and scorer, ``run``
feeds all of them side by side. What it looks like on a terminal is ``cli/demo.py``.
"""
