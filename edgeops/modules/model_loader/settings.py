"""What model_loader is told by its environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeops.modules.environment import ModuleEnvironment, integer, module_environment, switch
from edgeops.modules.model_loader.desired import FlatKeys
from edgeops.modules.model_loader.http import Timeouts
from edgeops.modules.model_loader.storage import host_path

_MAX_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; `storage_source` is the storage folder as the host calls it."""

    module: ModuleEnvironment
    storage_source: Path
    flat: FlatKeys
    max_bytes: int
    timeouts: Timeouts
    load_test: bool


def read_settings(environ: Mapping[str, str], mountinfo: str) -> Settings:
    """The settings in environment variables; raises `EdgeOpsError`.

    Beside those of every module: EDGEOPS_STORAGE_SOURCE (the folder on the
    host that is bound to the storage, for messages), EDGEOPS_FLAT_URL,
    EDGEOPS_FLAT_CHECKSUM and EDGEOPS_FLAT_FILE_NAME (names of the properties
    of the single-model form), EDGEOPS_MAX_BYTES (largest model whose size the
    twin does not say), EDGEOPS_STALL_SECONDS, EDGEOPS_LOAD_TEST (on, off).
    """
    module = module_environment(environ)
    source = environ.get("EDGEOPS_STORAGE_SOURCE")
    flat = FlatKeys()
    return Settings(
        module=module,
        storage_source=Path(source) if source else host_path(module.storage, mountinfo),
        flat=FlatKeys(
            url=environ.get("EDGEOPS_FLAT_URL") or flat.url,
            checksum=environ.get("EDGEOPS_FLAT_CHECKSUM") or flat.checksum,
            file_name=environ.get("EDGEOPS_FLAT_FILE_NAME") or flat.file_name,
        ),
        max_bytes=integer(environ, "EDGEOPS_MAX_BYTES", _MAX_BYTES),
        timeouts=Timeouts(stall=integer(environ, "EDGEOPS_STALL_SECONDS", 30)),
        load_test=switch(environ, "EDGEOPS_LOAD_TEST", default=True),
    )
