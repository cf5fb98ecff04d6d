"""Whether an installed pyvmaf-tiny works at all, without any of the test tools.

python tests/smoke.py

Scores arrays and an encoded video, and compares the features of every committed golden case. Where
PyAV's wheel carries a libvmaf (av >= 19, Python >= 3.12), that one as the engine, too.
"""

from __future__ import annotations

import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import av
import numpy as np

import pyvmaf_tiny

GOLDEN = Path(__file__).resolve().parent / "data" / "golden.npz"


def golden_cases(**options: Any) -> int:
    """Compares every case, default and NEG; how many there were."""
    archive = np.load(GOLDEN)
    names = sorted({entry.rsplit("/", 1)[0] for entry in archive.files})
    for name in names:
        ref, dis = archive[f"{name}/ref"], archive[f"{name}/dis"]
        bit_depth = int(name.split("_")[1].removesuffix("b"))
        for neg, expected in ((False, "features"), (True, "features_neg")):
            actual = pyvmaf_tiny.features(ref, dis, bit_depth=bit_depth, neg=neg, **options)
            np.testing.assert_array_equal(actual, archive[f"{name}/{expected}"], err_msg=name)
    return len(names)


def encoded_video(folder: Path) -> float:
    """Scores an x264 encode of a generated scene against the lossless original; the mean."""
    rows, columns = np.mgrid[:144, :176]
    waves = [np.sin((columns + 3 * n) / 5) * np.cos(rows / 7) for n in range(10)]
    planes = [(128 + 100 * wave).astype(np.uint8) for wave in waves]
    path = folder / "distorted.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "35"})
        stream.width, stream.height, stream.pix_fmt = 176, 144, "yuv420p"
        for plane in planes:
            frame = av.VideoFrame.from_ndarray(plane, format="gray").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    result = pyvmaf_tiny.score(planes, path)
    assert len(result) == len(planes)
    return result.mean


def libvmaf_in_the_wheel() -> str:
    """The golden cases with the libvmaf that PyAV brings, found without being named."""
    if sys.version_info < (3, 12) or int(av.__version__.split(".")[0]) < 19:
        return "no libvmaf in PyAV's wheel"
    (info,) = (info for info in pyvmaf_tiny.engines() if info.name == "libvmaf")
    assert info.available, info.reason
    assert info.file is not None
    assert Path(info.file).parent == Path(av.__file__).parents[1] / "av.libs", info.file
    cases = golden_cases(engine="libvmaf", cpu_mask=2**32 - 1)
    return f"{cases} with {info.file}"


def main() -> None:
    """Runs all and says what was compared."""
    cases = golden_cases()
    libvmaf = libvmaf_in_the_wheel()
    with tempfile.TemporaryDirectory() as folder:
        mean = encoded_video(Path(folder))
    assert 0.0 < mean < 100.0, mean
    print(
        f"pyvmaf-tiny {pyvmaf_tiny.__version__} on Python {platform.python_version()}: "
        f"{cases} golden cases equal, {libvmaf}, encoded video scores {mean:.2f}"
    )


if __name__ == "__main__":
    main()
