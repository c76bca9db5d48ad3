"""Lets coroutines wait for a notification instead of polling."""

from __future__ import annotations

import asyncio


class Notifier:
    """Wakes the coroutines that are waiting now; for use in one event loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.stopped = False

    def notify_all(self) -> None:
        """Wake all that wait now."""
        self._event.set()
        if not self.stopped:
            self._event.clear()

    def stop(self) -> None:
        """Wake all, and end every later wait at once."""
        self.stopped = True
        self.notify_all()

    async def wait(self, seconds: float) -> bool:
        """Wait for a notification; gives whether it came in time."""
        try:
            async with asyncio.timeout(seconds):
                return await self._event.wait()
        except TimeoutError:
            return False
