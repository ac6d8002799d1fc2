"""Model files as a tree: what Python would make of them, and the refusal of what must not be read."""

import functools
import io
import json
import pathlib
import pickle
import struct
import sys
import warnings

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import evil  # noqa: E402
import zoo  # noqa: E402

EVIL = {case[0]: case[1:] for case in evil.cases()}


@pytest.mark.parametrize("label", EVIL)
def test_a_hostile_file_is_refused_with_its_reason(tool, tmp_path, label):
    data, code, words = EVIL[label]
    path = tmp_path / "model"
    path.write_bytes(data() if callable(data) else data)
    done = tool("tree_dump", "--check", path)
    assert done.rc == 1, done
    assert len(done.err.splitlines()) == 1, done
    assert done.err.startswith(f"{code}: {path}: "), done
    assert words in done.err, done


@pytest.mark.parametrize("label", [n for n in EVIL if n.startswith("call_") and "ufunc_that" not in n])
def test_an_audit_names_what_would_run(tool, tmp_path, label):
    path = tmp_path / "model"
    path.write_bytes(EVIL[label][0])
    lines = tool("tree_dump", "--names", path).ok().out.splitlines()
    if label not in ("call_a_result", "call_a_ufunc"):  # what is called there has no name in the file
        assert any(line.endswith(" called code") for line in lines), lines


