"""The script a user would write without edgeops: each manifest against the schema of devices.

`plain_validate.py SCHEMA FOLDER`: prints what is wrong.
"""

import json
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator


def main() -> None:
    """Check all files of the folder."""
    schema, folder = map(Path, sys.argv[1:])
    validator = Draft202012Validator(json.loads(schema.read_text()))
    for file in sorted(folder.glob("*.yaml")):
        for error in validator.iter_errors(yaml.load(file.read_text(), yaml.CSafeLoader)):
            print(f"{file}: {error.json_path}: {error.message}")


if __name__ == "__main__":
    main()
