"""How a result came about."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .frames import DEFAULT_GAIN_LIMIT, NEG_GAIN_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultInfo:
    """How a result came about.

    ``frames`` counts the frame pairs that were read, those that ``subsample`` left unscored
    included; ``seconds`` is the wall time spent on them. ``cpu_tier`` are the kernels that were
    used, ``device`` is where they ran, ``cpu_mask`` are the CPU features held back from them by
    option and environment.
    ``reference`` and ``distorted`` are the inputs' names, ``renditions`` is the number of
    distorted versions that shared the pass.
    ``teacher`` is the libvmaf model whose scores stand next to ours, if there is
    one. The three model fields are None without a model; ``neg_model_id`` and
    ``neg_model_digest`` are of the model for the NEG features of the same pass, if there are.
    ``frame_rate`` (frames per second of the clip) and ``bitrate`` (kbit/s of the distorted
    video stream) are None where the input does not say. ``complete`` is False, and
    ``ended_by`` says why, when an error or an interrupt ended the clip early.
    """

    version: str
    engine: str
    engine_version: str
    width: int
    height: int
    bit_depth: int
    frames: int
    seconds: float
    cpu_tier: str | None = None
    cpu_mask: int = 0
    threads: int | None = None
    gain_limit: float = DEFAULT_GAIN_LIMIT
    subsample: int = 1
    device: str = "cpu"
    teacher: str | None = None
    model_id: str | None = None
    model_digest: str | None = None
    provider: str | None = None
    neg_model_id: str | None = None
    neg_model_digest: str | None = None
    renditions: int = 1
    reference: str | None = None
    distorted: str | None = None
    frame_rate: float | None = None
    bitrate: float | None = None
    complete: bool = True
    ended_by: str | None = None

    @property
    def fps(self) -> float | None:
        """Frame pairs per second of wall time; None when no time was measured."""
        return self.frames / self.seconds if self.seconds > 0 else None

    @property
    def neg(self) -> bool:
        """Whether enhancement gain counted for nothing (gain limit 1.0, libvmaf's NEG)."""
        return self.gain_limit == NEG_GAIN_LIMIT

    def to_dict(self) -> dict[str, Any]:
        """All fields and the two properties, ready for JSON."""
        return asdict(self) | {"neg": self.neg, "fps": self.fps}
