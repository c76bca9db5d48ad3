"""Evaluates configurations: lets them change the twins that they target.

It happens after the requests that are the reason for it, in steps that other
requests interrupt. Source: "Automatic IoT device and module management using
the Azure CLI", Microsoft Learn: configurations are evaluated soon after a
change, and every five minutes.
"""

from __future__ import annotations

import logging

from edgeops.localhub import query
from edgeops.localhub.failures import describe_exception
from edgeops.localhub.service.device_writes import write_device
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.configuring import configured
from edgeops.localhub.state.deployment import DeploymentWrite
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.targeting import Rule, rule_of
from edgeops.localhub.steps import Steps

EVALUATION_SECONDS = 300.0

_log = logging.getLogger(__name__)


async def keep_evaluating(hub: EmulatedHub, seconds: float) -> None:
    """Evaluate configurations whenever something has changed, and everything once in a while."""
    prepare(hub)
    while not hub.pending.wanted.stopped:
        if hub.pending:
            try:
                await hub.scheduler.run(evaluate_pending(hub))
            except Exception as error:  # such as a disk that is full: later is another chance
                _log.error("configurations are not evaluated now: %s", describe_exception(error))
                hub.pending.add_everything()
                await hub.pending.wanted.wait(seconds)
        elif not await hub.pending.wanted.wait(seconds) and hub.pending.rules:
            hub.pending.add_everything()


def prepare(hub: EmulatedHub) -> None:
    """Let a hub that starts evaluate what it may not have evaluated before it stopped."""
    if next(hub.store.configurations(), None):
        hub.pending.add_everything()
    else:
        hub.pending.add(hub.store.configured_devices())


def evaluate_pending(hub: EmulatedHub) -> Steps[None]:
    """Evaluate all that waits, until nothing does."""
    while hub.pending:
        if hub.pending.everything:
            hub.pending.everything = False
            for entry in hub.store.devices():
                yield from _evaluate(hub, entry.identity.device)
                yield from _evaluate_devices(hub)
        yield from _evaluate_devices(hub)


def _evaluate_devices(hub: EmulatedHub) -> Steps[None]:
    """Evaluate the devices that wait now."""
    for device in tuple(hub.pending.devices):
        if device in hub.pending.devices:
            del hub.pending.devices[device]
            yield from _evaluate(hub, device)


def _evaluate(hub: EmulatedHub, device: str) -> Steps[None]:
    rules = yield from _rules(hub)

    def compute(
        owner: RegistryEntry, modules: dict[str, RegistryEntry], moment: Moment
    ) -> Steps[DeploymentWrite]:
        result = yield from configured(owner, modules, rules, moment)
        if result.write.save:
            for refusal in result.refusals:
                _log.warning("device %s keeps its desired properties: %s", device, refusal)
        return result.write

    try:
        yield from write_device(hub, device, compute, evaluate=False)
    except HubFault as fault:  # the device has been deleted
        _log.debug("%s", fault.message)
    except Exception as error:
        _log.error("configurations of %s failed: %s", device, describe_exception(error))


def _rules(hub: EmulatedHub) -> Steps[tuple[Rule, ...]]:
    if hub.pending.rules_changed:
        revision, rules = hub.pending.revision, []
        for configuration in hub.store.configurations():
            try:
                rules.append(rule_of(configuration))
            except (HubFault, query.QueryError) as error:  # one that an older version has stored
                _log.warning("configuration %s is not applied: %s", configuration.id, error)
            yield
        hub.pending.have_rules(tuple(rules), revision)
    return hub.pending.rules
