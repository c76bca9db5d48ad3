"""A local IoT Hub for the tests of any service: `running_hub`, and the fixtures of the plugin.

`edgeops.pytest_plugin` gives pytest the fixtures `edgeops_hub` and `edgeops_clean_hub`.
"""

from edgeops.testing.device import HubDevice, MethodResult
from edgeops.testing.event import HubEvent
from edgeops.testing.hub import RunningHub
from edgeops.testing.process import running_hub
from edgeops.testing.trust import trusting

__all__ = ["HubDevice", "HubEvent", "MethodResult", "RunningHub", "running_hub", "trusting"]
