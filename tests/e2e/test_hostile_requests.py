"""Requests of every wrong shape to every method: an answer each time, never a crash, and never an
error of podium's own where the caller is at fault."""

import json
import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from differential import Batch

FIELD = re.compile(r"^( *)- `([a-z_]+)`: (.*)$")
CALL = re.compile(r"^`([A-Z ]+) (\S+)`: ")


def read_methods(text):
    """[(verbs, path, {field: type})] of docs/methods.md."""
    methods = []
    for line in text.splitlines():
        if found := CALL.match(line):
            methods.append((found.group(1).split(), found.group(2), {}))
        elif (found := FIELD.match(line)) and methods and found.group(1) == "":
            methods[-1][2][found.group(2)] = found.group(3)
    return methods


@pytest.fixture(scope="module")
def methods(repo_root):
    return read_methods((repo_root / "docs" / "methods.md").read_text())


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    batch = Batch(f"sqlite:///{folder}/x.db", folder / "mlruns", folder, dict(os.environ))
    for path, request in [
        ("runs/create", {"experiment_id": "0", "start_time": 1}),
        ("registered-models/create", {"name": "m"}),
        ("model-versions/create", {"name": "m", "source": f"{folder}/mlruns/0/x"}),
        ("logged-models", {"experiment_id": "0", "name": "l"}),
    ]:
        batch("POST", path, request)
    yield batch
    batch.close()


TEXTS = st.sampled_from([
    "", "0", "m", "1", "-1", "x" * 300, "é", "\u0000", "../..", "models:/m/1", "runs:/x/y", "m-" + "0" * 32,
    "0" * 32, "NaN", "true", "None", "a=b", "'", '"', "`", "%", "%00", "[]", "{}", "9" * 30, "champion",
    "latest", "v1", "Production", "file:///etc/passwd", "s3://b/k", "\ud7ff\ue000", "🎉", "metrics.a > 1",
    "name DESC", "eyJvZmZzZXQiOiAyfQ==", "a\nb", " ", ".", "/", "mlflow.runName", "mlflow.prompt.is_prompt",
]) | st.text(max_size=12)
NUMBERS = st.sampled_from([0, 1, -1, 2**31, 2**53, 2**63 - 1, -2**63, 2**63, 2**64, 10**30, 1.5, 1e308, -0.0])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
KEYS = st.sampled_from(["key", "value", "timestamp", "step", "name", "dataset", "source", "tags", "field_name",
                        "dataset_name", "digest", "source_type", "model_id", "x"])
ANY = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) |
                   st.dictionaries(KEYS, inner, max_size=4), max_leaves=8)

hostile = settings(max_examples=int(os.environ.get("HOSTILE_EXAMPLES", 400)), deadline=None,
                   suppress_health_check=list(HealthCheck))


def answers(batch, line):
    assert line.strip(), "an empty line has no answer"
    status, body = batch.line(line)
    assert 200 <= status < 500 or body.get("error_code") in ("NOT_IMPLEMENTED",), (line, status, body)
    assert status == 200 or (body["error_code"] and isinstance(body["message"], str)), (line, body)


@hostile
@given(st.data())
def test_every_method_answers_to_fields_of_every_type(batch, methods, data):
    verbs, path, fields = data.draw(st.sampled_from(methods))
    request = {}
    for name, kind in fields.items():
        if data.draw(st.integers(0, 4)) == 0:
            continue
        if data.draw(st.booleans()):
            request[name] = data.draw(ANY)
        elif kind.startswith("string[]"):
            request[name] = data.draw(st.lists(TEXTS, max_size=3))
        elif kind.startswith("message[]"):
            request[name] = data.draw(st.lists(st.dictionaries(KEYS, SCALARS, max_size=5), max_size=3))
        elif kind.startswith(("integer", "number")):
            request[name] = data.draw(NUMBERS)
        else:
            request[name] = data.draw(TEXTS)
    path = re.sub(r"\{[^}]*\}", lambda _m: "m-" + "0" * 32, path)
    call = {"verb": data.draw(st.sampled_from(verbs)), "path": path}
    if call["verb"] == "GET" and data.draw(st.booleans()):
        call["query"] = [[k, v if isinstance(v, str) else json.dumps(v)] for k, v in request.items()]
    else:
        call["request"] = request
    answers(batch, json.dumps(call))


@hostile
@given(st.data())
def test_every_method_answers_to_requests_that_are_no_objects(batch, methods, data):
    verbs, path, _ = data.draw(st.sampled_from(methods))
    call = {"verb": verbs[0], "path": path, "request": data.draw(ANY)}
    answers(batch, json.dumps(call))


@hostile
@given(st.one_of(ANY.map(json.dumps), st.text(max_size=40)).map(lambda s: re.sub(r"[\r\n]", " ", s)).filter(str.strip))
def test_lines_that_are_no_calls_are_answered(batch, text):
    answers(batch, text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("line", [
    b"{", b"[" * 100000, b'{"a":' * 100000, b'{"method":"runs/get","method":"runs/create"}', b"\xff\xfe",
    b'{"method":"runs/get","request":{"run_id":"\xff"}}', b'{"method":"runs/get\\u0000"}', b"nul", b"1e999",
    b'{"method":"x","request":{}}', b'{"verb":"BREW","method":"runs/get","request":{}}',
    b'{"verb":"GET","path":"../runs/get"}', b'{"verb":"GET","path":"runs/get","query":[["run_id"]]}',
    b'{"verb":"GET","path":"runs/get","query":{"run_id":1}}', b'{"verb":"GET","path":"' + b"a/" * 5000 + b'"}',
    b'{"method":"runs/get","request":{"run_id":"\\ud800"}}',
], ids=range(16))
def test_malformed_lines_are_answered(batch, line):
    answers(batch, line)
