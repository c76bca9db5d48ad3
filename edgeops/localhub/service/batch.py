"""Many operations in few transactions, each with its own result."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.steps import Steps

_SECONDS_PER_TRANSACTION = 0.01

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_each(
    hub: EmulatedHub, items: Sequence[Item], operate: Callable[[Transaction, Item], Result]
) -> Steps[list[Result | HubFault]]:
    """Operate on each item; gives the result or the fault of each.

    Items that succeed are saved; those that fail change nothing: an operation that
    can fail after its first write has to take a savepoint.
    """
    outcomes: list[Result | HubFault] = []
    while len(outcomes) < len(items):
        outcomes += _run_some(hub, items[len(outcomes) :], operate)
        yield
    return outcomes


def _run_some(
    hub: EmulatedHub, items: Sequence[Item], operate: Callable[[Transaction, Item], Result]
) -> list[Result | HubFault]:
    """Operate on the first items in one short transaction."""
    outcomes: list[Result | HubFault] = []
    until = time.perf_counter() + _SECONDS_PER_TRANSACTION
    with hub.transaction() as transaction:
        for item in items:
            try:
                outcomes.append(operate(transaction, item))
            except HubFault as fault:
                outcomes.append(fault)
            if time.perf_counter() >= until:
                break
    return outcomes
