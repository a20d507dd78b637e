"""The record of what was released: beside the released folders, the digest of each file as it was."""

import hashlib
import json
from pathlib import Path

#: The record's name.
RECORD = ".released.json"


def read_record(folder: Path) -> dict[str, str]:
    """SHA-256 by path below the folder, such as "tensor_derivatives/tensor_derivatives.ipynb".

    Empty where there is no record that can be read.
    """
    try:
        return dict(json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def write_record(folder: Path, record: dict[str, str]) -> None:
    """Write the record, in the order of the paths."""
    text = json.dumps(dict(sorted(record.items())), indent=1)
    (folder / RECORD).write_text(f"{text}\n", encoding="utf-8")


def digest_of(path: Path) -> str | None:
    """The SHA-256 of a file, None where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
