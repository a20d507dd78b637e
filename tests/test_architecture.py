"""The map of the house: who may import whom, who may touch which library, and how large a room may be."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import gradecheck

ROOT = Path(gradecheck.__file__).parent
#: One way to walk. A room imports itself and what stands before it.
ORDER = (
    "errors",
    "setting",
    "graph",
    "drive",
    "exercise",
    "catalogue",
    "cases",
    "run",
    "reference",
    "compare",
    "observation",
    "questioner",
    "observe",
    "likeness",
    "probe",
    "diagnose",
    "picture",
    "verdict",
    "judge",
    "submission",
    "marking",
    "job",
    "pool",
    "report",
)
#: Whatever is not in the order is an edge: the door, the commands, the course, nbgrader.
MOST_LINES_OF_A_MODULE = 299
MOST_LINES_OF_A_FUNCTION = 40

MODULES = {
    ".".join(("gradecheck", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}
NAMES = sorted(MODULES)


def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imports_of(module: str, tree: ast.AST | None = None) -> Iterator[str]:
    """Dotted paths of everything that a module imports, anywhere in it; modules of ours by their own name."""
    for node in ast.walk(tree or tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            for alias in node.names:
                path = f"{node.module}.{alias.name}"
                yield path if path in MODULES else str(node.module)


def room_of(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def test_the_order_names_rooms_that_exist() -> None:
    assert set(ORDER) <= {room_of(module) for module in NAMES}


def test_arrows_point_one_way() -> None:
    against: dict[str, set[str]] = {}
    for module in NAMES:
        room = room_of(module)
        if room not in ORDER:
            continue
        allowed = {"", *ORDER[: ORDER.index(room) + 1]}
        against[module] = {
            room_of(p) for p in imports_of(module) if p.split(".")[0] == "gradecheck"
        } - allowed
    assert {module: rooms for module, rooms in against.items() if rooms} == {}


def test_no_module_imports_the_package_for_its_public_names() -> None:
    """`import gradecheck` for its folder or its version is no arrow; its names would be a cycle."""
    public = set(gradecheck.__all__)
    for module in NAMES:
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.ImportFrom) and node.module == "gradecheck":
                assert not public & {alias.name for alias in node.names}, module


def test_there_are_no_cycles() -> None:
    graph = {m: {p for p in imports_of(m) if p in MODULES and p not in (m, "gradecheck")} for m in NAMES}
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_only_the_tape_and_the_workers_import_tensorflow() -> None:
    loading = {m for m in NAMES if any(p.split(".")[0] in ("tensorflow", "keras") for p in imports_of(m))}
    assert {m for m in loading if room_of(m) != "run"} == {"gradecheck.reference.tape"}


def test_tensorflow_is_never_imported_at_the_top_of_a_module() -> None:
    for module in NAMES:
        for node in tree_of(module).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "tensorflow" not in {path.split(".")[0] for path in imports_of(module, node)}, module


def test_only_the_plug_in_imports_nbgrader() -> None:
    knowing = {m for m in NAMES if any(p.split(".")[0] == "nbgrader" for p in imports_of(m))}
    assert {room_of(m) for m in knowing} <= {"nbgrader"}


def test_nothing_unpickles_or_evaluates() -> None:
    """Students' bytes reach the judge as data; neither pickle nor eval would leave them that."""
    for module in NAMES:
        assert not {"pickle", "marshal", "shelve", "dill"} & set(imports_of(module)), module
        called = {
            n.func.id
            for n in ast.walk(tree_of(module))
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert "eval" not in called, module


def test_a_module_fits_in_the_head() -> None:
    lines = {module: len(MODULES[module].read_text(encoding="utf-8").splitlines()) for module in NAMES}
    assert {module: count for module, count in lines.items() if count > MOST_LINES_OF_A_MODULE} == {}


def test_a_function_fits_on_a_screen() -> None:
    lines = {
        f"{module}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in NAMES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: count for name, count in lines.items() if count > MOST_LINES_OF_A_FUNCTION} == {}


def test_a_module_says_what_it_is_for() -> None:
    assert [module for module in NAMES if not ast.get_docstring(tree_of(module))] == []
