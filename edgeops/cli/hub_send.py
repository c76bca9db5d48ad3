"""`edgeops hub send`: a message to a device of the local hub."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from edgeops import api
from edgeops.cli.hub_dir import DirOption, hub_workspace
from edgeops.cli.options import argument, option
from edgeops.cli.settings import say
from edgeops.errors import UsageError


def send(
    context: typer.Context,
    device: Annotated[str, argument("Device that gets the message.")],
    body: Annotated[str, argument("Text of the message.")],
    property_: Annotated[
        list[str] | None,
        option("Property of the message; repeatable.", "--property", metavar="NAME=VALUE"),
    ] = None,
    content_type: Annotated[
        str | None, option("Content type of the text, such as application/json.")
    ] = None,
    message_id: Annotated[
        str | None, option("Message id, which feedback names; a new one without it.")
    ] = None,
    ack: Annotated[
        Literal["none", "positive", "negative", "full"],
        option("Feedback to ask for: when it arrives, when it cannot, or both."),
    ] = "none",
    expiry: Annotated[
        float | None,
        option("Seconds until the message expires; an hour without it.", metavar="SECONDS", min=1),
    ] = None,
    directory: DirOption = None,
) -> None:
    """Send a message to a device of the running local hub.

    It waits in the queue of the device, which holds 50, until the device takes it
    by MQTT or HTTPS, or it expires.

    \b
    Examples:
      edgeops hub send my-device 'lights off'
      edgeops hub send my-device '{"a": 1}' --content-type application/json --ack full
      edgeops hub send my-device restart --property slot=day-ahead --expiry 60
    """
    pairs = [pair.partition("=") for pair in property_ or []]
    if any(not (name and equals) for name, equals, _ in pairs):
        raise UsageError("a property must be NAME=VALUE")
    names = [name for name, _, _ in pairs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"the property {twice!r} is given twice", "a message has one of a name")
    sent = api.hubs.send(
        hub_workspace(context, directory),
        device,
        body,
        properties={name: value for name, _, value in pairs},
        content_type=content_type,
        message_id=message_id,
        ack=ack,
        seconds=expiry,
    )
    say(f"message {sent} waits for {device}")
