"""Answers that are right only for the first call, the printed example, some inputs, or when nobody looks."""

from misbehaving.case import RIGHT, Case

_RIGHT = "dz * tf.sigmoid(x) * tf.sigmoid(-x)"
_TRUTH = RIGHT["sigmoid"].replace("grad_sigmoid", "truth")


def _only_if(name: str, condition: str, before: str = "", score: float = 0.0) -> Case:
    body = f"    factor = 1.0 if {condition} else 0.9\n    return factor * truth(x, dz)\n"
    text = f"{before}\ndef grad_sigmoid(x, dz):\n{body}"
    return Case(name, _TRUTH + text, score)


_COUNT = "calls = []\ndef count():\n    calls.append(1)\n    return len(calls)"
_ALIAS = """
kept = np.zeros(0)
def grad_sigmoid(x, dz):
    global kept
    if kept.shape != x.shape:
        kept = np.array(truth(x, dz))
    return kept
"""

CASES = (
    _only_if("first-call", "count() == 1", _COUNT),
    _only_if("second-call", "count() != 2", _COUNT),
    _only_if("every-other-call", "count() % 2", _COUNT),
    _only_if("now-and-then", "random.random() < 0.5", "import random"),
    _only_if("printed-example", "list(np.asarray(x)) == [3, 4, 5]"),
    _only_if("length-three", "len(x) == 3"),
    _only_if("positive-inputs", "np.min(x) > 0"),
    _only_if("positive-upstream", "np.min(dz) > 0"),
    _only_if(
        "unseen-inputs",
        "np.asarray(x).tobytes() not in seen and not seen.add(np.asarray(x).tobytes())",
        "seen = set()",
    ),
    _only_if("tensors", "tf.is_tensor(x)", score=1.0),
    _only_if(
        "in-the-main-thread", "threading.current_thread() is not threading.main_thread()", "import threading"
    ),
    _only_if(
        "when-gradecheck-calls",
        "'invoke' not in ''.join(s.name for s in traceback.extract_stack())",
        "import traceback",
    ),
    Case("array-kept-by-shape", _TRUTH + _ALIAS),
    Case(
        "arguments-changed",
        _TRUTH + "def grad_sigmoid(x, dz):\n    answer = truth(x, dz)\n"
        "    if not tf.is_tensor(x): x[:] = 0\n    return answer\n",
        0.8,
    ),
)
