#!/usr/bin/env python3
"""Model files that lie, run code or never end, and what must be said about each.

    python evil.py OUT        writes OUT/NAME

Tests import cases() instead: (name, bytes or a function that makes them, code, words) where `code` is the kind of refusal and
`words` stand in its text. Nothing here is ever loaded by Python.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import struct
import sys
import zipfile
import zlib

CORRUPT, DENIED, LARGE, UNSUPPORTED = "corrupt", "denied", "too_large", "unsupported"


ZEROS = bytes(90_000_000)  # what a bomb holds: more than a small file may become


def u2(n):
    return struct.pack("<H", n)


def u4(n):
    return struct.pack("<I", n)


def u8(n):
    return struct.pack("<Q", n)


def text(s):
    """SHORT_BINUNICODE"""
    raw = s.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def name(module, attr):
    return text(module) + text(attr) + b"\x93"


def p4(body):
    return b"\x80\x04" + body + b"."


DTYPE_F8 = name("numpy", "dtype") + text("f8") + b"\x89\x88\x87R(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


def from_buffer(shape, order="C"):
    call = name("numpy._core.numeric", "_frombuffer")
    return p4(call + b"(C\x08AAAAAAAA" + DTYPE_F8 + shape + text(order) + b"tR")


# ---------------------------------------------------------------- pickles


def pickles():
    for module, attr in (
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("subprocess", "check_output"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "getattr"),
        ("builtins", "__import__"),
        ("importlib", "import_module"),
        ("operator", "attrgetter"),
        ("pickle", "loads"),
        ("webbrowser", "open"),
        ("sklearn.utils._testing", "_run"),
        ("numpy", "load"),
        ("numpy.testing._private.utils", "runstring"),
        ("numpy.core.multiarray", "_reconstruct.__globals__"),
        ("sklearn.linear_model._sgd_fast", "os.system"),
        ("joblib.numpy_pickle", "load"),
        ("pandas", "read_pickle"),
        ("torch", "load"),
    ):
        yield f"call_{module}_{attr}", p4(name(module, attr) + text("x") + b"\x85R"), DENIED, f"{module}.{attr}"
    yield "call_py2", b"c__builtin__\neval\n(S'1'\ntR.", DENIED, "builtins.eval"
    yield "call_inst", b"(S'true'\nios\nsystem\n.", DENIED, "os.system at offset 9"
    yield "call_obj", b"(cos\nsystem\nS'true'\no.", DENIED, "os.system"
    yield "call_of_a_known_class_by_inst", b"(isklearn.tree._tree\nTree\n.", DENIED, "sklearn.tree._tree.Tree"
    yield "call_through_newobj", p4(name("copyreg", "__newobj__") + name("subprocess", "Popen") + b"\x85R"), DENIED, "subprocess.Popen"
    yield "call_through_newobj_ex", p4(name("subprocess", "Popen") + b")}\x92"), DENIED, "subprocess.Popen"
    yield "call_a_ufunc_that_is_none", p4(name("numpy.core", "_ufunc_reconstruct") + text("posix") + text("system") + b"\x86R"), CORRUPT, ""
    yield "call_a_ufunc", p4(name("numpy.core", "_ufunc_reconstruct") + text("numpy") + text("load") + b"\x86R" + text("x") + b"\x85R"), DENIED, "numpy.load"
    yield "call_a_result", p4(name("functools", "partial") + name("os", "system") + b"\x85R)R"), DENIED, "functools.partial"
    yield "call_hidden_in_a_popped_item", p4(name("os", "system") + text("x") + b"\x85R0N"), DENIED, "os.system"
    yield "extension", b"\x80\x02\x82\x07.", DENIED, "extension code"
    yield "persistent_id", b"Pabc\n.", UNSUPPORTED, "persistent id"
    yield "outside_buffer", b"\x80\x05\x97.", UNSUPPORTED, "outside the file"
    yield "protocol_6", b"\x80\x06N.", UNSUPPORTED, "protocol 6"
    yield "no_pickle", b"hello, world", CORRUPT, ""
    yield "empty", b"", CORRUPT, "empty"
    yield "two_pickles", p4(b"N") + p4(b"N"), CORRUPT, "put several into a tuple"
    yield "marks", b"\x80\x02" + b"(" * 100000 + b"N" + b"t" * 100000 + b".", LARGE, "nested"
    yield "huge_integer", b"L" + b"7" * 5000 + b"L\n.", LARGE, "5000 digits"
    yield "huge_text", p4(b"\x8d" + u8(1 << 63) + b"x"), LARGE, "an item of"
    yield "long_text", p4(b"X" + u4(1000) + b"x"), CORRUPT, "1000 bytes wanted"
    yield "memory", b"\x80\x02" + b"]" * 8_000_000 + b".", LARGE, "far more memory"
    yield "memo_far", b"\x80\x02Nr" + u4(1 << 31) + b".", CORRUPT, "memo index"
    yield "key_unhashable", p4(b"}]K\x01s"), CORRUPT, "a list as a key"
    yield "array_short", from_buffer(b"K\x02\x85"), CORRUPT, "takes 16 bytes has 8"
    yield "array_negative", from_buffer(b"J\xff\xff\xff\xff\x85"), CORRUPT, "a side of -1"
    yield "array_shape_of_text", from_buffer(text("x") + b"\x85"), CORRUPT, "in the shape"
    yield "array_overflow", from_buffer(b"\x8a\x05\0\0\0\0\x01\x8a\x05\0\0\0\0\x01\x86"), CORRUPT, "overflows"
    yield "array_order", from_buffer(b"K\x01\x85", "X"), CORRUPT, "order"
    yield "array_permuted", from_buffer(b"K\x01\x85", "K"), UNSUPPORTED, "permuted"


# ---------------------------------------------------------------- joblib


def wrapper(shape, dtype=DTYPE_F8, order="C", after=b"", align=b"K\x10"):
    state = (
        b"}("
        + text("subclass") + name("numpy", "ndarray")
        + text("shape") + shape
        + text("order") + text(order)
        + text("dtype") + dtype
        + text("allow_mmap") + b"\x88"
        + text("numpy_array_alignment_bytes") + align
        + b"u"
    )
    return b"\x80\x04" + name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81" + state + b"b" + after


OBJECTS = name("numpy", "dtype") + text("O8") + b"\x89\x88\x87R(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb"


def joblibs():
    whole = wrapper(b"K\x02\x85", after=b"\x00" + b"A" * 16 + b".")
    yield "joblib_short", wrapper(b"K\x02\x85", after=b"\x00" + b"A" * 15), CORRUPT, "16 bytes wanted"
    yield "joblib_padding_short", wrapper(b"K\x02\x85", after=b"\x40" + b"A" * 16), CORRUPT, "64 bytes wanted"
    yield "joblib_huge", wrapper(b"\x8a\x07\0\0\0\0\0\0\x01\x85", after=b"\x00."), CORRUPT, "wanted"
    yield "joblib_negative", wrapper(b"J\xff\xff\xff\xff\x85", after=b"\x00."), CORRUPT, "a side of -1"
    yield "joblib_no_shape", wrapper(b"N", after=b"\x00."), CORRUPT, "proper shape"
    yield "joblib_nested_code", wrapper(b"K\x01\x85", OBJECTS, after=p4(name("os", "system") + text("x") + b"\x85R") + b"."), DENIED, "os.system"
    yield "joblib_nested_cut", wrapper(b"K\x01\x85", OBJECTS, after=b"\x80\x04N"), CORRUPT, "STOP"
    yield "joblib_nested_no_array", wrapper(b"K\x01\x85", OBJECTS, after=b"N.."), CORRUPT, "None where an array"
    yield "joblib_nested_wrapper", wrapper(b"K\x01\x85", OBJECTS, after=whole + b"."), UNSUPPORTED, "NumpyArrayWrapper"
    yield "joblib_old", b"\x80\x02cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}b.", UNSUPPORTED, "NDArrayWrapper"
    yield "joblib_z_file", b"ZF0x10        x", UNSUPPORTED, "before 0.10"
    packed = zlib.compress(whole)
    yield "joblib_zlib_cut", packed[:-6], CORRUPT, "too early"
    yield "joblib_zlib_tail", packed + b"x", CORRUPT, "behind the compressed data"
    yield "joblib_zlib_damaged", packed[:8] + bytes([packed[8] ^ 255]) + packed[9:], CORRUPT, "zlib"
    yield "joblib_zlib_code", zlib.compress(p4(name("os", "system") + text("x") + b"\x85R")), DENIED, "os.system"
    yield "joblib_zlib_bomb", lambda: zlib.compress(ZEROS, 9), LARGE, "expands"
    yield "joblib_gzip_bomb", lambda: gzip.compress(ZEROS, 9), LARGE, "gzip: expands"
    yield "joblib_bz2_bomb", lambda: bz2.compress(ZEROS), LARGE, "bzip2: expands"
    yield "joblib_xz_bomb", lambda: lzma.compress(ZEROS), LARGE, "xz: expands"
    yield "joblib_xz_cut", lzma.compress(whole)[:-20], CORRUPT, "xz"


# ---------------------------------------------------------------- skops


def npy(header, data=b"", version=1):
    raw = header.encode()
    size = u2(len(raw)) if version == 1 else u4(len(raw))
    return b"\x93NUMPY" + bytes([version, 0]) + size + raw + data


F8_3 = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", bytes(24))


def node(cls, module, loader, **rest):
    return {"__class__": cls, "__module__": module, "__loader__": loader, **rest}


def json_node(value):
    return node("str", "builtins", "JsonNode", content=json.dumps(value))


ARRAY = node("ndarray", "numpy", "NdArrayNode", type="numpy", file="1.npy")


def archive(root, members=(("1.npy", F8_3),), method=zipfile.ZIP_STORED, schema=None):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for member, data in members:
            z.writestr(zipfile.ZipInfo(member), data, method)
        if schema is None:
            schema = json.dumps({**root, "protocol": 2, "_skops_version": "0.16"})
        z.writestr(zipfile.ZipInfo("schema.json"), schema, method)
    return out.getvalue()


def patched(data, old, new, count=-1):
    assert old in data
    return data.replace(old, new, count)


def overlapping():
    """Two directory entries of one local header, as bombs do it."""
    data = archive(ARRAY, (("1.npy", F8_3), ("2.npy", F8_3)))
    first, second = data.index(b"PK\x01\x02"), data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    return data[: second + 42] + data[first + 42 : first + 46] + data[second + 46 :]


def bomb():
    return archive(ARRAY, (("1.npy", F8_3 + ZEROS),), zipfile.ZIP_DEFLATED)


def dict_node(content, types):
    key_types = node("list", "builtins", "ListNode", content=[node(t, "builtins", "TypeNode") for t in types])
    return node("dict", "builtins", "DictNode", content=content, key_types=key_types)


def nested(depth):
    """Lists in lists, as text: Python's own json gives up at a third of that."""
    outer = json.dumps(node("list", "builtins", "ListNode", protocol=2, content=["@"]))
    head, tail = outer.split('"@"')
    return head * depth + json.dumps(json_node(1)) + tail * depth


