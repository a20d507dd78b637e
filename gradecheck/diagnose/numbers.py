"""Numbers and entries of arrays, as they stand in a sentence."""

import numpy as np

from gradecheck.cases import Float32
from gradecheck.compare import Finding
from gradecheck.exercise import Exercise, Float64, entry
from gradecheck.observation import Observation
from gradecheck.reference.expectation import ExpectedOutput


def element_of(exercise: Exercise, fault: Observation, output: ExpectedOutput, finding: Finding) -> str:
    """The entry that is most wrong: "dx[1, 0]", or what the exercise calls it."""
    called = exercise.entry_called
    if finding.worst and called is not None:
        return called(output.name, finding.worst, *fault.case.settings)
    return entry(output.name, finding.worst)


def yours_of(finding: Finding) -> float:
    """The student's number there; NaN where there is none."""
    return float(finding.yours[finding.worst]) if finding.yours is not None else float("nan")


def apart(yours: float, wanted: float) -> tuple[str, str]:
    """Both numbers, with as many digits as it takes to see that they differ."""
    for digits in range(4, 10):
        shown = f"{yours + 0.0:.{digits}g}", f"{wanted + 0.0:.{digits}g}"  # + 0.0 turns -0 into 0
        if shown[0] != shown[1]:
            break
    return shown


def number(value: float) -> str:
    """A number, four digits of it, or what it is instead."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    return f"{value:.4g}"


def written(values: Float64 | Float32, most: int = 12) -> str:
    """An array in one line, such as "[0, 0.25]"; of each axis `most` entries."""
    if np.ndim(values) == 0:
        return f"{float(values) + 0.0:.4g}"  # + 0.0 turns -0 into 0
    shown = [written(entry, most) for entry in values[:most]]
    return f"[{', '.join([*shown, '…'] if len(values) > most else shown)}]"
