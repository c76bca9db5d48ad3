"""Waiting for something to happen, without asking again and again."""

from __future__ import annotations

import asyncio


class Notifier:
    """Wakes those who wait at that moment. Beats and waits belong to one event loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.stopped = False

    def notify_all(self) -> None:
        """Wake all who wait now."""
        self._event.set()
        if not self.stopped:
            self._event.clear()

    def stop(self) -> None:
        """Wake all, and let nobody wait any more."""
        self.stopped = True
        self.notify_all()

    async def wait(self, seconds: float) -> bool:
        """Whether it beat within that time."""
        try:
            async with asyncio.timeout(seconds):
                return await self._event.wait()
        except TimeoutError:
            return False
