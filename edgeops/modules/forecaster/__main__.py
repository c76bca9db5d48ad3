"""`python -m edgeops.modules.forecaster` is `edgeops-forecaster`."""

from edgeops.modules.forecaster.main import main

main()
