"""Submissions that write messages of their own to every descriptor, or read those meant for the worker."""

from misbehaving.case import Case

_TOOLS = """
import json, os, struct, sys, gc, socket
def frame(head, body=b""):
    text = json.dumps(head).encode()
    return struct.pack("<I", len(text)) + text + body
def everywhere(data):
    for descriptor in range(3, 1024):
        try:
            os.set_blocking(descriptor, False)
            os.write(descriptor, data)
        except OSError:
            pass
def asked():
    step = sys._getframe()
    while step is not None:
        message = step.f_locals.get("message")
        if hasattr(message, "head"):
            return dict(message.head)
        step = step.f_back
    for thing in gc.get_objects():
        if type(thing).__name__ == "Message" and "id" in thing.head:
            return dict(thing.head)
    return {"id": "0" * 16}
three = {"dtype": "float32", "shape": [3]}
"""


def _forge(name: str, data: str, then: str = "return 3 * dz", **options: object) -> Case:
    text = f"def grad_sigmoid(x, dz):\n    everywhere({data})\n    {then}\n"
    return Case(name, text, before=(_TOOLS,), **options)  # type: ignore[arg-type]  # passed on


_FLOOD = """
import threading, time
def flood():
    while True:
        everywhere(frame({"id": "0" * 16, "outcome": "message", "type": "stream",
                          "content": {"name": "stdout", "text": "x" * 1000}, "arrays": []}))
def grad_sigmoid(x, dz):
    threading.Thread(target=flood, daemon=True).start()
    return 3 * dz
"""

_THIEF = """
import threading
def steal():
    while True:
        for descriptor in range(3, 64):
            try:
                os.set_blocking(descriptor, False)
                os.read(descriptor, 65536)
            except OSError:
                pass
def grad_sigmoid(x, dz):
    threading.Thread(target=steal, daemon=True).start()
    return 3 * dz
"""

_HANDS = """
def grad_sigmoid(x, dz):
    for descriptor in range(3, 256):
        try:
            with socket.socket(fileno=os.dup(descriptor)) as stream:
                stream.setblocking(False)
                socket.send_fds(stream, [b"x"], [0, 1, 2] * 20)
        except OSError:
            pass
    return 3 * dz
"""

CASES = (
    _forge("garbage", "b'\\xff' * 1000"),
    _forge("zeros", "bytes(100_000)"),
    _forge("half-a-message", "struct.pack('<I', 1000) + b'{'", "return 3 * dz"),
    _forge("enormous-header", "struct.pack('<I', 2**32 - 1) + b'{}'"),
    _forge(
        "enormous-array",
        "frame({**asked(), 'outcome': 'returned', 'values': [None], 'used': [],"
        " 'arrays': [{'dtype': 'float64', 'shape': [2**20, 2**20]}]})",
    ),
    _forge(
        "negative-shape",
        "frame({**asked(), 'outcome': 'returned', 'values': [None], 'used': [],"
        " 'arrays': [{'dtype': 'float32', 'shape': [-1]}]}, bytes(12))",
    ),
    _forge(
        "strange-dtype",
        "frame({**asked(), 'outcome': 'returned', 'values': [None], 'used': [],"
        " 'arrays': [{'dtype': 'object', 'shape': [3]}]}, bytes(24))",
    ),
    _forge("verdict", "frame({**asked(), 'outcome': 'passed', 'score': 1.0, 'points': 20, 'arrays': []})"),
    _forge(
        "answer-to-the-right-question",
        "frame({**asked(), 'outcome': 'returned', 'values': [None], 'used': [],"
        " 'stacked_from': 1, 'arrays': [three]}, struct.pack('<3f', 1, 1, 1))",
    ),
    _forge(
        "answer-without-id", "frame({'outcome': 'returned', 'values': [None], 'arrays': [three]}, bytes(12))"
    ),
    _forge("nested-json", "struct.pack('<I', 200_000) + b'[' * 200_000"),
    _forge("numbers-in-json", "b'\\x10\\x27\\x00\\x00' + (b'{\"id\": ' + b'9' * 9991 + b'}')[:10000]"),
    _forge("half-characters", "frame({'id': '\\ud800', 'outcome': 'ran', 'arrays': []})"),
    _forge("cell-that-ran", "frame({**asked(), 'outcome': 'ran', 'arrays': []})"),
    _forge(
        "displays-of-other-types",
        "frame({**asked(), 'outcome': 'message', 'type': 'display_data', 'arrays': [],"
        " 'content': {'data': {'text/html': 5}, 'metadata': [], 'transient': None}})",
    ),
    _forge("nothing-after-all", "b''", "os._exit(0)"),
    Case("flood-of-messages", _FLOOD, before=(_TOOLS,)),
    Case("questions-stolen", _THIEF, before=(_TOOLS,)),
    Case("descriptors-handed-to-the-judge", _HANDS, before=(_TOOLS,)),
)
