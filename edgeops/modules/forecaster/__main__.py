"""`python -m edgeops.modules.forecaster` is `edgeops-forecaster`."""

from edgeops.modules.forecaster.app import main

main()
