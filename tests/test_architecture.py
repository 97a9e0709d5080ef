"""The package keeps its layers and its manners; read from its source, without running it."""

import ast
import importlib
import inspect
import re
from graphlib import TopologicalSorter
from pathlib import Path

import latentscope_onnx
import latentscope_tensorflow
import latentscope_torch
import pytest

import latentscope
from latentscope import backend, datasets, sample

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"


def layers():
    """Return the modules of each layer, as CONTRIBUTING's table names them: {name: level}."""
    rows = re.findall(r"^\| (\d) \| ([^|]*) \|", CONTRIBUTING.read_text(encoding="utf-8"), re.M)
    return {name: int(level) for level, cell in rows for name in re.findall(r"`(\w+)/?`", cell)}


LAYER = layers()  # each may import from itself and from lower ones
BACKENDS = ("latentscope_onnx", "latentscope_tensorflow", "latentscope_torch")  # beside them
DOOR = {  # what backends may import, as those of third parties do
    "latentscope.backend",
    "latentscope.backend.arguments",
    "latentscope.backend.files",
    "latentscope.datasets",
    "latentscope.errors",
    "latentscope.images",
    "latentscope.latents",
}
EXCEPTIONS = {  # loaded when a method of a result is called
    ("latentscope.results", "latentscope.plot"),  # plot()
    ("latentscope.pictures", "latentscope.plot"),
    ("latentscope.results", "latentscope.analysis"),  # load()
}

PACKAGES = [
    Path(package.__file__).parent
    for package in (latentscope, latentscope_onnx, latentscope_tensorflow, latentscope_torch)
]
NUMPY_RANDOM = {"Generator", "BitGenerator", "SeedSequence", "default_rng"}


def module_name(path):
    package = next(package for package in PACKAGES if package in path.parents)
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {
    module_name(path): ast.parse(path.read_text(encoding="utf-8"), str(path))
    for package in PACKAGES
    for path in sorted(package.rglob("*.py"))
}
IS_PACKAGE = {
    module_name(path.parent / "__init__.py")
    for package in PACKAGES
    for path in package.rglob("__init__.py")
}

each_module = pytest.mark.parametrize("name", TREES)


