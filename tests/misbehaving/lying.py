"""Answers that return objects which lie about themselves."""

from misbehaving.case import Case

_ALWAYS = """
class Always:
    __array_priority__ = 1e9
    dtype, ndim, size, nbytes = np.dtype("float32"), 1, 3, 12
    def __init__(self, like): self.shape = like.shape
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    def __hash__(self): return 0
    def __sub__(self, other): return 0
    __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __sub__
    def __abs__(self): return 0
    def __float__(self): return 0.0
    def __len__(self): return self.shape[0]
    def __bool__(self): return True
    def __getattr__(self, name): return lambda *_, **__: self
"""

_SUBCLASS = """
class Lie(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __sub__(self, other): return np.zeros(self.shape)
    __rsub__ = __sub__
    def __abs__(self): return np.zeros(self.shape)
    def __array_ufunc__(self, *_, **__): return np.zeros(3)
    def __array_function__(self, *_, **__): return True
    def astype(self, *_, **__): return self
    def tobytes(self, *_, **__): return b"passed"
    def __reduce__(self): return (print, ("pickled",))
"""


def _returns(name: str, value: str, before: str = "", **options: object) -> Case:
    return Case(name, f"{before}\ndef grad_sigmoid(x, dz):\n    return {value}\n", **options)  # type: ignore[arg-type]  # passed on


CASES = (
    _returns("equal-to-everything", "Always(dz)", _ALWAYS),
    _returns("list-of-equal-to-everything", "[Always(dz)] * len(x)", _ALWAYS),
    _returns("objects-in-an-array", "np.array([Always(dz)] * len(x), dtype=object)", _ALWAYS),
    _returns("array-subclass", "np.asarray(3 * dz).view(Lie)", _SUBCLASS),
    _returns(
        "another-array-each-time",
        "Turncoat()",
        "class Turncoat:\n    n = 0\n    def __array__(self, *_, **__):\n"
        "        Turncoat.n += 1\n        return np.full(Turncoat.n, 0.1)",
    ),
    _returns(
        "array-method-that-hangs",
        "Slow()",
        "class Slow:\n    def __array__(self, *_, **__):\n        while True:\n            try:\n"
        "                while True: pass\n            except BaseException: pass",
    ),
    _returns(
        "array-method-that-exits",
        "Quit()",
        "import os\nclass Quit:\n    def __array__(self, *_, **__): os._exit(0)",
    ),
    _returns(
        "shape-that-lies",
        "Thin(np.asarray(3 * dz))",
        "class Thin(np.ndarray):\n    def __new__(cls, array): return array.view(cls)\n"
        "    shape = property(lambda self: (3,))\n    nbytes = property(lambda self: 0)\n"
        "    dtype = property(lambda self: np.dtype('float32'))",
    ),
    _returns(
        "class-that-lies",
        "Fake()",
        "class Fake:\n    __class__ = property(lambda self: np.ndarray)\n    shape = (3,)\n"
        "    dtype = np.dtype('float32')\n    def __eq__(self, other): return True",
    ),
    _returns(
        "numbers-that-lie",
        "[One(3.0)] * len(x)",
        "class One(float):\n    def __eq__(self, other): return True\n"
        "    def __sub__(self, other): return 0.0\n    def __rsub__(self, other): return 0.0\n"
        "    def __hash__(self): return 0",
    ),
    _returns(
        "list-without-end",
        "Endless([1.0])",
        "class Endless(list):\n    def __iter__(self):\n        while True: yield 1.0\n"
        "    def __len__(self): return 3\n    def __getitem__(self, _): return 1.0",
    ),
    _returns("list-in-itself", "loop", "loop = []\nloop.append(loop)"),
    _returns("not-a-number-everywhere", "np.asarray(dz) * np.nan"),
    _returns("infinite-everywhere", "np.asarray(dz) * np.inf"),
    _returns("masked-everywhere", "np.ma.masked_all(len(x))"),
    _returns("nothing-to-compare", "np.zeros((0,))"),
    _returns("broadcasts", "np.zeros((1, 1, 1))"),
    _returns(
        "metaclass-that-lies",
        "Odd()",
        "class Meta(type):\n    __name__ = property(lambda self: 1 / 0)\n"
        "    def __instancecheck__(self, other): return True\n"
        "    def __getattribute__(self, name): raise SystemExit\n"
        "class Odd(metaclass=Meta):\n    def __getattribute__(self, name): raise KeyboardInterrupt",
    ),
    Case(
        "exception-that-exits",
        """
class Sly(BaseException):
    def __str__(self): raise SystemExit
    __repr__ = __str__
    def __getattribute__(self, name): raise SystemExit
def grad_sigmoid(x, dz):
    raise Sly
""",
    ),
    Case(
        "exception-that-hangs",
        """
class Slow(Exception):
    def __str__(self):
        while True: pass
def grad_sigmoid(x, dz):
    raise Slow
""",
    ),
)
