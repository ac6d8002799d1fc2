"""podium predict: files and pipes of every form, beside scikit-learn and MLflow."""

import csv
import io
import json
import math
import os
import subprocess
import sys

import pytest
from serving import Oracle, save_models


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_models(tmp_path_factory.mktemp("models"))


def test_json_is_answered_as_the_server_does(podium, saved):
    body = json.dumps({"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1, 2, 3.5]]}})
    r = podium("predict", saved[0]["signed"], input=body).ok()
    assert r.out == Oracle(saved[0]["signed"]).ask(body)[1] + "\n"


def test_json_lines_give_a_line_each(podium, saved, tmp_path):
    paths, models = saved
    rows = models["rows"][:100] + [{"trip_distance": 1.0}, {}]
    text = "\n".join(json.dumps(row) for row in rows[:50]) + "\n\n  \r\n"
    text += "\n".join(json.dumps(row) for row in rows[50:])
    want = models["taxi"][0].predict(rows).tolist()
    r = podium("predict", paths["taxi"], "-t", "jsonl", input=text).ok()
    assert [json.loads(line)["prediction"] for line in r.out.splitlines()] == want
    (tmp_path / "in.jsonl").write_text(text)
    r = podium("predict", paths["taxi"], "-i", "in.jsonl", "-o", "out.jsonl").ok()
    assert r.out == ""
    got = [json.loads(line)["prediction"] for line in (tmp_path / "out.jsonl").open()]
    assert got == want


def test_csv_keeps_its_bytes_and_gains_a_column(podium, saved):
    paths, models = saved
    text = 'a,"b",c,note\r\n1,"2",3,"x, ""y"""\r\n\r\n0.50,-1e0,7,\r\n  4 ,5,6,"a\nb"'
    r = podium("predict", paths["signed"], "-t", "csv", input=text).ok()
    import pandas as pd

    frame = pd.DataFrame([[1, 2, 3], [0.5, -1, 7], [4, 5, 6]], columns=list("abc"), dtype=float)
    p = [repr(v) for v in models["signed"][0].predict(frame).tolist()]
    assert r.out_bytes.decode() == (
        'a,"b",c,note,prediction\r\n' + f'1,"2",3,"x, ""y""",{p[0]}\r\n'
        + f"0.50,-1e0,7,,{p[1]}\r\n" + f'  4 ,5,6,"a\nb",{p[2]}\r\n')


def test_rows_with_several_values_have_several_columns(podium, saved):
    paths, models = saved
    r = podium("predict", paths["logit"], "-t", "csv", "--method", "predict_proba",
               input="x,y,z\n1,2,3\n-1,0,0\n").ok()
    rows = list(csv.reader(io.StringIO(r.out)))
    assert rows[0] == ["x", "y", "z", "prediction_0", "prediction_1"]
    want = models["logit"][0].predict_proba([[1, 2, 3], [-1, 0, 0]])
    for row, pair in zip(rows[1:], want):
        assert all(math.isclose(float(g), w, rel_tol=1e-12) for g, w in zip(row[3:], pair))
    r = podium("predict", paths["texts"], "-t", "csv", input="x,y,z\n1,2,3\n").ok()
    assert r.out.splitlines()[1] == "1,2,3," + models["texts"][0].predict([[1, 2, 3]])[0]


def test_a_recipe_drives_batches(podium, saved, tmp_path):
    paths, models = saved
    recipe = {"features": {"PU_DO": "{pu}_{do}", "trip_distance": "{d}"},
              "reply": {"id": "{id}", "minutes": "{prediction}"}}
    (tmp_path / "r.json").write_text(json.dumps(recipe))
    events = [{"id": i, "pu": i % 7, "do": 3, "d": i / 3} for i in range(30)]
    want = models["taxi"][0].predict(
        [{"PU_DO": f"{e['pu']}_3", "trip_distance": e["d"]} for e in events]).tolist()
    text = "\n".join(map(json.dumps, events))
    r = podium("predict", paths["taxi"], "-t", "jsonl", "--recipe", "r.json", input=text).ok()
    assert [json.loads(line) for line in r.out.splitlines()] == [
        {"id": i, "minutes": p} for i, p in enumerate(want)]
    r = podium("predict", paths["taxi"], "--recipe", "r.json", input=json.dumps(events)).ok()
    assert [e["minutes"] for e in r.json] == want
    del events[17]["do"]
    text = "\n".join(map(json.dumps, events))
    podium("predict", paths["taxi"], "-t", "jsonl", "--recipe", "r.json", input=text).fails(
        2, "line 18", "no field `do`")


@pytest.mark.parametrize("form,text,words", [
    ("csv", "a,b,c\n1,2,3\n1,x,3\n", ["line 3", "x"]),
    ("csv", "a,b,c\n1,2,3\n\n1,2,3,4\n", ["line 4", "Expected 3 fields"]),
    ("csv", 'a,b,c\n1,2,"3\n', ["line 2", "never closed"]),
    ("csv", "", ["No columns"]),
    ("csv", "a,b\n1,2\n", ["line 2", "missing inputs ['c']"]),
    ("jsonl", '{"a":1,"b":2,"c":3}\n\n{"a":1,"b":"x","c":3}\n', ["line 3", "x"]),
    ("jsonl", '{"a":1,"b":2,"c":3}\n{"a":1,\n', ["line 2"]),
    ("jsonl", '{"a":1,"b":2,"c":3}\n[1]\n', ["line 2"]),
    ("jsonl", '{"a":1,"b":2,"c":3} {}\n', ["line 1", "Extra data"]),
    ("json", "{", ["JSON"]),
    ("json", '{"inputs": [[1]]}', ["standard input"]),
])
def test_a_bad_row_is_named_and_no_file_appears(podium, saved, tmp_path, form, text, words):
    r = podium("predict", saved[0]["signed"], "-t", form, "-o", "out", input=text)
    assert r.rc != 0 and r.out == "" and len(r.err.splitlines()) == 1
    for word in words:
        assert word in r.err, r
    assert os.listdir(tmp_path) == [".home"]


def test_a_csv_column_that_changes_its_type_is_an_error_and_not_another_answer(podium, saved):
    rows = ["1,2,3\n"] * 400000 + ["x,2,3\n"]
    r = podium("predict", saved[0]["bare"], "-t", "csv", input="a,b,c\n" + "".join(rows))
    assert r.rc == 2 and "line 400002" in r.err and "'x'" in r.err
    assert r.out.count("\n") > 100000


def test_an_empty_input_is_an_empty_answer(podium, saved):
    assert podium("predict", saved[0]["signed"], "-t", "jsonl", input="").ok().out == ""
    r = podium("predict", saved[0]["signed"], "-t", "csv", input="a,b,c\n").ok()
    assert r.out == "a,b,c,prediction\n"


def test_what_cannot_be_read_or_written_is_one_line(podium, saved, tmp_path):
    podium("predict", saved[0]["signed"], "-i", "none.csv").fails(3, "none.csv")
    podium("predict", saved[0]["signed"], "-i", ".").fails(1, "cannot read .")
    podium("predict", saved[0]["signed"], "-o", "no/such", input="{}").fails(3, "no/such")
    podium("predict", "nowhere", input="{}").fails(3, "nowhere")
    podium("predict", saved[0]["signed"], "-t", "xml", input="{}").fails(2, "xml")


def test_memory_does_not_grow_with_the_input(podium_bin, saved):
    """Read from a pipe, a hundred times as many rows take no more memory."""
    code = ("import sys\nprint('a,b,c')\nfor i in range(int(sys.argv[1])): print(f'{i},{i/7},3')\n")
    peak = []
    for n in (5000, 500000):
        rows = subprocess.Popen([sys.executable, "-c", code, str(n)], stdout=subprocess.PIPE)
        script = ("import resource, subprocess, sys\n"
                  "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n")
        r = subprocess.run([sys.executable, "-c", script, podium_bin, "predict",
                            saved[0]["signed"], "-t", "csv"], stdin=rows.stdout, capture_output=True)
        assert rows.wait() == 0 and r.returncode == 0, r.stderr
        peak.append(int(r.stdout))
    assert peak[1] < peak[0] + 40000
