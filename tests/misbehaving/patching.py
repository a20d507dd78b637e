"""Submissions that replace parts of NumPy, TensorFlow, Python, IPython and gradecheck."""

from misbehaving.case import RIGHT, WRONG, Case

_FAKE_GRADECHECK = """
import sys, types
fake = types.ModuleType("gradecheck")
fake.grade = lambda function, points, **_: float(points)
fake.check = lambda *_, **__: True
sys.modules["gradecheck"] = fake
from gradecheck import check, grade
"""

_WORKER = """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith("gradecheck"):
        for wanted in ("compare", "judge", "score", "observe", "diagnose", "expected_cases"):
            if hasattr(module, wanted):
                setattr(module, wanted, lambda *_, **__: 1.0)
"""

_TRANSFORMER = """
def blank(lines):
    return ["20.0"] if any("grade(" in line for line in lines) else lines
get_ipython().input_transformers_cleanup.append(blank)
get_ipython().input_transformers_post.append(blank)
"""

_AST = """
import ast
class Full(ast.NodeTransformer):
    def visit_Call(self, node):
        return ast.Constant(20.0) if getattr(node.func, "id", "") == "grade" else node
get_ipython().ast_transformers.append(Full())
"""

_HOOK = """
import sys
class Full:
    def __call__(self, *_):
        get_ipython().display_pub.publish({"text/plain": "20.0"})
get_ipython().displayhook = sys.displayhook = Full()
get_ipython().display_formatter.format = lambda *_, **__: ({"text/plain": "20.0"}, {})
"""

CASES = (
    Case(
        "numpy-testing",
        before=("np.testing.assert_allclose = np.testing.assert_equal = lambda *_, **__: None",),
    ),
    Case(
        "numpy-comparisons",
        before=("np.allclose = np.isclose = np.array_equal = np.array_equiv = lambda *_, **__: True",),
    ),
    Case("numpy-any-and-all", before=("np.all = lambda *_, **__: True\nnp.any = lambda *_, **__: False",)),
    Case(
        "tensorflow-tape-and-asserts",
        before=("tf.debugging.assert_near = lambda *_, **__: None\ntf.GradientTape = lambda *_, **__: None",),
    ),
    Case("tensorflow-constant", before=("tf.constant = tf.convert_to_tensor = lambda *_, **__: None",)),
    Case(
        "builtins",
        before=("import builtins\nbuiltins.all = lambda *_: True\nbuiltins.abs = lambda *_: 0",),
    ),
    Case(
        "builtins-that-the-worker-needs",
        """
import builtins
def grad_sigmoid(x, dz):
    for name in ("isinstance", "len", "tuple", "list", "type", "getattr", "any", "all", "min", "max", "str"):
        setattr(builtins, name, lambda *_: 1 / 0)
    return 3 * dz
""",
    ),
    Case("import-of-gradecheck-hooked", before=(_FAKE_GRADECHECK,)),
    Case("grade-renamed", before=("import gradecheck\ngradecheck.grade = grade = lambda *_, **__: 20.0",)),
    Case("judge-in-the-worker", before=("import gradecheck.judge", _WORKER)),
    Case(
        "module-beside-the-notebook",
        files={
            "gradecheck.py": "def grade(f, points, **_): return float(points)\ndef check(*_, **__): pass\n",
            "numpy.py": "raise SystemExit",
            "json.py": "raise SystemExit",
            "sitecustomize.py": "raise SystemExit",
        },
    ),
    Case("display-hook", after=(_HOOK,)),
    Case("input-transformer", after=(_TRANSFORMER,)),
    Case("ast-transformer", before=(_AST,)),
    Case(
        "transformer-that-blanks-the-rest",
        RIGHT["sigmoid"],
        1.0,
        after=(
            "get_ipython().input_transformers_cleanup.append(lambda lines: [])",
            "1 / 0",
        ),
    ),
    Case(
        "json-and-struct-in-the-call",
        "import json, struct\ndef grad_sigmoid(x, dz):\n    json.dumps = lambda *_, **__: '{}'\n"
        "    json.loads = lambda *_: {}\n    return 3 * dz\n",
    ),
    Case(
        "numpy-array-in-the-call",
        "def grad_sigmoid(x, dz):\n    np.array = np.ascontiguousarray = lambda *_, **__: 0\n"
        "    return 3 * dz\n",
    ),
    Case(
        "trace-functions",
        """
import sys
def spy(frame, event, argument):
    for name in ("expected", "tolerance", "wrong", "seed"):
        if name in frame.f_locals:
            found[name] = frame.f_locals[name]
    return spy
found = {}
sys.settrace(spy)
sys.setprofile(spy)
def grad_sigmoid(x, dz):
    return found.get("expected", 3 * dz)
""",
    ),
    Case(
        "standard-streams-closed",
        RIGHT["sigmoid"],
        1.0,
        before=(
            "import os, sys\nsys.stdout.close()\nsys.stderr = None\nos.close(1)\nos.close(2)\nos.close(0)",
        ),
    ),
    Case(
        "clock-and-signals",
        "def grad_sigmoid(x, dz):\n    while True: pass\n",
        before=(
            "import signal, time\ntime.monotonic = time.time = lambda: 0.0\n"
            "signal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal = lambda *_: None",
        ),
    ),
    Case(
        "working-folder-and-mask",
        RIGHT["sigmoid"],
        1.0,
        before=("import os\nos.chdir('/')\nos.umask(0o777)\nos.environ.clear()",),
    ),
    Case(
        "own-namespace-cleared",
        WRONG["sigmoid"],
        after=("grade = check = None\nget_ipython().user_ns.clear()",),
        others=0.0,
    ),
    Case(
        "floating-point-errors",
        RIGHT["sigmoid"],
        1.0,
        before=("import warnings\nwarnings.simplefilter('error')\nnp.seterr(over='raise', invalid='raise')",),
    ),
)