@pytest.mark.parametrize("label", ["tuple_vectorizer_line", "forest_of_dicts"])
def test_every_cut_of_a_model_is_refused(tool, tmp_path, label):
    model, _ = zoo.CASES[label].make()
    whole = pickle.dumps(model, protocol=4)
    path = tmp_path / "model"
    for n in sorted({len(whole) * i // 40 for i in range(40)}):
        path.write_bytes(whole[:n])
        done = tool("tree_dump", "--check", path)
        assert done.rc == 1 and done.err.startswith("corrupt: "), (n, done)


# ---------------------------------------------------------------- the same as Python sees


class Thing:
    """An object that the pickle wants: its class, arguments, state, items and pairs."""

    def __init__(self, module, name, args):
        self.module, self.name, self.args = module, name, args
        self.state, self.items, self.pairs = None, [], []

    def __setstate__(self, state):
        self.state = state

    def append(self, item):
        self.items.append(item)

    def extend(self, items):
        self.items.extend(items)

    def __setitem__(self, key, value):
        self.pairs.append((key, value))


class Name(type):
    """A class or function of the pickle: using it only notes that."""

    def __call__(cls, *args):
        return Thing(cls.module, cls.called, args)


REAL = {"_codecs.encode", "builtins.set", "builtins.frozenset", "builtins.bytearray", "builtins.bytes"}


class Inert(pickle._Unpickler):
    def find_class(self, module, name):
        import _codecs
        import builtins

        if module.startswith("numpy") and "random" not in module and "ma" not in module.split("."):
            return super().find_class(module, name)
        if f"{module}.{name}".replace("__builtin__", "builtins") in REAL:
            return getattr(_codecs if module == "_codecs" else builtins, name)
        if name == "_reconstructor":
            return lambda cls, base, state: Thing(cls.module, cls.called, ())
        return Name(name, (), {"module": module, "called": name, "__new__": lambda c, *a: Thing(c.module, c.called, a)})


class Dump:
    """tree_dump's lines by id."""

    def __init__(self, text):
        lines = [json.loads(line) for line in text.splitlines()]
        self.head, self.nodes = lines[0], {n["id"]: n for n in lines[1:]}

    def root(self):
        return self.nodes[self.head["root"]]


def same_bytes(array):
    return array.tobytes("F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C").hex()


class Same:
    """Walks both graphs side by side; each pair once, so that shared parts and cycles end."""

    def __init__(self, dump):
        self.dump, self.seen = dump, set()

    def check(self, path, ident, value):
        node = self.dump.nodes[ident]
        if (ident, id(value)) in self.seen:
            return
        self.seen.add((ident, id(value)))
        getattr(self, "is_" + node["kind"])(path, node, value)

    def each(self, path, ids, values):
        assert len(ids) == len(values), path
        for i, (ident, value) in enumerate(zip(ids, values)):
            self.check(f"{path}[{i}]", ident, value)

    def is_none(self, path, node, value):
        assert value is None, path

    def is_bool(self, path, node, value):
        assert type(value) is bool and value == bool(node["v"]), path

    def is_int(self, path, node, value):
        assert type(value) is int and value == node["v"], path

    def is_bigint(self, path, node, value):
        assert value == int.from_bytes(bytes.fromhex(node["v"]), "little", signed=True), path

    def is_float(self, path, node, value):
        assert struct.pack("d", value) == struct.pack("d", float.fromhex(node["v"])), path

    def is_text(self, path, node, value):
        assert value == bytes.fromhex(node["v"]).decode("utf-8", "surrogatepass"), path

    def is_bytes(self, path, node, value):
        assert bytes(value) == bytes.fromhex(node["v"]), path

    def is_list(self, path, node, value):
        assert type(value) is list, path
        self.each(path, node["items"], value)

    def is_tuple(self, path, node, value):
        assert type(value) is tuple, path
        self.each(path, node["items"], value)

    def is_set(self, path, node, value):
        assert isinstance(value, (set, frozenset)) and len(value) == len(node["items"]), path

    def is_dict(self, path, node, value):
        assert type(value) is dict, path
        self.each(path, node["items"], [x for pair in value.items() for x in pair])

    def is_global(self, path, node, value):
        if isinstance(value, Name):
            assert (node["module"], node["name"]) == (value.module.replace("__builtin__", "builtins"), value.called), path
        else:
            assert node["module"].startswith("numpy") and node["name"] == value.__name__, path

    def is_dtype(self, path, node, value):
        self.same_dtype(path, node["dtype"], value)

    def same_dtype(self, path, dtype, value):
        code, big, fields = dtype
        assert value.itemsize == int(code[1:]), path
        assert code[0] in (value.kind, "A"), path
        assert big == (value.byteorder == ">"), path
        assert [f[0] for f in fields] == list(value.names or []), path
        for name, offset, inner in fields:
            assert value.fields[name][1] == offset, path
            self.same_dtype(path, inner, value.fields[name][0])

    def is_scalar(self, path, node, value):
        assert isinstance(value, np.generic), path
        self.is_array(path, node, np.asarray(value))

    def is_array(self, path, node, value):
        assert isinstance(value, np.ndarray) and list(value.shape) == node["shape"], path
        if node["dtype"][1]:  # numpy turns them round on the way in
            value = value.astype(value.dtype.newbyteorder(">"))
        self.same_dtype(path, node["dtype"], value.dtype)
        if value.dtype == object:
            order = "F" if node["fortran"] else "C"
            self.each(path, node.get("objects", []), list(value.ravel(order)))
        else:
            assert same_bytes(value) == node["data"], path

    def is_object(self, path, node, value):
        cls = self.dump.nodes[node["cls"]]
        assert isinstance(value, Thing), path
        assert (cls["module"], cls["name"]) == (value.module.replace("__builtin__", "builtins"), value.name), path
        path += f" {value.name}"
        if "args" in node:
            self.check(path + " args", node["args"], tuple(value.args))
        if value.state is not None:
            self.check(path, node["state"], value.state)
        if value.items:
            self.each(path, self.dump.nodes[node["list"]]["items"], value.items)
        if value.pairs:
            self.each(path, self.dump.nodes[node["pairs"]]["items"], [x for p in value.pairs for x in p])


def plain_values():
    return [
        [0, 1, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**200, -(2**200)],
        [0.0, -0.0, 1.5, 0.1, 1e-320, float("inf"), float("-inf")],
        ["", "a", "\u00e9\u20ac\U0001f600", "back\\slash\nand\u2028", "x" * 300, "\ud800"],
        [b"", b"\x00\xff", b"y" * 300, bytearray(b"\x80z")],
        [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}, {"a": 1, 2: "b", None: (True, False)}],
        [{1, 2}, frozenset("ab")],
        list(range(3000)),
        {f"word{i}": i for i in range(3000)},
        [np.float32(1.5), np.int64(-3), np.bool_(True), np.str_("caf\u00e9"), np.float64("nan")],
        [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)), np.zeros((0, 3)), np.array(1.5)],
        [np.array(["a", "b\u20ac"]), np.array([b"a", b"bc"]), np.array([1, None, "x", np.nan], dtype=object)],
        [np.arange(3, dtype=t) for t in ("b", "u1", ">i2", "<u2", "i4", ">u4", "i8", "u8", "f2", ">f4", "f8")],
        [np.zeros(2, [("a", "u1"), ("b", "<f8"), ("c", ">i4", (2, 2))]), np.dtype("f4"), np.dtype("M8[ns]")],
        np.array(["2020-01-01"], dtype="M8[D]"),
    ]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("i", range(len(plain_values())))
