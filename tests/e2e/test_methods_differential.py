"""Experiments, runs and what is logged to them: podium answers as MLflow 3.17 does, word for
word, to what is right and to what is wrong."""

import json
import random

import pytest

from differential import Batch, Twin

LONG_ID = "0" * 31 + "1"


@pytest.fixture
def twin(mlflow_rest, clean_env, tmp_path):
    batch = Batch(f"sqlite:///{tmp_path}/podium.db", tmp_path / "mlruns", tmp_path, clean_env)
    yield Twin(mlflow_rest, batch, tmp_path)
    batch.close()


@pytest.fixture
def run(twin):
    """twin, with a run "$run" in the experiment "$exp"."""
    twin.fresh()
    return twin


# ------------------------------------------------------------------------------- experiments


def test_experiments_live_as_in_mlflow(twin):
    twin("GET", "experiments/get", {"experiment_id": "0"})
    tags = [{"key": "team", "value": "taxi"}, {"key": "é", "value": "ü" * 20000}]
    twin("POST", "experiments/create", {"name": "rides", "tags": tags}, save={"e": "experiment_id"})
    twin("GET", "experiments/get", {"experiment_id": "$e"})
    twin("GET", "experiments/get-by-name", {"experiment_name": "rides"})
    twin("POST", "experiments/update", {"experiment_id": "$e", "new_name": "trips ☂"})
    twin("GET", "experiments/get-by-name", {"experiment_name": "trips ☂"})
    twin("GET", "experiments/get-by-name", {"experiment_name": "rides"})
    twin("POST", "experiments/set-experiment-tag", {"experiment_id": "$e", "key": "k", "value": "1"})
    twin("POST", "experiments/set-experiment-tag", {"experiment_id": "$e", "key": "k", "value": ""})
    twin("POST", "experiments/set-experiment-tag", {"experiment_id": "$e", "key": "k2"})
    twin("GET", "experiments/get", {"experiment_id": "$e"})
    twin("POST", "experiments/delete-experiment-tag", {"experiment_id": "$e", "key": "k"})
    twin("POST", "experiments/delete-experiment-tag", {"experiment_id": "$e", "key": "k"})
    twin("POST", "runs/create", {"experiment_id": "$e", "run_name": "r"},
         save={"r": "run.info.run_id"})
    twin("POST", "experiments/delete", {"experiment_id": "$e"})
    twin("GET", "experiments/get", {"experiment_id": "$e"})
    twin("GET", "runs/get", {"run_id": "$r"})
    twin("POST", "experiments/delete", {"experiment_id": "$e"})
    twin("POST", "experiments/update", {"experiment_id": "$e", "new_name": "x"})
    twin("POST", "experiments/set-experiment-tag", {"experiment_id": "$e", "key": "k", "value": "1"})
    twin("POST", "experiments/delete-experiment-tag", {"experiment_id": "$e", "key": "k2"})
    twin("POST", "runs/create", {"experiment_id": "$e"})
    twin("POST", "experiments/create", {"name": "trips ☂"}, words=False)
    twin("POST", "experiments/restore", {"experiment_id": "$e"})
    twin("GET", "runs/get", {"run_id": "$r"})
    twin("POST", "experiments/restore", {"experiment_id": "$e"})


def test_a_name_that_is_taken_is_refused(twin):
    twin("POST", "experiments/create", {"name": "a"}, save={"a": "experiment_id"})
    twin("POST", "experiments/create", {"name": "b"}, save={"b": "experiment_id"})
    twin("POST", "experiments/create", {"name": "a"}, words=False)
    twin("POST", "experiments/update", {"experiment_id": "$b", "new_name": "a"}, words=False)
    twin("POST", "experiments/update", {"experiment_id": "$b", "new_name": "b"})


LOCATIONS = [
    "s3://bucket/path", "/tmp/elsewhere", "file:///tmp/x", "gs://b/a?x=1", "mlflow-artifacts:/x",
    "s3://bucket/a#frag", "s3://b/x;params", "s3://b/x?a=../y", "s3://b/x?a=%2e%2e/y",
    "s3://b/x?a=%252e%252e/y", "s3://b/" + "x" * 2041, "s3://b/" + "x" * 2042,
    "s3://b/a/../c", "http://host/x",
]