def dotted(node):
    """Return "a.b.c" for such an expression, else an empty text."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def is_import_call(node):
    """Tell whether the node is import_module("…"), with the name written out."""
    if not (isinstance(node, ast.Call) and dotted(node.func).endswith("import_module")):
        return False
    return bool(node.args) and isinstance(node.args[0], ast.Constant)


def imports(name):
    """Yield (line, module, name or None) for every import in a module, at any level of nesting."""
    is_package = name in IS_PACKAGE
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            parents = name.split(".")[: len(name.split(".")) - node.level + is_package]
            module = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                yield node.lineno, module, alias.name
        elif is_import_call(node):
            yield node.lineno, node.args[0].value, None


def inner_imports(name):
    """Return the modules of the package that a module imports."""
    wanted = set()
    for _, module, attribute in imports(name):
        full = f"{module}.{attribute}"
        wanted.add(full if full in TREES else module)
    return {module for module in wanted if module.startswith("latentscope")} - {name}


def type_imports(name):
    """Return the modules that a module imports for type checkers alone, never when it runs."""
    guards = (node for node in ast.walk(TREES[name]) if isinstance(node, ast.If))
    return {
        node.module
        for guard in guards
        if dotted(guard.test) == "TYPE_CHECKING"
        for node in ast.walk(guard)
        if isinstance(node, ast.ImportFrom)
    }


def package_of(name):
    return name.partition(".")[0]


def level(name):
    return LAYER["backend" if package_of(name) in BACKENDS else name.split(".")[1]]


def test_the_map_in_contributing_names_every_module_and_no_other():
    core = [name for name in TREES if package_of(name) not in BACKENDS]
    assert {name.split(".")[1] for name in core if "." in name} == set(LAYER)


def test_few_private_modules_stand_at_the_top():
    private = [name for name in TREES if re.fullmatch(r"latentscope\._(?!_)\w+", name)]
    assert len(private) <= 8


QUESTIONS = [
    name.split(".")[2] for name in TREES if re.match(r"latentscope\.analysis\.[a-z]", name)
]
TOLD_ELSEWHERE = {"beside_nulls": "nulls", "henze_zirkler": "normality"}  # pages of methods


@pytest.mark.parametrize("word", QUESTIONS)
def test_one_word_runs_from_the_question_to_its_figure_tests_and_page(word):
    top = Path(__file__).parents[1]
    assert (top / "docs" / "methods" / f"{TOLD_ELSEWHERE.get(word, word)}.md").exists()
    assert (top / "tests" / "analysis" / f"test_{word}.py").exists()
    assert f"latentscope.plot.{word}" in TREES or word == "nulls"  # a model, which has no figure


@each_module
def test_modules_import_from_their_own_layer_or_below(name):
    if name == "latentscope":
        return  # hands on what all the others define
    wrong = [
        module
        for module in sorted(inner_imports(name))
        if (name, module) not in EXCEPTIONS and level(module) > level(name)
    ]
    assert wrong == []


@each_module
def test_nothing_imports_a_backend_but_itself(name):
    found = {package_of(module) for module in inner_imports(name)} & set(BACKENDS)
    assert found <= {package_of(name)}


def is_through_the_door(module, attribute):
    """Tell whether a public module is imported, or a public name that it defines or hands on."""
    if module not in DOOR or attribute is None:
        return module in DOOR
    home = importlib.import_module(module)
    imported = {name for _, _, name in imports(module)}
    defined = [key for key in vars(home) if is_public(key) and key not in imported]
    return attribute in getattr(home, "__all__", defined)


@pytest.mark.parametrize("name", [name for name in TREES if package_of(name) in BACKENDS])
def test_backends_use_only_what_third_parties_may(name):
    wrong = [
        (line, module, attribute)
        for line, module, attribute in imports(name)
        if package_of(module) == "latentscope" and not is_through_the_door(module, attribute)
    ]
    assert wrong == []


def test_no_cycles():
    graph = {
        name: {
            module
            for module in inner_imports(name) - type_imports(name)
            if (name, module) not in EXCEPTIONS
        }
        for name in TREES
    }
    TopologicalSorter(graph).prepare()  # raises CycleError with the cycle


@each_module
def test_imports_name_the_defining_module(name):
    wrong = [
        (line, attribute)
        for line, module, attribute in imports(name)
        if (module == "latentscope" and name != "latentscope")
        or (module == "latentscope.analysis" and attribute and f"{module}.{attribute}" not in TREES)
    ]
    assert wrong == []


def rudeness(node):
    """Return what the core must not do and this piece of source does, or an empty text."""
    if isinstance(node, ast.Assert):
        return "assert"
    if isinstance(node, ast.Call):
        called = dotted(node.func)
        is_unseeded = called.endswith("default_rng") and not node.args
        return called if called in ("print", "input", "breakpoint") or is_unseeded else ""
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        is_global = owner in ("np.random", "numpy.random") and node.attr not in NUMPY_RANDOM
        is_shown = node.attr == "show" and owner.endswith(("plt", "pyplot", "fig", "figure"))
        return dotted(node) if is_global or is_shown else ""
    return ""


@each_module
def test_no_print_assert_show_or_global_random_state(name):
    found = [(node.lineno, rudeness(node)) for node in ast.walk(TREES[name]) if rudeness(node)]
    imported = [
        (line, f"import of {module}")
        for line, module, attribute in imports(name)
        if module == "random" or (module == "numpy.random" and attribute not in NUMPY_RANDOM)
    ]
    assert found + imported == []


NO_PARAMETERS = {  # messages that begin with a word that is a parameter of a private function
    ("latentscope.backend.asking", "points"), ("latentscope.encoding", "images"),
    ("latentscope.sample", "draws"),
}  # fmt: skip


def first_word(message):
    """Return the word, before a space, with which the source of a message begins."""
    if isinstance(message, ast.JoinedStr):
        message = message.values[0]
    text = message.value if isinstance(message, ast.Constant) else ""
    return text.partition(" ")[0] if isinstance(text, str) else ""


@each_module
def test_an_error_about_a_parameter_names_it(name):
    """So that the command can name its option, and a caller need not read the message."""
    unnamed = []
    for function in ast.walk(TREES[name]):
        if not isinstance(function, ast.FunctionDef):
            continue
        every = function.args
        names = {one.arg for one in (*every.posonlyargs, *every.args, *every.kwonlyargs)}
        for node in ast.walk(function):
            call = node.exc if isinstance(node, ast.Raise) else None
            if not isinstance(call, ast.Call) or not call.args:
                continue
            keywords, word = {keyword.arg for keyword in call.keywords}, first_word(call.args[0])
            if word in names and "parameter" not in keywords and (name, word) not in NO_PARAMETERS:
                unnamed.append((node.lineno, word))
    assert unnamed == []


def is_public(name):
    return not name.startswith("_")


def public_members(cls):
    """Yield (name, object) of the methods and properties that a class itself defines."""
    for key, member in vars(cls).items():
        is_member = inspect.isfunction(member) or isinstance(member, property | classmethod)
        if is_public(key) and is_member:
            yield key, getattr(cls, key)


def public_definitions(name):
    """Yield (qualified name, object) of the classes, functions and methods of a module."""
    for key, thing in vars(importlib.import_module(name)).items():
        if is_public(key) and callable(thing) and getattr(thing, "__module__", "") == name:
            yield key, thing
            members = public_members(thing) if inspect.isclass(thing) else ()
            for member, function in members:
                yield f"{key}.{member}", function


@each_module
def test_everything_public_has_a_docstring(name, needed):
    """Methods that fill in a base class are documented there."""
    needed(name)
    assert (importlib.import_module(name).__doc__ or "").strip()
    missing = [key for key, thing in public_definitions(name) if not inspect.getdoc(thing)]
    assert missing == []


def unannotated(function):
    """Return the parameters of a function without annotation, and "return"."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    rest = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    missing = [
        argument.arg
        for argument in (*named, *rest)
        if argument.annotation is None and argument.arg not in ("self", "cls")
    ]
    return missing + (["return"] if function.returns is None else [])