def test_values_are_those_python_reads(tool, tmp_path, i, protocol):
    path = tmp_path / "value.pkl"
    path.write_bytes(pickle.dumps(plain_values()[i], protocol=protocol))
    dump = Dump(tool("tree_dump", path).ok().out)
    Same(dump).check("$", dump.head["root"], Inert(io.BytesIO(path.read_bytes())).load())


@functools.lru_cache(maxsize=1)
def trained(label):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zoo.CASES[label].make()


@pytest.mark.parametrize("protocol", (0, 2, 4, 5))
@pytest.mark.parametrize("label", zoo.names())
def test_models_are_those_python_reads(tool, tmp_path, label, protocol):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(trained(label)[0], protocol=protocol))
    dump = Dump(tool("tree_dump", path).ok().out)
    Same(dump).check("$", dump.head["root"], Inert(io.BytesIO(path.read_bytes())).load())


# ---------------------------------------------------------------- joblib as a plain pickle


@pytest.mark.parametrize("compress", (0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)))
@pytest.mark.parametrize("label", ["forest_of_dicts", "tree_classifier_text", "tuple_vectorizer_line"])
def test_a_joblib_file_becomes_a_pickle_that_predicts_the_same(tool, tmp_path, label, compress):
    import joblib

    model, rows = zoo.CASES[label].make()
    path, out = tmp_path / "model.joblib", tmp_path / "model.pkl"
    joblib.dump(model, path, compress=compress)
    tool("tree_dump", "--repickle", out, path).ok()
    want = zoo.library(model, rows, "predict")
    for load in (pickle.load, pickle._load):
        with open(out, "rb") as f:
            assert zoo.library(load(f), rows, "predict") == want
    # and podium reads its own work
    tool("tree_dump", "--check", out).ok()


def test_a_compressed_file_is_joblibs_even_without_arrays(tool, tmp_path):
    import joblib

    path = tmp_path / "v.joblib"
    joblib.dump({"a": 1}, path, compress=3)
    assert Dump(tool("tree_dump", path).ok().out).head["format"] == "joblib"


def test_objects_in_arrays_keep_their_place_in_the_memo(tool, tmp_path):
    import joblib

    shared = ["shared"]
    inner = np.array([shared, shared, "text", None, 1.5, np.arange(4)], dtype=object)
    value = [shared, inner, np.arange(3.0), shared, {"a": inner[0]}, np.asfortranarray(np.ones((2, 3)))]
    value += [np.array([f"w{i}", i], dtype=object) for i in range(300)] + [shared]
    path, out = tmp_path / "v.joblib", tmp_path / "v.pkl"
    joblib.dump(value, path)
    tool("tree_dump", "--repickle", out, path).ok()
    for load in (pickle.load, pickle._load):
        with open(out, "rb") as f:
            got = load(f)
        assert got[3] is got[0] and got[-1] is got[0] and got[0] == shared
        assert got[1][0] == shared and got[1][0] is got[1][1]
        assert list(got[1][2:5]) == ["text", None, 1.5] and (got[1][5] == np.arange(4)).all()
        assert (got[2] == np.arange(3.0)).all() and got[5].flags.f_contiguous and got[5].shape == (2, 3)
        assert [list(a) for a in got[6:-1]] == [[f"w{i}", i] for i in range(300)]


def test_a_plain_pickle_is_copied(tool, tmp_path):
    path, out = tmp_path / "a", tmp_path / "b"
    for protocol in range(6):
        path.write_bytes(pickle.dumps(plain_values(), protocol=protocol))
        tool("tree_dump", "--repickle", out, path).ok()
        assert repr(pickle.loads(out.read_bytes())) == repr(pickle.loads(path.read_bytes()))


def test_what_is_refused_is_not_written(tool, tmp_path):
    path, out = tmp_path / "a", tmp_path / "b"
    path.write_bytes(EVIL["joblib_nested_code"][0])
    assert tool("tree_dump", "--repickle", out, path).rc == 1
    assert [p.name for p in tmp_path.iterdir() if p.name[0] != "." or "tmp" in p.name] == ["a"]


def test_a_wrapper_outside_the_memo_is_not_re_encoded(tool, tmp_path):
    path, out = tmp_path / "a", tmp_path / "b"
    path.write_bytes(evil.wrapper(b"K\x02\x85", after=b"\x00" + b"A" * 16 + b"."))
    tool("tree_dump", "--check", path).ok()
    done = tool("tree_dump", "--repickle", out, path)
    assert done.rc == 1 and "not in the memo" in done.err and not out.exists(), done
