"""`edgeops model`: from data to a release on devices."""

from __future__ import annotations

from edgeops.cli.model_judge import evaluate
from edgeops.cli.model_live import decayed, live
from edgeops.cli.model_look import forecast, runs
from edgeops.cli.model_promote import promote
from edgeops.cli.model_publish import publish
from edgeops.cli.model_releases import list_releases, verify
from edgeops.cli.model_sign import key, sign
from edgeops.cli.model_start import features, init
from edgeops.cli.model_train import data, train
from edgeops.cli.options import group

app = group("Train, evaluate, publish and promote models.")
app.command("init", short_help="Write a model.yaml for a table of your own.")(init)
app.command("features", short_help="List and explain the features of models.")(features)
app.command("data", short_help="Report the quality of a model's data.")(data)
app.command("train", short_help="Train as model.yaml says, and export to ONNX.")(train)
app.command("evaluate", short_help="Compare with baselines and the last release.")(evaluate)
app.command("runs", short_help="Compare the builds of a model.")(runs)
app.command("forecast", short_help="Forecast from a file, as a device would.")(forecast)
app.command("publish", short_help="Publish a release, or any files as one.")(publish)
app.command("key", short_help="Make a pair of keys that sign releases.")(key)
app.command("sign", short_help="Sign a release that is published.")(sign)
app.command("verify", short_help="Check published artifacts against their release files.")(verify)
app.command("promote", short_help="Give a group, or the next ring, another release.")(promote)
app.command("live", short_help="Show how good models are on devices.")(live)
app.command("decayed", short_help="Say which models have become worse on devices.")(decayed)
app.command("list", short_help="List the releases and where they run.")(list_releases)
