"""`python -m edgeops.modules.model_loader`."""

from edgeops.modules.model_loader.main import main

main()