def test_artifact_locations_are_checked(twin):
    for location in LOCATIONS:
        made = twin("POST", "experiments/create",
                    {"name": f"a{len(location)}{location[-9:]}", "artifact_location": location},
                    save={"e": "experiment_id"})
        if "experiment_id" in made:
            twin("GET", "experiments/get", {"experiment_id": "$e"})
            twin("POST", "runs/create", {"experiment_id": "$e", "run_name": "r"},
                 save={"r": "run.info.run_id"})


NEW_EXPERIMENTS = [
    {}, {"name": ""}, {"name": None}, {"name": 3}, {"name": ["a"]}, {"name": {"a": 1}},
    {"name": True}, {"name": 1.5}, {"name": "x" * 500}, {"name": "x" * 501}, {"name": "é" * 500},
    {"name": "a", "tags": 3}, {"name": "a", "tags": {}}, {"name": "a", "tags": None},
    {"name": "a", "artifact_location": 3}, {"name": "a", "artifact_location": ""},
    {"name": "a", "tags": [{"key": "../x", "value": "1"}]},
    {"name": "a", "tags": [{"key": "k" * 251, "value": "1"}]},
    {"name": "a", "tags": [{"key": "k", "value": "v" * 20001}]},
    {"name": "a", "tags": [{"value": "1"}]},
    {"name": "a", "unknown": 3}, {"name": "a", "artifactLocation": "s3://b/c"},
    {"name": "a", "artifactLocation": "s3://b/c", "artifact_location": "s3://b/c"},
    {"name": "a", "tags": [{"key": f"mlflow.customView.view{i}", "value": ""} for i in range(51)]},
]


def test_requests_for_an_experiment_are_checked(twin):
    for i, request_ in enumerate(NEW_EXPERIMENTS):
        if request_.get("name") == "a":
            request_ = {**request_, "name": f"a{i}"}
        twin("POST", "experiments/create", request_, save={"e": "experiment_id"})
    for id_ in range(20):
        twin("GET", "experiments/get", {"experiment_id": str(id_)})


EXPERIMENT_IDS = ["", "7", "-1", "x", "1.0", " 0 ", "0x0", "1" * 18, "+0", "é"]


def test_ids_of_experiments_are_checked(twin):
    for id_ in EXPERIMENT_IDS:
        twin("GET", "experiments/get", {"experiment_id": id_})
        for verb in ("delete", "restore"):
            twin("POST", f"experiments/{verb}", {"experiment_id": id_})
        twin("POST", "experiments/update", {"experiment_id": id_, "new_name": "n"})
        twin("POST", "experiments/set-experiment-tag", {"experiment_id": id_, "key": "k", "value": "v"})


def test_an_experiment_holds_fifty_custom_views(twin):
    for i in range(52):
        twin("POST", "experiments/set-experiment-tag",
             {"experiment_id": "0", "key": f"mlflow.customView.view{i}", "value": "{}"})
    twin("POST", "experiments/set-experiment-tag",
         {"experiment_id": "0", "key": "mlflow.customView.view3", "value": "new"})


def test_settings_of_the_trace_archive_are_checked(twin):
    values = ['{"type": "duration", "value": "30d"}', '{"type": "duration", "value": " 12h "}', "", "x",
              "[]", "{}", '{"type": "duration"}', '{"type": "duration", "value": "0d"}',
              '{"type": "duration", "value": "3x"}', '{"type": "x", "value": "3d"}',
              '{"type": "duration", "value": "%s1d"}' % ("1" * 40), '{"older_than": "7d"}',
              '{"older_than": null}', '{"older_than": 7}']
    for value in values:
        for key in ("mlflow.trace.archivalRetention", "mlflow.trace.archiveNow"):
            twin("POST", "experiments/set-experiment-tag",
                 {"experiment_id": "0", "key": key, "value": value})


