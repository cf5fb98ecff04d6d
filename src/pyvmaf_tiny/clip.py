"""A whole-clip call: frames from the inputs through a scorer, also when it is cut short."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from .errors import EngineError, ModelError, OptionError
from .results import ScoreResult
from .scorer import ClipFacts, Stream
from .source import FrameGroups

#: Feature rows that go to the model in one call.
BATCH = 16

S = TypeVar("S", bound=Stream)


class Clip(Generic[S]):
    """A call under way. ``carry`` puts what had been scored into the error that ended it."""

    def __init__(
        self,
        scorer: S,
        groups: FrameGroups,
        carry: Callable[[BaseException, list[ScoreResult]], None],
    ) -> None:
        self._scorer = scorer
        self._groups = groups
        self._carry = carry
        self._started = time.perf_counter()

    def run(self, progress: Callable[[int, int | None, S], None] | None) -> list[ScoreResult]:
        """Score all frames; one result per rendition."""
        try:
            for done, (ref, dis) in enumerate(self._groups.groups(), start=1):
                self._scorer.advance(ref, dis)
                if progress is not None:
                    progress(done, self._groups.total, self._scorer)
            self._scorer.finish()
        except (Exception, KeyboardInterrupt) as error:
            # The last frames are still due, unless the model is what failed.
            if not isinstance(error, ModelError) or isinstance(error, EngineError):
                self._finish_what_is_there()
            partial = self._results(ended_by=str(error) or type(error).__name__)
            if len(partial[0]):
                self._carry(error, partial)
            raise
        return self._results()

    def _finish_what_is_there(self) -> None:
        """Take the frames that are still due, as far as engine and model still can."""
        with contextlib.suppress(EngineError, ModelError):
            try:
                self._scorer.finish()
            except EngineError:
                self._scorer.finish()  # has what is complete when the first one failed

    def _results(self, ended_by: str | None = None) -> list[ScoreResult]:
        groups = self._groups
        return self._scorer.outcome(
            ClipFacts(
                seconds=time.perf_counter() - self._started,
                reference=groups.names[0],
                distorted=groups.names[1:],
                bitrates=groups.bitrates[1:],
                frame_rate=None if groups.frame_rate is None else float(groups.frame_rate),
                ended_by=ended_by,
            )
        )


def check_progress(progress: object) -> None:
    """OptionError unless it is None or can be called."""
    if progress is not None and not callable(progress):
        raise OptionError("progress is not callable", given=repr(progress))
