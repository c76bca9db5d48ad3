"""The composite action: installs once, and runs what it is told, whatever the words are."""

WORKFLOW = """\
on: push
jobs:
  it:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
      - uses: ./.github/actions/edgeops
        with: {hub: "%s", command: "%s"}
"""


def run(world, command, hub=""):
    world.write(".github/workflows/it.yml", WORKFLOW % (hub, command))
    world.push()
    return world.run("it.yml", "push")


def test_the_action_runs_a_command_on_a_hub(synced):
    synced.edit("fleet/fleet.yaml", "floor: 0", "floor: 2")
    ran = run(synced, "sync --target gateway", hub="production")
    assert ran.jobs == {"it": "success"}, ran.log
    assert "1 device synced" in ran.log
    assert not ran.inputs("actions/setup-python")  # it is installed


def test_without_an_input_the_hub_is_that_of_the_environment(synced):
    synced.environment["EDGEOPS_HUB"] = "nowhere"
    ran = run(synced, "sync --dry-run")
    assert "the fleet has no hub `nowhere`" in ran.log


def test_an_input_is_never_run_as_shell_code(world):
    ran = run(world, "validate $(touch${IFS}HACKED) * `id` ; touch HACKED")
    assert ran.jobs == {"it": "failure"}
    assert "HACKED" not in str(list(ran.folder.rglob("HACKED")))
    assert "uid=" not in ran.log
    assert "exit status 64" in ran.log  # edgeops got the words: too many of them