# ------------------------------------------------------------------------------- keys

KEYS = [
    "a", "a b", "a/b", "a:b", "a-b.c_d", "é", "日本", "a,b", "a\\b", "a\"b", "a'b", "a\nb", "a\n", "",
    ".", "..", "../a", "a/../b", "/a", "//a", "a/", "a//b", "./a", "a/.", "a\tb", "a%b", "☂", "a\u0000b",
    "k" * 250, "k" * 251, "é" * 250, "é" * 251, "٣", "ª", "x²", "\u00a0", "🎉", "a\u0301",
]


def test_names_are_checked_in_mlflows_words(run):
    for key in KEYS:
        run.fresh()
        run("POST", "runs/log-metric", {"run_id": "$run", "key": key, "value": 1, "timestamp": 1})
        run("POST", "runs/log-parameter", {"run_id": "$run", "key": key, "value": "1"})
        run("POST", "runs/set-tag", {"run_id": "$run", "key": key, "value": "1"})
        run("POST", "experiments/set-experiment-tag", {"experiment_id": "$exp", "key": key, "value": "1"})
        batch = {"key": key, "value": "1"}
        run("POST", "runs/log-batch", {"run_id": "$run", "params": [{"key": "p", "value": "1"}, batch]})
        run("POST", "runs/log-batch", {"run_id": "$run", "tags": [batch]})
        run("POST", "runs/log-batch",
            {"run_id": "$run", "metrics": [{"key": key, "value": 1, "timestamp": 1}]})
        run("GET", "runs/get", {"run_id": "$run"})
        if "\0" not in key:
            run("POST", "runs/delete-tag", {"run_id": "$run", "key": key})


# ------------------------------------------------------------------------------- runs


