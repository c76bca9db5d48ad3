"""Each error ends the process with the code that docs/commands.md tells."""

from edgeops import errors


def test_every_error_has_its_exit_code():
    codes = {
        kind: int(kind.exit_code)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.EdgeOpsError)
    }
    assert codes == {
        errors.EdgeOpsError: 1,
        errors.InvalidState: 3,
        errors.PartlyApplied: 4,
        errors.Refused: 5,
        errors.UsageError: 64,
        errors.Interrupted: 130,
    }
