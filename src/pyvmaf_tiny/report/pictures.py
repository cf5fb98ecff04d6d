"""Small pictures as JPEG."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """Encode uint8 ``(height, width)`` grey or ``(height, width, 3)`` RGB."""
    import av

    layout = "gray" if image.ndim == 2 else "rgb24"
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format=layout)
    # Luma and chroma at full size and full range is what a JPEG of an RGB picture holds.
    frame = frame.reformat(format="yuvj444p", dst_color_range=2)
    encoder = av.VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj444p"
    encoder.time_base = Fraction(1, 25)
    encoder.qmin = encoder.qmax = 4
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
