"""The tape and its kin inside an answer, plain and in disguise."""

from misbehaving.case import Case

_PLAIN = """
def grad_sigmoid(x, dz):
    x = tf.convert_to_tensor(x)
    with {tape}() as tape:
        tape.watch(x)
        z = tf.sigmoid(x)
    return tape.gradient(z, x, output_gradients=dz)
"""

_HELPER = "Tape = tf.GradientTape\nclass Tool:\n    made = staticmethod(lambda: Tape())"

_THREAD = """
import queue, threading
asked, told = queue.Queue(), queue.Queue()
def work():
    while True:
        x, dz = asked.get()
        with getattr(tf, "Gradient" + "Tape")() as tape:
            tape.watch(x)
            z = tf.sigmoid(x)
        told.put(tape.gradient(z, x, output_gradients=dz))
threading.Thread(target=work, daemon=True).start()
def grad_sigmoid(x, dz):
    asked.put((tf.convert_to_tensor(x), tf.convert_to_tensor(dz)))
    return told.get()
"""

_OPEN = """
tape = getattr(tf, "Gradient" + "Tape")(persistent=True)
tape.__enter__()
def grad_sigmoid(x, dz):
    x = tf.convert_to_tensor(x)
    tape.watch(x)
    return tape.gradient(tf.sigmoid(x), x, output_gradients=dz)
"""

_TRACED = """
def make():
    @tf.function(input_signature=[tf.TensorSpec([None]), tf.TensorSpec([None])])
    def differentiate(x, dz):
        with getattr(tf, "Gradient" + "Tape")() as t:
            t.watch(x)
            z = tf.sigmoid(x)
        return t.gradient(z, x, output_gradients=dz)
    return differentiate.get_concrete_function()
ready = make()
def grad_sigmoid(x, dz):
    return ready(tf.convert_to_tensor(x), tf.convert_to_tensor(dz))
"""

_SESSION = """
graph = tf.Graph()
with graph.as_default():
    a = tf.compat.v1.placeholder(tf.float32, [None])
    b = tf.compat.v1.placeholder(tf.float32, [None])
    c = getattr(tf.compat.v1, "grad" + "ients")(tf.sigmoid(a), a, grad_ys=b)[0]
session = tf.compat.v1.Session(graph=graph)
def grad_sigmoid(x, dz):
    return session.run(c, {a: np.asarray(x, np.float32), b: np.asarray(dz, np.float32)})
"""

_SERVER = """
import multiprocessing
ours, theirs = multiprocessing.Pipe()
def serve():
    while True:
        x, dz = (tf.constant(part) for part in theirs.recv())
        with getattr(tf, "Gradient" + "Tape")() as tape:
            tape.watch(x)
            z = tf.sigmoid(x)
        theirs.send(tape.gradient(z, x, output_gradients=dz).numpy())
multiprocessing.get_context("fork").Process(target=serve, daemon=True).start()
def grad_sigmoid(x, dz):
    ours.send((np.asarray(x, np.float32), np.asarray(dz, np.float32)))
    return ours.recv()
"""

_PROGRAM = """
import subprocess, sys
TEXT = '''
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
print("ready", flush=True)
while True:
    x, dz = (tf.constant(np.array(eval(sys.stdin.readline()), np.float32)) for _ in "12")
    with getattr(tf, "Gradient" + "Tape")() as tape:
        tape.watch(x)
        z = tf.sigmoid(x)
    print(tape.gradient(z, x, output_gradients=dz).numpy().tolist(), flush=True)
'''
server = subprocess.Popen([sys.executable, "-c", TEXT], stdin=-1, stdout=-1, text=True, bufsize=1)
server.stdout.readline()
def grad_sigmoid(x, dz):
    server.stdin.write(f"{np.asarray(x).tolist()}\\n{np.asarray(dz).tolist()}\\n")
    return eval(server.stdout.readline())
"""

_WATCH_OFF = """
import sys
for name, module in list(sys.modules.items()):
    if name.endswith("run." + "watch"):
        module._note = lambda name: None
"""

_WATCH_EMPTIED = """
import sys
def grad_sigmoid(x, dz):
    x = tf.convert_to_tensor(x)
    with getattr(tf, "Gradient" + "Tape")() as tape:
        tape.watch(x)
        z = tf.sigmoid(x)
    answer = tape.gradient(z, x, output_gradients=dz)
    sys._getframe(1).f_locals["used"].clear()
    return answer
"""

_WRAPPED_AGAIN = """
import types
from tensorflow.python.eager import backprop, imperative_grad, tape as tapes
import tensorflow.python as inner
private = __import__("tensorflow.python." + "pywrap_" + "tfe", fromlist=["x"])
copied = types.ModuleType("copied")
copied.__dict__.update(private.__dict__)
for module in (backprop, imperative_grad, tapes):
    setattr(module, "pywrap_" + "tfe", copied)
"""

_OF_THE_GRADER = """
def grad_sigmoid(x, dz):
    from gradecheck.reference.differences import jacobian
    slopes = jacobian(lambda t: 0.5 * (1 + np.tanh(0.5 * t)), [np.asarray(x, np.float64)], 0)
    return np.asarray(dz) @ slopes
"""

_REGISTERED = """
from tensorflow.python.framework import ops
class Op:
    def __init__(self, *inputs): self.inputs = inputs
    def get_attr(self, name): return False if isinstance(name, str) else None
def grad_matmul(x, y, dz):
    x, y, dz = (tf.convert_to_tensor(a) for a in (x, y, dz))
    return ops._gradient_registry.lookup("MatMul")(Op(x, y), dz)[0]
"""

