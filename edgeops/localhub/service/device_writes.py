"""Writes of a device and its modules that take long to compute."""

from __future__ import annotations

from collections.abc import Callable, Container

from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.service.twins import save_twin
from edgeops.localhub.state.deployment import DeploymentWrite
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.twins import TwinWrite
from edgeops.localhub.steps import Steps, finish
from edgeops.localhub.store import entry_of

_ATTEMPTS_IN_STEPS = 3

Compute = Callable[[RegistryEntry, dict[str, RegistryEntry], Moment], Steps[DeploymentWrite]]
_Stored = tuple[RegistryEntry, dict[str, bytes]]


def write_device(
    hub: EmulatedHub, device: str, compute: Compute, *, evaluate: bool = True
) -> Steps[None]:
    """Compute what to write from a device and its modules, and save it. Raises `HubFault`.

    It is computed in steps, and saved if no other request changed anything of the
    device; after a few attempts it is computed and saved in one transaction. With
    `evaluate`, the configurations of the device are evaluated afterwards.
    """
    for _ in range(_ATTEMPTS_IN_STEPS):
        before = _stored(hub, device)
        write = yield from _computed(hub, before, compute)
        if not (write.save or write.delete):
            return
        with hub.transaction() as transaction:
            if _stored(hub, device) == before:
                _save(transaction, before, write, evaluate)
                return
    with hub.transaction() as transaction:
        before = _stored(hub, device)
        _save(transaction, before, finish(_computed(hub, before, compute)), evaluate)


def _stored(hub: EmulatedHub, device: str) -> _Stored:
    return hub.device(device), hub.store.modules(device)


def _computed(hub: EmulatedHub, stored: _Stored, compute: Compute) -> Steps[DeploymentWrite]:
    owner, encoded = stored
    modules = {}
    for name, entry in encoded.items():
        modules[name] = entry_of(entry)
        yield
    return (yield from compute(owner, modules, Moment(hub.clock(), hub.make_key)))


def _save(
    transaction: Transaction, before: _Stored, write: DeploymentWrite, evaluate: bool
) -> None:
    owner, modules = before
    existing: Container[str] = {"", *modules}
    for entry in write.save:
        if entry.identity.module not in existing:
            transaction.create(entry)
    for module in write.delete:
        transaction.delete(owner.identity.device, module)
    changes = {change.module: change for change in write.changes}
    for entry in write.save:
        change = changes.get(entry.identity.module)
        if change:
            save_twin(
                transaction, TwinWrite(entry, change), {"desired": change.patch}, "updateTwin"
            )
        elif entry.identity.module in existing:
            transaction.save(entry)
    if not evaluate:
        transaction.changed.clear()