def sparse(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for member, data in members:
            z.writestr(zipfile.ZipInfo(member), data)
    return archive(node("csr_matrix", "scipy.sparse._csr", "SparseMatrixNode", type="scipy", file="1.npz"), (("1.npz", out.getvalue()),))


def arrays(header, data=b"", version=1):
    return archive(ARRAY, (("1.npy", npy(header, data, version)),))


def skops():
    good = archive(ARRAY)
    for n in (4, 30, len(good) // 2, len(good) - 1):
        yield f"skops_cut_{n}", good[:n], CORRUPT, "directory"
    yield "skops_tail", good + b"x", CORRUPT, "directory"
    yield "skops_crc", patched(good, bytes(24), bytes(23) + b"x"), CORRUPT, "checksum"
    yield "skops_missing_member", archive(ARRAY, ()), CORRUPT, 'member "1.npy" is missing'
    yield "skops_missing_schema", patched(good, b"schema.json", b"scheme.json"), CORRUPT, "without schema.json"
    yield "skops_renamed_in_place", patched(good, b"1.npy", b"2.npy", 1), CORRUPT, "in place"
    yield "skops_dotdot", archive(ARRAY, (("../1.npy", F8_3),)), CORRUPT, "unsafe member name"
    yield "skops_absolute", archive(ARRAY, (("/tmp/1.npy", F8_3),)), CORRUPT, "unsafe member name"
    yield "skops_backslash", patched(archive(ARRAY, (("a/1.npy", F8_3),)), b"a/1.npy", b"..\\.npy"), CORRUPT, "unsafe member name"
    yield "skops_twice", patched(archive(ARRAY, (("1.npy", F8_3), ("2.npy", F8_3))), b"2.npy", b"1.npy"), CORRUPT, "two members"
    yield "skops_overlap", overlapping(), CORRUPT, ""
    at = good.index(b"PK\x01\x02")
    yield "skops_encrypted", good[: at + 8] + b"\x01" + good[at + 9 :], UNSUPPORTED, "encrypted"
    yield "skops_method", good[: at + 10] + b"\x0e" + good[at + 11 :], UNSUPPORTED, "method 14"
    yield "skops_size", good[: at + 20] + u4(1 << 30) + u4(1 << 30) + good[at + 28 :], CORRUPT, "outside the file"
    yield "skops_two_sizes", good[: at + 24] + u4(1 << 30) + good[at + 28 :], CORRUPT, "two sizes"
    yield "skops_offset", good[: at + 42] + u4(1 << 30) + good[at + 46 :], CORRUPT, "outside the file"
    end = good.index(b"PK\x05\x06")
    yield "skops_count", good[: end + 10] + u2(60000) + good[end + 12 :], CORRUPT, "60000 members"
    yield "skops_fewer", good[: end + 10] + u2(1) + good[end + 12 :], CORRUPT, "longer than its members"
    yield "skops_bomb", bomb, LARGE, "1.npy: expands"
    yield "skops_not_json", archive(ARRAY, schema="{'a': 1}"), CORRUPT, "schema.json: offset 1"
    yield "skops_json_cut", archive(ARRAY, schema='{"a": '), CORRUPT, "schema.json"
    yield "skops_json_list", archive(ARRAY, schema="[]"), CORRUPT, "protocol"
    yield "skops_json_deep", archive(ARRAY, schema="[" * 100000), LARGE, "deep"
    yield "skops_json_utf8", archive(ARRAY, schema=b'{"a": "\xff"}'), CORRUPT, "UTF-8"
    yield "skops_protocol_3", archive(ARRAY, schema=json.dumps({**ARRAY, "protocol": 3})), UNSUPPORTED, "protocol 3"
    yield "skops_protocol_true", archive(ARRAY, schema=json.dumps({**ARRAY, "protocol": True})), CORRUPT, "protocol"
    yield "skops_no_loader", archive({"a": 1}), CORRUPT, "__loader__"
    yield "skops_unknown_loader", archive(node("x", "y", "EvalNode")), UNSUPPORTED, "EvalNode"
    yield "skops_method_node", archive(node("system", "os", "MethodNode", content={"func": "x", "obj": json_node(1)})), DENIED, "os.system"
    yield "skops_operator_node", archive(node("methodcaller", "operator", "OperatorFuncNode", attrs=json_node([]))), DENIED, "operator.methodcaller"
    yield "skops_popen", archive(node("Popen", "subprocess", "ConstructorFromReduceNode", content=node("tuple", "builtins", "TupleNode", content=[]))), DENIED, "subprocess.Popen"
    yield "skops_deep", archive(None, schema=nested(550)), LARGE, "deep"
    yield "skops_dict_types", archive(dict_node({"a": json_node(1)}, [])), CORRUPT, "do not match"
    yield "skops_dict_key", archive(dict_node({"a": json_node(1)}, ["tuple"])), UNSUPPORTED, "keys of type builtins.tuple"
    yield "skops_dict_int_key", archive(dict_node({"a": json_node(1)}, ["int"])), CORRUPT, ""
    yield "skops_json_node", archive(node("str", "builtins", "JsonNode", content=5)), CORRUPT, "content"
    yield "skops_json_node_text", archive(node("str", "builtins", "JsonNode", content="{")), CORRUPT, "schema.json, offset 0"
    yield "skops_no_file", archive(node("ndarray", "numpy", "NdArrayNode", type="numpy")), CORRUPT, "file"
    yield "skops_array_type", archive(node("ndarray", "numpy", "NdArrayNode", type="pickle")), CORRUPT, "no known type"
    yield "skops_objects_shape", archive(node("ndarray", "numpy", "NdArrayNode", type="json", content=[json_node(1)], shape=node("tuple", "builtins", "TupleNode", content=[json_node(2)]))), CORRUPT, "2 objects for a list of 1"
    yield "skops_objects_rows", archive(node("ndarray", "numpy", "NdArrayNode", type="json", content=[json_node(1)], shape=node("tuple", "builtins", "TupleNode", content=[json_node(1), json_node(1)]))), CORRUPT, "rows differ"
    yield "skops_tree_args", archive(node("Tree", "sklearn.tree._tree", "TreeNode", __reduce__={"args": json_node(1)}, content=json_node(None))), CORRUPT, "not a tuple"
    yield "npy_objects", arrays("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"cos\nsystem\n."), DENIED, "pickle"
    yield "npy_shape", arrays("{'descr': '<f8', 'fortran_order': False, 'shape': (4,)}", bytes(24)), CORRUPT, "takes 32 bytes has 24"
    yield "npy_negative", arrays("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"), CORRUPT, "a side of -1"
    yield "npy_overflow", arrays("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}"), CORRUPT, "overflows"
    yield "npy_no_type", arrays("{'fortran_order': False, 'shape': (1,)}"), CORRUPT, "without a type"
    yield "npy_code", arrays("__import__('os').system('x')"), CORRUPT, "a value is due"
    yield "npy_deep", arrays("(" * 60000, version=2), LARGE, "deep"
    yield "npy_record", arrays("{'descr': " + "[('a', " * 20 + "'<f8'" + ")]" * 20 + ", 'fortran_order': False, 'shape': ()}"), LARGE, "nested"
    yield "npy_version", archive(ARRAY, (("1.npy", b"\x93NUMPY\x04\x00" + bytes(20)),)), UNSUPPORTED, "version 4.0"
    yield "npy_header", archive(ARRAY, (("1.npy", b"\x93NUMPY\x02\x00" + u4(1 << 31) + bytes(20)),)), LARGE, "header"
    yield "npz_no_archive", archive(node("csr_matrix", "scipy.sparse._csr", "SparseMatrixNode", type="scipy", file="1.npy")), CORRUPT, "1.npy"
    yield "npz_short", sparse([("data.npy", F8_3[:-1])]), CORRUPT, "data.npy"
    yield "npz_shape", sparse([("shape.npy", F8_3)]), CORRUPT, "proper shape"


def cases():
    yield from pickles()
    yield from joblibs()
    yield from skops()


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for label, data, _, _ in cases():
        with open(os.path.join(sys.argv[1], label), "wb") as f:
            f.write(data() if callable(data) else data)


if __name__ == "__main__":
    main()