@each_module
def test_everything_is_annotated(name):
    functions = [
        node
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    missing = {node.name: unannotated(node) for node in functions if unannotated(node)}
    assert missing == {}


def functions_of_sample():
    functions = inspect.getmembers(sample, inspect.isfunction)
    return [name for name, f in functions if is_public(name) and f.__module__ == sample.__name__]


PUBLIC_FUNCTIONS = [
    *((latentscope, name) for name in latentscope._HOME if name[0].islower()),
    *((datasets, name) for name in datasets.__all__),
    *((sample, name) for name in functions_of_sample()),
    *((backend, name) for name in ("check", "get", "names")),
    *((backend, name) for name in ("both", "check_weights", "draw", "fitted", "matched")),
    *((latentscope_tensorflow, name) for name in ("load", "preset", "train")),
    (latentscope_onnx, "load"),
    (latentscope_torch, "load"),
]


@pytest.mark.parametrize(("module", "name"), PUBLIC_FUNCTIONS)
def test_public_functions_show_an_example(module, name, needed):
    needed(module.__name__)
    text = inspect.getdoc(getattr(module, name))
    assert ">>> " in text.partition("Examples\n--------\n")[2]


@pytest.mark.parametrize(("module", "name"), PUBLIC_FUNCTIONS)
def test_public_functions_document_every_parameter(module, name, needed):
    needed(module.__name__)
    function = getattr(module, name)
    described = inspect.getdoc(function).partition("\n----------\n")[2]
    missing = [key for key in inspect.signature(function).parameters if key not in described]
    assert missing == []
