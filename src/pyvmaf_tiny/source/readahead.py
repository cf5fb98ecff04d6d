"""Takes items from an iterator in a thread of its own, a few before they are asked for.

That is how decoding overlaps with extraction: FFmpeg and the engine both work without the GIL.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

#: One frame for the engine to take at once, one for the decoder to be late with.
_ITEMS_AHEAD = 2


class ReadAhead(Generic[T]):
    """Iterates over what a generator yields, while the generator already works on what follows.

    Order, items and errors are those of the generator; an error comes after the items before it.
    At most ``ahead`` items wait. The thread starts with the first item that is asked for.
    """

    def __init__(self, items: Generator[T, None, None], ahead: int = _ITEMS_AHEAD) -> None:
        self._items = items
        self._places = threading.Semaphore(ahead)
        self._ready: SimpleQueue[tuple[T] | BaseException] = SimpleQueue()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if self._stopped:
            raise StopIteration
        if self._thread is None:
            # A daemon: a program that ends without close() does not wait for a decoder.
            self._thread = threading.Thread(target=self._work, name="read ahead", daemon=True)
            self._thread.start()
        outcome = self._ready.get()
        self._places.release()
        if isinstance(outcome, tuple):
            return outcome[0]
        self._stopped = True
        raise outcome

    def close(self) -> None:
        """Stop after the item that is being worked on, and end the generator."""
        self._stopped = True
        self._places.release()
        if self._thread is not None:
            self._thread.join()
        self._items.close()

    def _work(self) -> None:
        while True:
            self._places.acquire()
            if self._stopped:
                return
            try:
                self._ready.put((next(self._items),))
            except BaseException as error:  # whatever it is, it is raised where items are taken
                self._ready.put(error)
                return