def test_runs_live_as_in_mlflow(twin):
    new = {"experiment_id": "0", "user_id": "ana", "run_name": "r1", "start_time": 1700000000123,
           "tags": [{"key": "mlflow.source.name", "value": "x"}, {"key": "any key, at all!", "value": ""}]}
    twin("POST", "runs/create", new, save={"r": "run.info.run_id"})
    twin("GET", "runs/get", {"run_id": "$r"})
    twin("GET", "runs/get", {"run_uuid": "$r"})
    twin("POST", "runs/update", {"run_id": "$r", "status": "FINISHED", "end_time": 1700000009999})
    twin("POST", "runs/update", {"run_uuid": "$r", "run_name": "renamed"})
    twin("POST", "runs/update", {"run_id": "$r", "run_name": ""})
    twin("POST", "runs/update", {"run_id": "$r", "end_time": "17"})
    twin("POST", "runs/update", {"run_id": "$r"})
    twin("GET", "runs/get", {"run_id": "$r"})
    twin("POST", "runs/set-tag", {"run_id": "$r", "key": "mlflow.runName", "value": "by tag"})
    twin("POST", "runs/set-tag", {"run_id": "$r", "key": "mlflow.runName", "value": ""})
    twin("GET", "runs/get", {"run_id": "$r"})
    twin("POST", "runs/delete", {"run_id": "$r"})
    twin("POST", "runs/delete", {"run_id": "$r"})
    twin("GET", "runs/get", {"run_id": "$r"})
    for name, body in [
        ("log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("log-parameter", {"key": "m", "value": "1"}), ("set-tag", {"key": "m", "value": "1"}),
        ("delete-tag", {"key": "m"}), ("update", {"status": "FAILED"}),
        ("log-batch", {"params": [{"key": "a", "value": "1"}]}), ("log-batch", {}),
        ("log-inputs", {}), ("outputs", {"models": [{"model_id": "m-1", "step": 0}]}),
    ]:
        twin("POST", f"runs/{name}", {"run_id": "$r", **body})
    twin("POST", "runs/restore", {"run_id": "$r"})
    twin("POST", "runs/restore", {"run_id": "$r"})
    twin("GET", "runs/get", {"run_id": "$r"})


def test_a_run_without_a_name_gets_one_in_three_parts(twin):
    for side in (twin.mlflow, twin.podium):
        status, body = side.call("POST", "runs/create", {"experiment_id": "0"})
        run = body["run"]
        name = run["info"]["run_name"]
        assert status == 200 and len(name) <= 20
        adjective, noun, number = name.split("-")
        assert adjective.isalpha() and noun.isalpha() and 0 <= int(number) <= 1000
        assert {"key": "mlflow.runName", "value": name} in run["data"]["tags"]
        assert run["info"]["artifact_uri"] == f"{side.root}/mlruns/0/{run['info']['run_id']}/artifacts"


NEW_RUNS = [
    {"experiment_id": "99"}, {"experiment_id": "x"}, {"experiment_id": 0, "run_name": "a"},
    {"experiment_id": "0", "run_name": "a", "start_time": "12"},
    {"experiment_id": "0", "run_name": "a", "start_time": "x"},
    {"experiment_id": "0", "run_name": "a", "start_time": 1.0},
    {"experiment_id": "0", "run_name": "a", "start_time": "1e3"},
    {"experiment_id": "0", "run_name": "a", "start_time": -5},
    {"experiment_id": "0", "run_name": 3}, {"experiment_id": "0", "run_name": "n" * 300},
    {"experiment_id": "0", "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "a"}]},
    {"experiment_id": "0", "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]},
    {"experiment_id": "0", "tags": [{"key": "mlflow.runName", "value": "b"}]},
    {"experimentId": "0", "runName": "camel", "startTime": "7"},
    {"experiment_id": "0", "run_name": "a", "runName": "b"},
    {"experiment_id": "0", "run_name": "a", "tags": [{"key": "k", "value": "v" * 9000}]},
]


def test_requests_for_a_run_are_checked(twin):
    for request_ in NEW_RUNS:
        twin("POST", "runs/create", request_, save={"r": "run.info.run_id"})


def test_a_tag_given_twice_to_a_new_run_is_refused(twin):
    twin("POST", "runs/create", {"experiment_id": "0", "run_name": "a", "tags": [
        {"key": "k", "value": "1"}, {"key": "k", "value": "2"}]}, words=False)


STATES = [
    "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED", "finished", "NOPE", "", 3, "3", 9, None,
    True, 2.0, ["FINISHED"],
]


def test_states_of_runs_are_read_as_mlflow_reads_them(run):
    for status in STATES:
        run.fresh()
        run("POST", "runs/update", {"run_id": "$run", "status": status})
        run("GET", "runs/get", {"run_id": "$run"})


RUN_IDS = ["", LONG_ID, "x", "../x", "é", "0" * 300, "a b", None, 3, ["a"]]


def test_ids_of_runs_are_checked(twin):
    for id_ in RUN_IDS:
        twin("GET", "runs/get", {"run_id": id_})
        twin("POST", "runs/delete", {"run_id": id_})
        twin("POST", "runs/restore", {"run_id": id_})
        twin("POST", "runs/update", {"run_id": id_})
        twin("POST", "runs/set-tag", {"run_id": id_, "key": "k", "value": "v"})
        twin("POST", "runs/delete-tag", {"run_id": id_, "key": "k"})
        twin("POST", "runs/log-parameter", {"run_id": id_, "key": "k", "value": "v"})
        twin("POST", "runs/log-metric", {"run_id": id_, "key": "k", "value": 1, "timestamp": 1})
        twin("POST", "runs/log-batch", {"run_id": id_})
        twin("POST", "runs/log-inputs", {"run_id": id_})
        twin("POST", "runs/outputs", {"run_id": id_, "models": [{"model_id": "m-1", "step": 0}]})
        twin("GET", "metrics/get-history", {"run_id": id_, "metric_key": "k"})


# ------------------------------------------------------------------------------- params, tags


def test_parameters_are_set_once(run):
    run("POST", "runs/log-parameter", {"run_id": "$run", "key": "p", "value": "1"})
    run("POST", "runs/log-parameter", {"run_id": "$run", "key": "p", "value": "1"})
    run("POST", "runs/log-parameter", {"run_id": "$run", "key": "p", "value": "2"})
    run("POST", "runs/log-parameter", {"run_id": "$run", "key": "empty", "value": ""})
    run("POST", "runs/log-parameter", {"run_id": "$run", "key": "none"})
    run("POST", "runs/log-parameter", {"run_id": "$run", "key": "n", "value": 3})
    run("POST", "runs/log-parameter", {"run_id": "$run", "key": "n", "value": None})
    run("POST", "runs/log-parameter", {"run_id": "$run", "key": "long", "value": "é" * 6001})
    run("POST", "runs/log-parameter", {"run_id": "$run", "key": "long", "value": "é" * 6000})
    run("POST", "runs/log-parameter", {"run_uuid": "$run", "key": "uuid", "value": "x"})
    run("POST", "runs/log-parameter", {"run_id": "$run"})
    run("GET", "runs/get", {"run_id": "$run"})


def test_tags_are_written_over_and_cut(run):
    run("POST", "runs/set-tag", {"run_id": "$run", "key": "t", "value": "1"})
    run("POST", "runs/set-tag", {"run_id": "$run", "key": "t", "value": "2"})
    run("POST", "runs/set-tag", {"run_id": "$run", "key": "long", "value": "☂" * 8001})
    run("POST", "runs/set-tag", {"run_id": "$run", "key": "none"})
    run("POST", "runs/set-tag", {"run_id": "$run", "key": "n", "value": 3})
    run("GET", "runs/get", {"run_id": "$run"})
    run("POST", "runs/delete-tag", {"run_id": "$run", "key": "t"})
    run("POST", "runs/delete-tag", {"run_id": "$run", "key": "t"})
    run("GET", "runs/get", {"run_id": "$run"})


# ------------------------------------------------------------------------------- metrics

VALUES = [
    0, 1, -1, 0.1, 1e308, -1e308, 1e-320, "NaN", "Infinity", "-Infinity", "inf", "-inf", "1.5",
    " 2 ", "1e400", "", None, True, 123456789012345678, 0.30000000000000004,
]


def test_values_of_metrics_are_read_as_mlflow_reads_them(run):
    for value in VALUES:
        run.fresh()
        run("POST", "runs/log-metric", {"run_id": "$run", "key": "m", "value": value, "timestamp": 3})
        run("POST", "runs/log-batch",
            {"run_id": "$run", "metrics": [{"key": "b", "value": value, "timestamp": 3, "step": 1}]})
        run("GET", "runs/get", {"run_id": "$run"})
        run("GET", "metrics/get-history", {"run_id": "$run", "metric_key": "m"})


TIMES = [
    {"timestamp": -1}, {"timestamp": 0}, {"timestamp": "5"}, {"timestamp": None},
    {"timestamp": 2**63 - 1}, {"timestamp": 1, "step": -7},
    {"timestamp": 1, "step": 2**63 - 1}, {"timestamp": 1, "step": "9"},
    {"timestamp": 1, "step": None}, {"timestamp": 1, "step": 1e3}, {},
]


def test_times_and_steps_of_metrics_are_checked(run):
    for fields in TIMES:
        run.fresh()
        run("POST", "runs/log-metric", {"run_id": "$run", "key": "m", "value": 1.5, **fields})
        run("POST", "runs/log-batch", {"run_id": "$run", "metrics": [
            {"key": "ok", "value": 1, "timestamp": 1}, {"key": "m", "value": 2, **fields}]})
        run("GET", "runs/get", {"run_id": "$run"})


def test_the_latest_value_is_the_largest_step_time_and_value(run):
    rng = random.Random(11)
    values = [0, 1, -1, "NaN", "Infinity", "-Infinity", 2.5]
    for i in range(120):
        metric = {"key": rng.choice("abc"), "value": rng.choice(values),
                  "timestamp": rng.randint(0, 3), "step": rng.randint(-2, 2)}
        if i % 3:
            run("POST", "runs/log-metric", {"run_id": "$run", **metric})
        else:
            more = [{**metric, "step": rng.randint(-2, 2), "value": rng.choice(values)}
                    for _ in range(6)]
            run("POST", "runs/log-batch", {"run_id": "$run", "metrics": [metric, *more, metric]})
        if i % 10 == 0:
            run("GET", "runs/get", {"run_id": "$run"})
    for key in "abcd":
        run("GET", "metrics/get-history", {"run_id": "$run", "metric_key": key})


def test_history_comes_in_pages(run):
    run("POST", "runs/log-batch", {"run_id": "$run", "metrics": [
        {"key": "m", "value": i / 7, "timestamp": i // 3, "step": i % 5} for i in range(25)]})
    token = None
    for _ in range(4):
        ask = {"run_id": "$run", "metric_key": "m", "max_results": 7}
        if token:
            ask["page_token"] = token
        answer = run("GET", "metrics/get-history", ask, order=True)
        token = answer.get("next_page_token")
    assert token is None
    for bad in (0, -1):
        run("GET", "metrics/get-history", {"run_id": "$run", "metric_key": "m", "max_results": bad})


TOKENS = [
    "eyJvZmZzZXQiOiAyfQ==", "eyJvZmZzZXQiOiAyfQ", "!!!", "e30=", "W10=", "eA==", "eyJvZmZzZXQiOiAiMyJ9",
    "eyJvZmZzZXQiOiAieCJ9", "eyJvZmZzZXQiOiAwfQ==", "a", "eyJv\nZmZzZXQiOiAyfQ==",
]


def test_page_tokens_are_read_as_mlflow_reads_them(run):
    for token in TOKENS:
        run.fresh()
        run("POST", "runs/log-batch", {"run_id": "$run", "metrics": [
            {"key": "m", "value": i, "timestamp": i} for i in range(5)]})
        run("GET", "metrics/get-history",
            {"run_id": "$run", "metric_key": "m", "max_results": 2, "page_token": token},
            order=True, words=token != "eyJvZmZzZXQiOiAwfQ==")


def test_a_metric_of_an_unknown_model_is_refused(run):
    run("POST", "runs/log-metric", {"run_id": "$run", "key": "m", "value": 1, "timestamp": 1,
                                    "model_id": "m-nope"}, words=False)
    run("POST", "runs/log-metric", {"run_id": LONG_ID, "key": "../m", "value": 1, "timestamp": 1,
                                    "model_id": "m-nope"})


# ------------------------------------------------------------------------------- batches


def test_a_batch_writes_all_three_kinds(run):
    run("POST", "runs/log-batch", {
        "run_id": "$run",
        "metrics": [{"key": "m", "value": 1, "timestamp": 1}, {"key": "m", "value": 2, "timestamp": 1},
                    {"key": "m", "value": 2, "timestamp": 1}],
        "params": [{"key": "p", "value": "1"}, {"key": "q"}],
        "tags": [{"key": "t", "value": "1"}, {"key": "t", "value": "2"},
                 {"key": "mlflow.runName", "value": "new name"}],
    })
    run("GET", "runs/get", {"run_id": "$run"})
    run("POST", "runs/log-batch", {"run_id": "$run"})
    run("POST", "runs/log-batch", {"run_id": "$run", "params": [
        {"key": "p", "value": "1"}, {"key": "q", "value": "it's"}, {"key": "new", "value": "1"}]})
    run("GET", "runs/get", {"run_id": "$run"})


def test_counts_of_a_batch_are_limited(run):
    def metrics(n):
        return [{"key": f"m{i}", "value": i, "timestamp": 1} for i in range(n)]

    def pairs(n):
        return [{"key": f"k{i}", "value": str(i)} for i in range(n)]

    run("POST", "runs/log-batch", {"run_id": "$run", "metrics": metrics(1000)})
    run("POST", "runs/log-batch", {"run_id": "$run", "metrics": metrics(1001)})
    run("POST", "runs/log-batch", {"run_id": "$run", "params": pairs(100)})
    run("POST", "runs/log-batch", {"run_id": "$run", "params": pairs(101)})
    run("POST", "runs/log-batch", {"run_id": "$run", "tags": pairs(100)})
    run("POST", "runs/log-batch", {"run_id": "$run", "tags": pairs(101)})
    run("POST", "runs/log-batch", {"run_id": "$run", "metrics": metrics(950), "tags": pairs(51)})
    run("GET", "runs/get", {"run_id": "$run"})


BATCHES = [
    {"metrics": 3}, {"metrics": [{"value": 1, "timestamp": 1}]}, {"metrics": [{"key": "a", "timestamp": 1}]},
    {"metrics": [{"key": "a", "value": 1}]}, {"metrics": [{"key": "a", "value": "", "timestamp": 1}]},
    {"params": [{"value": "1"}]}, {"params": [{"key": "", "value": "1"}]}, {"tags": [{"value": "1"}]},
    {"params": [{"key": "a", "value": "1"}, {"key": "a", "value": "1"}, {"key": "a'", "value": "2"}]},
    {"params": [{"key": "b", "value": "1"}, {"key": "b", "value": "2"}, {"key": "b", "value": "3"}]},
    {"params": {"key": "a"}}, {"params": "x"},
    {"metrics": None, "params": None, "tags": None}, {"run_uuid": "x"},
    {"params": [{"key": "a", "value": "v" * 6001}], "tags": [{"key": "b", "value": "v" * 8001}]},
]


def test_batches_are_checked(run):
    for batch in BATCHES:
        run.fresh()
        run("POST", "runs/log-batch", {"run_id": "$run", **batch})
        run("GET", "runs/get", {"run_id": "$run"})


# ------------------------------------------------------------------------------- inputs, outputs


def dataset(name="d", digest="1", tags=(), **more):
    return {"dataset": {"name": name, "digest": digest, "source_type": "local", "source": "x", **more},
            "tags": [{"key": k, "value": v} for k, v in tags]}


def test_datasets_are_kept_once_an_experiment(run):
    run("POST", "runs/log-inputs", {"run_id": "$run", "datasets": [
        dataset(tags=[("mlflow.data.context", "training")], schema="{}", profile="[1]"),
        dataset(digest="2"), dataset(digest="2", source="other"), dataset(name="e", schema="")]})
    run("GET", "runs/get", {"run_id": "$run"})
    run("POST", "runs/log-inputs", {"run_id": "$run", "datasets": [dataset(tags=[("more", "x")])]})
    run("GET", "runs/get", {"run_id": "$run"})
    run("POST", "runs/create", {"experiment_id": "$exp", "run_name": "second"},
        save={"second": "run.info.run_id"})
    run("POST", "runs/log-inputs", {"run_id": "$second", "datasets": [dataset(tags=[("more", "x")])]})
    run("GET", "runs/get", {"run_id": "$second"})


def test_models_go_in_and_come_out(run):
    run("POST", "runs/log-inputs", {"run_id": "$run", "models": [{"model_id": "m-1"}, {"model_id": "m-2"}]})
    run("POST", "runs/log-inputs", {"run_id": "$run", "models": [{"model_id": "m-1"}]})
    run("POST", "runs/outputs", {"run_id": "$run", "models": [
        {"model_id": "m-3", "step": 4}, {"model_id": "m-4"}, {"model_id": "m-5", "step": "7"}]})
    run("POST", "runs/outputs", {"run_id": "$run", "models": [{"model_id": "m-3", "step": 5}]}, words=False)
    run("GET", "runs/get", {"run_id": "$run"})


INPUTS = [
    {"datasets": 3}, {"datasets": [dataset(name="n" * 501)]}, {"datasets": [dataset(digest="d" * 37)]},
    {"datasets": [dataset(source="s" * 65536)]}, {"datasets": [dataset(schema="s" * 1048576)]},
    {"datasets": [dataset(tags=[("k" * 256, "v")])]}, {"datasets": [dataset(tags=[("k", "v" * 501)])]},
    {"datasets": [dataset(tags=[("k" * 255, "v" * 500)])]}, {"models": "x"}, {"models": []}, {},
    {"datasets": []},
]


def test_inputs_are_checked(run):
    for body in INPUTS:
        run.fresh()
        run("POST", "runs/log-inputs", {"run_id": "$run", **body})
        run("GET", "runs/get", {"run_id": "$run"})


OUTPUTS = [None, [], "x", 3]


def test_outputs_are_checked(run):
    for models in OUTPUTS:
        run.fresh()
        run("POST", "runs/outputs", {"run_id": "$run", "models": models})
        run("GET", "runs/get", {"run_id": "$run"})


# ------------------------------------------------------------------------------- log-model

MODEL = ('{"artifact_path": "model", "run_id": "r", "utc_time_created": "2024-01-01 00:00:00.000000", '
         '"model_uuid": "abc", "flavors": {"sklearn": {"config": {"x": 1}, "pickled_model": "model.pkl"}}, '
         '"mlflow_version": "2.9.0"}')


def test_models_are_noted_in_a_tag(run):
    run("POST", "runs/log-model", {"run_id": "$run", "model_json": MODEL})
    run("POST", "runs/log-model", {"run_id": "$run", "model_json": MODEL.replace("model.pkl", "é")})
    for side in (run.mlflow, run.podium):
        _, body = side.call("GET", "runs/get", {"run_id": side.saved["run"]})
        tags = {t["key"]: t["value"] for t in body["run"]["data"]["tags"]}
        side.history = json.loads(tags["mlflow.log-model.history"])
    assert run.podium.history == run.mlflow.history


MODELS = ["", "x", '{"run_id": "r", "flavors": {}, "utc_time_created": "t"}']


def test_models_are_checked(run):
    for text in MODELS:
        run.fresh()
        run("POST", "runs/log-model", {"run_id": "$run", "model_json": text})
        run("POST", "runs/log-model", {"run_id": LONG_ID, "model_json": MODEL})


# ------------------------------------------------------------------------------- other than MLflow

METRIC = {"key": "m", "value": 1, "timestamp": 1}
UNREADABLE = [
    ("runs/create", {"experiment_id": "0", "start_time": 1.5}, "start_time"),
    ("runs/create", {"experiment_id": "0", "start_time": True}, "start_time"),
    ("runs/create", {"experiment_id": "0", "user_id": 3}, "user_id"),
    ("runs/update", {"run_id": "$run", "status": "9"}, "status"),
    ("runs/log-metric", {"run_id": "$run", **METRIC, "value": "nan"}, "value"),
    ("runs/log-metric", {"run_id": "$run", **METRIC, "value": [1]}, "value"),
    ("runs/log-metric", {"run_id": "$run", **METRIC, "timestamp": 1.5}, "timestamp"),
    ("runs/log-metric", {"run_id": "$run", **METRIC, "step": 1.5}, "step"),
    ("runs/log-batch", {"run_id": "$run", "metrics": [METRIC, {**METRIC, "value": "x"}]}, "metrics"),
    ("runs/log-batch", {"run_id": "$run", "metrics": [METRIC, {**METRIC, "step": "x"}]}, "metrics"),
    ("runs/log-batch", {"run_id": "$run", "params": [{"key": "a", "value": 3}]}, "params"),
    ("runs/outputs", {"run_id": "$run", "models": [{"model_id": "a", "step": "x"}]}, "models"),
]


def test_what_cannot_be_read_is_refused_where_mlflow_writes_a_part_of_it(run):
    side = run.podium
    for path, request, field in UNREADABLE:
        before = side.call("GET", "runs/get", side.fill({"run_id": "$run"}))
        status, body = side.call("POST", path, side.fill(request))
        assert status == 400 and body["error_code"] == "INVALID_PARAMETER_VALUE", request
        assert f"for parameter '{field}' supplied" in body["message"]
        assert side.call("GET", "runs/get", side.fill({"run_id": "$run"})) == before
    run("GET", "metrics/get-history", {"run_id": "$run", "metric_key": "m"})