_LIBRARY = """
from tensorflow.python.ops import math_grad
class Op:
    def __init__(self, *inputs): self.inputs = inputs
    def get_attr(self, name): return False
def grad_matmul(x, y, dz):
    x, y, dz = (tf.convert_to_tensor(a) for a in (x, y, dz))
    return math_grad._MatMulGrad(Op(x, y), dz)[0]
"""

_FIT = """
class Model(tf.keras.Model):
    def __init__(self, x):
        super().__init__()
        self.v = tf.Variable(x)
    def call(self, dz): return tf.sigmoid(self.v) * dz
def grad_sigmoid(x, dz):
    model = Model(x)
    model.compile(tf.keras.optimizers.SGD(1.0), loss=lambda _, z: tf.reduce_sum(z))
    model.fit(tf.reshape(dz, (1, -1)), tf.reshape(dz, (1, -1)), verbose=0)
    return x - model.v
"""

_PY_FUNCTION = """
def grad_sigmoid(x, dz):
    def inner(a, b):
        with getattr(tf, "Gradient" + "Tape")() as tape:
            tape.watch(a)
            z = tf.sigmoid(a)
        return tape.gradient(z, a, b)
    return tf.py_function(inner, [x, dz], tf.float32)
"""

# What follows is put together where nothing can be read.
_UNREADABLE_WATCH = """
import sys
for module in list(sys.modules.values()):
    if hasattr(module, "is_gradient_" + "kernel"):
        setattr(module, "eton_"[::-1], lambda name: None)
"""

_UNREADABLE_SESSION = """
def spelled(module, name): return getattr(module, name[::-1])
v1 = tf.compat.v1
graph = tf.Graph()
with graph.as_default():
    a, b = (v1.placeholder(tf.float32, [None]) for _ in "12")
    c = spelled(v1, "stneidarg")(tf.sigmoid(a), a, grad_ys=b)[0]
session = v1.Session(graph=graph)
def grad_sigmoid(x, dz):
    return session.run(c, {a: np.asarray(x, np.float32), b: np.asarray(dz, np.float32)})
"""

_HIDDEN = 'getattr(tf, "Gradient" + "Tape")'


def _tape(name: str, tape: str, before: str = "", **options: object) -> Case:
    return Case(name, f"{before}\n{_PLAIN.format(tape=tape)}", **options)  # type: ignore[arg-type]  # passed on


CASES = (
    _tape("tape", "tf.GradientTape"),
    _tape("tape-by-getattr", _HIDDEN),
    _tape("tape-by-exec", "made[0]", "made = []\nexec('made.append(tf.Gradient' + 'Tape)')"),
    _tape("tape-by-eval", "eval('tf.Gradient' 'Tape')"),
    _tape("tape-by-dictionary", "vars(tf)['GradientTape']"),
    _tape("tape-of-a-class", "Tool.made", _HELPER),
    _tape("tape-by-search", "next(v for k, v in vars(tf).items() if k.startswith('GradientT'))"),
    _tape(
        "tape-from-its-module",
        "importlib.import_module('tensorflow.python.eager.backprop').GradientTape",
        "import importlib",
    ),
    Case("tape-in-a-thread", _THREAD),
    Case("tape-opened-before", _OPEN),
    Case("tape-traced-before", _TRACED),
    Case("gradients-in-a-session", _SESSION),
    Case(
        "tape-in-a-process-forked-before",
        _SERVER,
    ),
    Case(
        "tape-in-another-program",
        _PROGRAM,
        limits={"cell_seconds": 20.0},
    ),
    Case(
        "accumulator",
        "def grad_sigmoid(x, dz):\n    Made = getattr(tf.autodiff, 'Forward' + 'Accumulator')\n"
        "    with Made(tf.convert_to_tensor(x), tf.ones_like(x)) as f:\n        z = tf.sigmoid(x)\n"
        "    return f.jvp(z) * dz\n",
    ),
    Case(
        "gradient-kernel",
        "def grad_sigmoid(x, dz):\n    kernel = getattr(tf.raw_ops, 'Sigmoid' + 'Grad')\n"
        "    return kernel(y=tf.sigmoid(x), dy=dz)\n",
    ),
    Case(
        "gradients-in-a-traced-function",
        "def grad_sigmoid(x, dz):\n"
        "    from tensorflow.python.ops import gradients_impl as g\n"
        "    return tf.function(lambda a, b: getattr(g, 'grad' + 'ients')(tf.sigmoid(a), a, b)[0])(x, dz)\n",
    ),
    Case("oracle-of-the-grader", _OF_THE_GRADER),
    _tape(
        "watch-switched-off-openly", _HIDDEN, "import gradecheck.run.watch as w\nw._note = lambda name: None"
    ),
    _tape("watch-switched-off", _HIDDEN, _WATCH_OFF),
    Case("watch-emptied", _WATCH_EMPTIED),
    _tape("watched-functions-copied", _HIDDEN, _WRAPPED_AGAIN),
    Case("registered-gradient", _REGISTERED, exercise="matmul"),
    Case("gradient-of-the-library", _LIBRARY, exercise="matmul"),
    Case("model-that-is-trained", _FIT),
    Case("tape-in-a-python-function", _PY_FUNCTION),
    _tape(
        "watch-switched-off-unreadably",
        _HIDDEN,
        _UNREADABLE_WATCH,
    ),
    _tape(
        "watch-switched-off-with-an-unreadable-tape",
        "made()",
        _UNREADABLE_WATCH + "def made(): return getattr(tf, bytes(b - 1 for b in b'HsbejfouUbqf').decode())",
    ),
    Case(
        "session-built-unreadably",
        _UNREADABLE_SESSION,
    ),
)
