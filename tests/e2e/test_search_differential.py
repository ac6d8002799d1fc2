"""Searches: podium and MLflow 3.17 read one database and give the same rows in the same order, the
same page tokens and the same errors."""

import base64
import json
import os
import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import place_database
from differential import Batch, query_of

UNORDERED = {"tags", "params", "metrics", "dataset_inputs", "model_inputs", "model_outputs",
             "aliases", "latest_versions"}

# ------------------------------------------------------------------------------- the store


def fill_runs(store, rng):
    from mlflow.entities import (
        Dataset, DatasetInput, ExperimentTag, InputTag, LoggedModelInput, LoggedModelOutput, Metric,
        Param, RunTag,
    )

    experiments = ["0"] + [
        store.create_experiment(name, tags=[ExperimentTag("team", team), ExperimentTag("a b", "1")])
        for name, team in [("rides", "taxi"), ("Rides", "Taxi"), ("日本", "é"), ("100%", "a_b")]
    ]
    store.create_experiment("plain")
    gone = store.create_experiment("gone", tags=[ExperimentTag("team", "taxi")])
    values = [0.0, -0.0, 1.0, 1.5, -2.0, 1e-300, 1e300, float("nan"), float("inf"), float("-inf")]
    texts = ["x", "X", "xy", "a%b", "a_b", "it's", 'say "q"', "", "é", "É", "日本", "1", "10", "9"]
    for i in range(60):
        run = store.create_run(
            experiments[i % 3], f"user{i % 4}", 1000 + i // 3,
            [RunTag("kind", rng.choice(texts)), RunTag("nested.tag.x", str(i % 5))],
            rng.choice(["alpha", "Beta", "beta", f"run {i}", "naïve"]),
        ).info
        metrics = [Metric("m", rng.choice(values), 1, 0), Metric("acc/val", i / 60, 1, i)]
        if i % 3:
            metrics.append(Metric("some times", rng.choice(values[:6]), 2, 1))
        params = [Param("p", rng.choice(texts)), Param("lr.x", str(i % 7))]
        if i % 4:
            params.append(Param("a b", rng.choice(texts)))
        store.log_batch(run.run_id, metrics, params, [])
        if i % 5 == 0:
            store.log_inputs(run.run_id, [DatasetInput(
                Dataset(f"data{i % 3}", f"digest{i % 10}", "local", "src"),
                [InputTag("mlflow.data.context", rng.choice(["train", "Eval"]))] if i % 2 else [],
            ), DatasetInput(Dataset("data0", f"other{i % 4}", "local", "src"), [])])
        if i % 7 == 0:
            store.update_run_info(run.run_id, rng.choice([3, 4, 5]), 5000 + i, f"renamed {i}")
        if i % 11 == 0:
            store.delete_run(run.run_id)
    store.delete_experiment(gone)
    return experiments


def fill_models(registry, rng):
    from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag

    for name in ["taxi", "Taxi", "a_b", "a b", "日本", "m0", "m1", "m2", "m3"]:
        registry.create_registered_model(
            name, [RegisteredModelTag("team", rng.choice("abAB")),
                   RegisteredModelTag("k.x", rng.choice(["1", "2"]))])
        for i in range(rng.randrange(4)):
            registry.create_model_version(
                name, f"s3://bucket/{rng.randrange(3)}", rng.choice([None, "r" * 32, "R" * 32]),
                [ModelVersionTag("stage", rng.choice("xyX")), ModelVersionTag("n", str(i))])
    prompt = [RegisteredModelTag("mlflow.prompt.is_prompt", "true")]
    registry.create_registered_model("hello", prompt)
    registry.create_model_version("hello", "dummy", None, [
        ModelVersionTag("mlflow.prompt.is_prompt", "true"), ModelVersionTag("mlflow.prompt.text", "")])
    registry.set_registered_model_alias("taxi", "champion", 1) if registry.search_model_versions(
        "name = 'taxi'") else None
    if versions := registry.search_model_versions("name = 'm1'"):
        registry.delete_model_version("m1", versions[0].version)


def fill_logged_models(store, experiments, rng):
    from mlflow.entities import LoggedModelParameter, LoggedModelStatus, LoggedModelTag, Metric

    ended = [LoggedModelStatus.READY, LoggedModelStatus.FAILED]
    runs = store.search_runs(experiments[:2], "", 1, 20)
    for i in range(24):
        run = runs[i % len(runs)].info
        model = store.create_logged_model(
            run.experiment_id, rng.choice(["net", "Net", "tree", "t_e"]), run.run_id,
            [LoggedModelTag("t", rng.choice("abA"))],
            [LoggedModelParameter("p", rng.choice(["1", "2", "x"]))],
            rng.choice([None, "sklearn", "agent"]))
        metrics = []
        for k in range(rng.randrange(3)):
            dataset = rng.choice([None, "d1", "d2"])
            metrics.append(Metric(
                "acc", rng.choice([0.1, 0.5, 0.9]), 10 + k, k, model_id=model.model_id,
                dataset_name=dataset, dataset_digest=dataset and "g1", run_id=run.run_id))
        if metrics:
            store.log_batch(run.run_id, metrics, [], [])
        if i % 5 == 0:
            store.finalize_logged_model(model.model_id, rng.choice(ended))
        if i % 9 == 0:
            store.delete_logged_model(model.model_id)


# ------------------------------------------------------------------------------- both sides


def sorted_json(value, key=""):
    if isinstance(value, list):
        items = [sorted_json(v, key) for v in value]
        if key in UNORDERED:
            items.sort(key=lambda v: json.dumps(v, sort_keys=True))
        return items
    if isinstance(value, dict):
        return {k: sorted_json(v, k) for k, v in value.items()}
    return value


def words(text):
    """A message without what differs by nature: the order of Python's sets, control characters,
    and what is cut from long ones."""
    def one_set(found):
        return "{" + ", ".join(sorted(found.group(1).split(", "))) + "}"

    text = re.sub(r"\{([^{}]*)\}", one_set, text.replace("\0", ""))
    text = re.sub(r"(got different type in list|Invalid page token: ).*", r"\1", text)
    return re.sub(r"[\x00-\x1f\x7f]", "?", text)[:250]


class Both:
    def __init__(self, folder):
        from mlflow.server import app, handlers

        self.folder = folder
        self.uri = f"sqlite:///{folder}/mlflow.db"
        self.client = app.test_client()
        handlers._tracking_store = handlers._model_registry_store = None
        self.store = handlers._get_tracking_store(self.uri, str(folder / "mlruns"))
        self.registry = handlers._get_model_registry_store(self.uri)
        self.batch = None
        self.words_matter = True

    def podium(self, method, request, verb="POST"):
        return self.batch(verb, method, request)

    def mlflow(self, method, request, verb):
        url = f"/api/2.0/mlflow/{method}"
        if verb == "GET":
            answer = self.client.get(url, query_string=[tuple(p) for p in query_of(request)])
        else:
            answer = self.client.post(url, json=request)
        return answer.status_code, answer.get_json(silent=True) or {}

    def __call__(self, method, request, verb="POST"):
        want_status, want = self.mlflow(method, request, verb)
        have_status, have = self.podium(method, request, verb)
        about = f"{method} {request}\n  mlflow {want_status} {want}\n  podium {have_status} {have}"
        if want_status == 500:  # MLflow fell over something of the caller's
            assert have_status < 500, about
            return have
        assert have_status == want_status, about
        if want_status == 200:
            assert sorted_json(have) == sorted_json(want), about
        else:
            assert have["error_code"] == want["error_code"], about
            if self.words_matter and want["error_code"] != "BAD_REQUEST":
                assert words(have["message"]) == words(want["message"]), about
        return have

    def runs(self, filter_="", order=(), **more):
        return self("runs/search", {"experiment_ids": self.experiments[:3], "filter": filter_,
                                    "order_by": list(order), **more})

    def experiments_(self, filter_="", order=(), **more):
        return self("experiments/search", {"max_results": 100, "filter": filter_,
                                           "order_by": list(order), **more})

    def models(self, filter_="", order=(), **more):
        return self("registered-models/search", {"filter": filter_, "order_by": list(order), **more},
                    verb="GET")

    def versions(self, filter_="", order=(), **more):
        return self("model-versions/search", {"filter": filter_, "order_by": list(order), **more},
                    verb="GET")

    def logged(self, filter_="", order=(), **more):
        return self("logged-models/search", {"experiment_ids": self.experiments[:3],
                                             "filter": filter_, "order_by": list(order), **more})


@pytest.fixture(scope="module")
def both(mlflow_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    place_database(mlflow_template, folder)
    both = Both(folder)
    rng = random.Random(20)
    both.experiments = fill_runs(both.store, rng)
    fill_models(both.registry, rng)
    fill_logged_models(both.store, both.experiments, rng)
    both.batch = Batch(both.uri, folder / "mlruns", folder, dict(os.environ))
    yield both
    both.batch.close()
    from mlflow.server import handlers

    handlers._tracking_store = handlers._model_registry_store = None


# ------------------------------------------------------------------------------- runs

RUN_FILTERS = [
    "", "metrics.m > 0", "metrics.m = 0", "metric.m != 0", "metrics.m >= 1.0", "metrics.m < 1e3",
    "metrics.m <= -2", "metrics.`acc/val` > 0.5", "metrics.\"acc/val\" > .5 and metrics.m > 0",
    "metrics.`some times` = 1.5", "metrics.m = 1.7976931348623157e308", "metrics.m > -1e999",
    "metrics.nothing > 0", "metrics.m>0 AND metrics.m<1e999", "metrics.a-b > 1", "metrics.m > 'x'",
    "metrics.m LIKE 1", "metrics.m IS NULL", "metrics.m = nan", "metrics.m > 0x1", "metrics.m > 1e+1",
    "params.p = 'x'", "params.p = \"x\"", "param.p != 'x'", "parameters.p LIKE 'x%'",
    "parameter.p ILIKE 'X%'", "params.p LIKE '%'", "params.p LIKE 'a\\_b'", "params.p LIKE 'a_b'",
    "params.p LIKE '%é%'", "params.p ILIKE '%É%'", "params.p = ''", "params.p = 'it''s'",
    "params.p = \"it's\"", "params.p = 'say \"q\"'", "params.`a b` = 'x'", "params.'a b' = 'x'",
    "params.\"a b\" IS NULL", "params.`a b` IS NOT NULL", "params.lr.x = '3'", "params.`lr.x` = '3'",
    "params.p > 'x'", "params.p IN ('x')", "params.p = 5", "params.p = x", "params.p like 'x'",
    "params.p NOT LIKE 'x'", "params.p RLIKE 'x'", "params.p == 'x'", "params.p = '日本'",
    "tags.kind = 'x'", "tag.kind != 'x'", "tags.`mlflow.runName` = 'alpha'", "tags.nested.tag.x = '1'",
    "tags.mlflow.user = 'user1'", "tags.kind IS NULL", "tags.none IS NULL", "tags.none is not null",
    "tags.kind ILIKE 'X%' AND tags.nested.tag.x LIKE '_'", "tags.kind", "tags.kind = 'x", "tags.kind =",
    "attributes.status = 'FINISHED'", "status = 'RUNNING'", "attr.status != 'RUNNING'",
    "run.status LIKE 'F%'", "attribute.status = 'finished'", "status ILIKE 'finished'",
    "start_time > 1010", "attributes.start_time >= 1010 and start_time < 1015", "created > 1010",
    "Created = 1005", "start_time > 1010.5", "start_time = '1010'", "start_time LIKE 1",
    "end_time > 5000", "end_time != 5007", "user_id = 'user1'", "attributes.user_id IN ('user1')",
    "run_name = 'alpha'", "attributes.`run name` = 'alpha'", "`Run name` LIKE 'run%'",
    "\"Run Name\" ILIKE 'BETA'", "run_name != 'alpha'", "run_name IN ('alpha', 'Beta')",
    "run_id = 'x'", "run_id IN ('x')", "run_id NOT IN ('x', 'y')", "run_id IN ()", "run_id IN (1)",
    "run_id IN ('x' 'y')", "run_id IN x", "run_id IN 'x'", "run_id = ('x')", "artifact_uri LIKE '%/0/%'",
    "attributes.lifecycle_stage = 'active'", "attributes.name = 'x'", "foo = 'x'", "foo.bar = 'x'",
    "dataset.name = 'data0'", "datasets.name LIKE 'data%'", "dataset.digest = 'digest5'",
    "dataset.name = 'data0' AND dataset.digest = 'other1'", "dataset.context = 'train'",
    "dataset.context ILIKE 'e%'", "dataset.context != 'train'", "dataset.name IN ('data0', 'data2')",
    "dataset.name NOT IN ('data0')", "dataset.foo = 'x'", "dataset.name = 5", "dataset.name > 'a'",
    "metrics.m > 0 OR params.p = 'x'", "metrics.m > 0 AND", "AND metrics.m > 0", "AND", "  ", "\n",
    "metrics.m > 0 params.p = 'x'", "(metrics.m > 0)", "NOT metrics.m > 0", "metrics.m > 0;",
    "metrics.m > 0; metrics.m < 1", "metrics.m > 0 -- c", "/* c */ metrics.m > 0", "metrics.m",
    "metrics > 0", "metrics. > 0", ".m > 0", "metrics..m > 0", "metrics . m > 0", "m > 0",
    "metrics.m > 0 AND metrics.m > 0", "`metrics`.m > 0", "`metrics.m` > 0", "'metrics.m' > 0",
    "5 < metrics.m", "metrics.m > metrics.m", "params.p = params.p", "params.p = NULL", "\u0000",
    "params.é = 'x'", "params.2nd = 'x'", "params.in = 'x'", "params.min = 'x'", "params.[x] = 'y'",
    "tags.\"kind\" = 'x' and tags.'kind' = 'x'", "start_time > 99999999999999999999", "🎉",
]

RUN_ORDERS = [
    [], ["metrics.m"], ["metrics.m DESC"], ["metrics.m ASC", "params.p DESC"], ["params.`a b`"],
    ["params.'a b' desc"], ["tags.kind DESC", "start_time ASC"], ["start_time"], ["start_time DESC"],
    ["end_time"], ["end_time DESC"], ["attributes.status", "attributes.run_id DESC"], ["run_name"],
    ["`run name`"], ["Created DESC"], ["attribute.created", "metrics.nothing"], ["artifact_uri DESC"],
    ["user_id", "metrics.`acc/val` DESC"], ["start_time", "created"], ["metrics.m", "metrics.m DESC"],
    ["dataset.name"], ["foo"], ["metrics.m foo"], ["metrics.m DESC NULLS LAST"], [""], ["metrics.m "],
    ["name"], ["metrics.m, params.p"], ["metrics.m;"], ["tags.`mlflow.runName` DESC"], ["'start_time'"],
    ["metrics.`some times` DESC"], ["params.p", "tags.kind", "metrics.m", "user_id", "run_id"],
]


@pytest.mark.parametrize("filter_", RUN_FILTERS)
def test_runs_are_found_as_in_mlflow(both, filter_):
    both.runs(filter_)


@pytest.mark.parametrize("order", RUN_ORDERS, ids=str)
def test_runs_are_ordered_as_in_mlflow(both, order):
    both.runs(order=order)
    both.runs("metrics.`acc/val` > 0.3", order=order, run_view_type="ALL")


@pytest.mark.parametrize("view", ["ACTIVE_ONLY", "DELETED_ONLY", "ALL", 1, 2, 3, None])
def test_deleted_runs_are_seen_by_view(both, view):
    both.runs(run_view_type=view)


@pytest.mark.parametrize("ids", [[], ["0"], ["1", "2"], ["99"], ["x"], [""], ["1.5"], [" 1 "], ["-1"],
                                 ["1", "1"], ["9" * 18]])
def test_runs_of_the_experiments_asked_for(both, ids):
    both("runs/search", {"experiment_ids": ids})


@pytest.mark.parametrize("n", [1, 7, 1000, 50000, 50001, 0, -1, 2**31, "7", 1.0, None])
def test_max_results_of_runs(both, n):
    both.runs(max_results=n)


def pages(ask):
    """Every page from both, and what they are together."""
    rows, token = [], {}
    while True:
        answer = ask(**token)
        rows += next((v for v in answer.values() if isinstance(v, list)), [])
        if "next_page_token" not in answer:
            return rows
        token = {"page_token": answer["next_page_token"]}


def test_pages_of_runs_are_mlflows_with_the_same_tokens(both):
    whole = both.runs("metrics.m < 1e999", ["metrics.m DESC"])["runs"]
    for n in (1, 3, 7, len(whole)):
        assert pages(lambda **t: both.runs("metrics.m < 1e999", ["metrics.m DESC"],
                                           max_results=n, **t)) == whole


def token(text):
    return base64.b64encode(text.encode()).decode()


TOKENS = [
    "x", "%%%", "eHg=", token("{}"), token("[]"), token('{"offset": 0}'), token('{"offset": 2}'),
    token('{"offset": "2"}'), token('{"offset": "x"}'), token('{"offset": null}'),
    token('{"offset": -3}'), token('{"offset": 2.5}'), token('{"offset": 1000000}'), token("nul"), "",
    token('{"offset": [1]}'), token('{"offset": 3, "x": 1}'), token("3"), token('"x"'),
]


@pytest.mark.parametrize("bad", TOKENS)
def test_page_tokens_are_checked(both, bad):
    both.runs(page_token=bad, max_results=5)
    both.experiments_(page_token=bad)
    both.models(page_token=bad)
    both.versions(page_token=bad)


# ------------------------------------------------------------------------------- experiments

EXPERIMENT_FILTERS = [
    "", "name = 'rides'", "name != 'rides'", "name LIKE 'r%'", "name ILIKE 'R%'", "attribute.name = 'rides'",
    "attr.name = 'rides'", "attributes.name = 'rides'", "name like 'r%'", "name IN ('rides')",
    "name > 'a'", "name = rides", "name = 5", "name LIKE '%\\%'", "name = '日本'", "name IS NULL",
    "experiment_id = '1'", "experiment_id != '1'", "experiment_id IN ('1', '2')",
    "experiment_id NOT IN ('1', '2')", "experiment_id in ('1')", "experiment_id = 1",
    "experiment_id = 'x'", "experiment_id IN ('1', 'x')", "experiment_id LIKE '1'",
    "experiment_id = ' 1 '", "experiment_id = ('1')", "creation_time > 0", "creation_time = '5'",
    "creation_time > 1.5", "last_update_time <= 99999999999999", "last_update_time LIKE 5",
    "creation_time > 99999999999999999999", "tags.team = 'taxi'", "tag.team != 'taxi'",
    "tags.team LIKE 't%'", "tags.team ILIKE 'T%'", "tags.team like 't%'", "tags.`a b` = '1'",
    "tags.team IS NULL", "tag.team IS NOT NULL", "tags.team = 5", "tags.team > 'a'", "metrics.m > 1",
    "tags.team = 'taxi' AND name LIKE '%s'", "tags.team = 'taxi' OR name = 'x'", "foo = 'x'",
    "lifecycle_stage = 'active'", "  ", "name = 'a'; name = 'b'", "tags.none IS NULL", "`name` = 'rides'",
]
EXPERIMENT_ORDERS = [
    [], ["name"], ["name DESC"], ["experiment_id"], ["experiment_id DESC"], ["creation_time", "name"],
    ["last_update_time DESC", "experiment_id ASC"], ["tags.team"], ["attribute.name ASC"], ["foo"],
    ["name", "name DESC"], ["name foo"], ["`name` desc"], ["attributes.name"], [""],
]


@pytest.mark.parametrize("filter_", EXPERIMENT_FILTERS)
def test_experiments_are_found_as_in_mlflow(both, filter_):
    both.experiments_(filter_)


@pytest.mark.parametrize("order", EXPERIMENT_ORDERS, ids=str)
def test_experiments_are_ordered_as_in_mlflow(both, order):
    both.experiments_(order=order, view_type="ALL")


@pytest.mark.parametrize("more", [
    {"max_results": 0}, {"max_results": None}, {"max_results": 50001}, {"max_results": 2},
    {"view_type": "DELETED_ONLY"}, {"view_type": "x"}, {"view_type": 3}, {"max_results": "x"},
    {"order_by": "name"}, {"filter": 5},
], ids=str)
def test_requests_for_experiments_are_checked(both, more):
    both.experiments_(**more)


def test_pages_of_experiments_are_mlflows(both):
    assert len(pages(lambda **t: both.experiments_(max_results=2, **t))) == 6


# ------------------------------------------------------------------------------- registry

MODEL_FILTERS = [
    "", "name = 'taxi'", "name != 'taxi'", "name LIKE 'm%'", "name ilike 'T%'", "name IN ('taxi', 'm0')",
    "name not in ('taxi')", "name LIKE 'a\\_b'", "name LIKE 'a_b'", "attribute.name = 'taxi'",
    "attribute.`name` = 'taxi'", "`name` = 'taxi'", "name = \"it's\"", "name > 'a'", "name = 5", "name",
    "tags.team = 'a'", "tag.team ILIKE 'A'", "tags.team = 'a' AND tags.`k.x` = '1'",
    "tags.team = 'a' AND tags.team != 'b'", "tags.team IN ('a')", "tags.team IS NULL", "tags.team = 5",
    "tags.`mlflow.prompt.is_prompt` = 'true'", "tags.`mlflow.prompt.is_prompt` = 'false'",
    "tags.`mlflow.prompt.is_prompt` != 'true'", "tags.`mlflow.prompt.is_prompt` != 'false'",
    "tags.`mlflow.prompt.is_prompt` = 'TRUE'", "name = 'hello'", "params.x = 'y'", "run_id = 'x'",
    "name = 'taxi' OR name = 'm0'", "name IN ()", "name = ('taxi')", "creation_timestamp > 5",
    "tags.mlflow.prompt.is_prompt LIKE 'true'", "  ",
]
MODEL_ORDERS = [
    [], ["name"], ["name DESC"], ["timestamp"], ["timestamp DESC"], ["last_updated_timestamp", "name DESC"],
    ["timestamp", "last_updated_timestamp"], ["creation_timestamp"], ["name", "name"], ["foo"], ["`name`"],
    ["timestamp   ASC"], ["TIMESTAMP"], ["attribute.name"], ["name ASC NULLS LAST"], [""],
]


@pytest.mark.parametrize("filter_", MODEL_FILTERS)
def test_registered_models_are_found_as_in_mlflow(both, filter_):
    both.models(filter_)


@pytest.mark.parametrize("order", MODEL_ORDERS, ids=str)
def test_registered_models_are_ordered_as_in_mlflow(both, order):
    both.models(order=order)


def test_pages_of_registered_models_are_mlflows(both):
    assert len(pages(lambda **t: both.models(max_results=3, **t))) == 9
    for n in (0, 1000, 1001, "x"):
        both.models(max_results=n)


VERSION_FILTERS = MODEL_FILTERS + [
    "version_number = 1", "version_number > 1", "version_number = '1'", "version_number = 'x'",
    "version_number = 1.5", "version_number LIKE 1", "version_number IN ('1')", "run_id LIKE 'r%'",
    f"run_id IN ('{'r' * 32}')", "run_id != 'x'", "source_path = 's3://bucket/1'", "source_path = 5",
    "source_path LIKE 's3://%'", "source_path IN ('x')", "source = 'x'", "tags.stage = 'x'",
    "tags.stage ILIKE 'X' AND tags.n = '0'", "name = 'm1'", "current_stage = 'None'",
    "name = 'taxi' and version_number >= 1", "creation_timestamp > 1", "version_number > 9" + "9" * 30,
]
VERSION_ORDERS = [
    [], ["name"], ["name DESC", "version_number"], ["version_number DESC"], ["creation_timestamp"],
    ["last_updated_timestamp DESC"], ["tag.name"], ["tags.stage"], ["version"], ["attribute.name"],
    ["name", "tags.name"], ["foo"], ["attributes.name"], ["timestamp"],
]


@pytest.mark.parametrize("filter_", VERSION_FILTERS)
def test_model_versions_are_found_as_in_mlflow(both, filter_):
    both.versions(filter_)


@pytest.mark.parametrize("order", VERSION_ORDERS, ids=str)
def test_model_versions_are_ordered_as_in_mlflow(both, order):
    both.versions(order=order)


def test_pages_of_model_versions_are_mlflows(both):
    assert pages(lambda **t: both.versions(max_results=2, **t)) == both.versions()["model_versions"]
    for n in (0, -1, 200000, 200001):
        both.versions(max_results=n)


# ------------------------------------------------------------------------------- logged models

LOGGED_FILTERS = [
    "", "name = 'net'", "name = net", "name = \"net\"", "name LIKE 'n%'", "name like 'n%'",
    "name ILIKE 'N%'", "name IN ('net', 'tree')", "name not in ('net')", "name != 'net'", "name > 'a'",
    "attributes.name = 'net'", "attribute.name = 'net'", "model_type = 'sklearn'", "model_type = agent",
    "status = 'READY'", "status = 2", "status = '3'", "model_id LIKE 'm-%'", "source_run_id = 'x'",
    "experiment_id = '0'", "creation_time > 0", "creation_timestamp > 0", "creation_timestamp_ms > 1e3",
    "last_updated_timestamp < 99999999999999", "attributes.creation_timestamp_ms > 0",
    "creation_time = 'x'", "creation_time LIKE 5", "metrics.acc > 0.3", "metrics.acc > 0.3 AND metrics.acc < 0.6",
    "metrics.`acc` >= .5", "metrics.acc = nan", "metrics.acc > x", "metrics.none > 0", "metrics.acc LIKE 1",
    "params.p = '1'", "params.p = 1", "params.p != 'x'", "params.`p` LIKE '%'", "tags.t = 'a'",
    "tags.t ILIKE 'A'", "tags.t = a AND params.p = x", "tag.t = 'a'", "metric.acc > 1", "foo.bar = 'x'",
    "foo = 'x'", "name IS NULL", "name = 'a' OR name = 'b'", "name = 'a'; name = 'b'", "  ", "name",
    "name = 'it''s'", "name IN ()", "name IN (x)", "tags.t IS NOT NULL", "lifecycle_stage = 'active'",
    "status_message = 'x'", "name NOT LIKE 'n%'", "name IN ('net'", "params.p > '1'",
]
LOGGED_ORDERS = [
    [], [{"field_name": "name"}], [{"field_name": "name", "ascending": False}], [{"field_name": "metrics.acc"}],
    [{"field_name": "metrics.acc", "ascending": False}, {"field_name": "model_id"}],
    [{"field_name": "metrics.acc", "dataset_name": "d1"}], [{"field_name": "creation_time"}],
    [{"field_name": "metrics.acc", "dataset_name": "d1", "dataset_digest": "g1", "ascending": False}],
    [{"field_name": "metrics.acc", "dataset_digest": "zz"}], [{"field_name": "model_type"}],
    [{"field_name": "creation_timestamp", "ascending": True}], [{"field_name": "foo"}], [{}],
    [{"field_name": "params.p"}], [{"field_name": "status"}, {"field_name": "status"}],
    [{"field_name": "last_updated_timestamp", "ascending": False}], [{"field_name": "model_id"}],
]


@pytest.mark.parametrize("filter_", LOGGED_FILTERS)
def test_logged_models_are_found_as_in_mlflow(both, filter_):
    both.logged(filter_)


@pytest.mark.parametrize("order", LOGGED_ORDERS, ids=str)
def test_logged_models_are_ordered_as_in_mlflow(both, order):
    both.logged(order=order)


@pytest.mark.parametrize("datasets", [
    [{"dataset_name": "d1", "dataset_digest": "g1"}], [{"dataset_name": "d1", "dataset_digest": "no"}],
    [{"dataset_name": "d1", "dataset_digest": "g1"}, {"dataset_name": "d2", "dataset_digest": "g1"}],
    [{"dataset_digest": "g1"}], [{}], [],
], ids=str)
def test_logged_models_are_found_by_dataset(both, datasets):
    both.logged(datasets=datasets)
    both.logged("metrics.acc > 0.3", datasets=datasets)


def test_a_dataset_without_digest_means_every_version_of_it(both):
    """MLflow's server asks for metrics that have no digest there; its client on a database does
    what the documentation says."""
    want = {m.model_id for m in both.store.search_logged_models(
        both.experiments[:3], datasets=[{"dataset_name": "d1"}])}
    _, have = both.podium("logged-models/search", {
        "experiment_ids": both.experiments[:3], "datasets": [{"dataset_name": "d1"}]})
    assert {m["info"]["model_id"] for m in have["models"]} == want and want


def test_pages_of_logged_models_are_mlflows_with_the_same_tokens(both):
    order = [{"field_name": "metrics.acc", "dataset_name": "é"}, {"field_name": "name"}]
    for n in (1, 5, 50):
        pages(lambda **t: both.logged("name != 'x'", order, max_results=n, **t))
    first = both.logged("name != 'x'", order, max_results=1)["next_page_token"]
    both.logged("name != 'y'", order, page_token=first)
    both.logged("name != 'x'", order[:1], page_token=first)
    both.logged("name != 'x'", page_token=first)
    both("logged-models/search", {"experiment_ids": ["1"], "filter": "name != 'x'", "order_by": order,
                                  "page_token": first})
    for bad in TOKENS[:6]:
        both.logged(page_token=bad, max_results=1)
    for n in (0, "x"):
        both.logged(max_results=n)


def test_a_negative_number_of_models_is_refused(both):
    """MLflow answers with no models and a token for the offset -1 or so."""
    for method in ("logged-models/search", "registered-models/search"):
        verb = "GET" if method.startswith("reg") else "POST"
        request = {"experiment_ids": ["0"], "max_results": -1}
        assert both.mlflow(method, request, verb)[0] == 200
        status, body = both.podium(method, request, verb)
        assert (status, body["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("order", [["start_time", "created"], ["metrics.m", "metrics.m DESC"]])
def test_an_order_named_twice_is_the_callers_mistake(both, order):
    """MLflow calls it an internal error, which its client tries again and again."""
    request = {"experiment_ids": ["0"], "order_by": order}
    want = both.mlflow("runs/search", request, "POST")
    have = both.podium("runs/search", request)
    assert (want[0], have[0]) == (500, 400)
    assert have[1]["message"] == want[1]["message"]


# ------------------------------------------------------------------------------- other methods


@pytest.mark.parametrize("ids", [["0", "1", "2"], ["1"], [], ["x"], ["1"] * 21, None], ids=str)
def test_datasets_of_experiments_are_mlflows(both, ids):
    request = {"experiment_ids": ids} if ids is not None else {}
    want = both.client.post("/ajax-api/2.0/mlflow/experiments/search-datasets", json=request)
    want = want.status_code, want.get_json()
    have = both.podium("experiments/search-datasets", request)
    assert have[0] == want[0]
    key = "dataset_summaries"
    assert sorted(map(str, have[1].get(key, []))) == sorted(map(str, want[1].get(key, [])))
    assert have[1].get("error_code") == want[1].get("error_code")


def test_sampled_histories_are_mlflows(both):
    from mlflow.entities import Metric

    run = both.store.create_run("0", "u", 1, [], "history").info.run_id
    other = both.store.create_run("0", "u", 2, [], "history").info.run_id
    rng = random.Random(3)
    both.store.log_batch(run, [Metric("h", rng.random(), i, i // 3) for i in range(200)], [], [])
    both.store.log_batch(other, [Metric("h", float(i % 2 and "nan" or i), 7, 0) for i in range(20)],
                         [], [])

    def ask(**request):
        both("metrics/get-history-bulk-interval", {"metric_key": "h", **request}, verb="GET")

    for n in (1, 2, 3, 7, 199, 200, 201, 2500, 2501, 0, -1, "x"):
        ask(run_ids=[run, other, "none"], max_results=n)
    ask(run_ids=[run], start_step=10, end_step=20, max_results=5)
    ask(run_ids=[run], start_step=20, end_step=10)
    ask(run_ids=[run], start_step=20)
    ask(run_ids=[run], end_step=20)
    ask(run_ids=["x"] * 101)
    ask(run_ids=[run], metric_key="none")
    ask()
    both("metrics/get-history-bulk-interval", {"run_ids": [run]}, verb="GET")
    both.store.delete_run(run)
    both.store.delete_run(other)


# ------------------------------------------------------------------------------- made up

KEYS = ["m", "p", "kind", "a b", "acc/val", "lr.x", "team", "name", "日本", "it's", "x y\"z", "in", "2nd"]


@st.composite
def identifiers(draw):
    entity = draw(st.sampled_from([
        "", "metrics.", "metric.", "params.", "param.", "tags.", "tag.", "attributes.", "attribute.",
        "attr.", "run.", "dataset.", "datasets.", "foo.", "`tags`.", "metrics"]))
    key = draw(st.sampled_from(KEYS) | st.sampled_from([
        "status", "run_id", "run_name", "start_time", "end_time", "created", "user_id", "context", "digest",
        "experiment_id", "creation_time", "last_update_time", "version_number", "source_path", "model_id",
        "model_type", "source_run_id", "creation_timestamp"]))
    quote = draw(st.sampled_from(["", "", "", "`", '"', "'"]))
    return f"{entity}{quote}{key}{quote}"


OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "like", "IN", "NOT IN", "in", "==", "<>",
             "NOT LIKE", "IS", "RLIKE"]
VALUES = ["'x'", "'X%'", "\"x\"", "1", "1.5", "-2", "1e3", ".5", "'1'", "('x')", "('x', 'X')", "()", "(1)",
          "x", "'it''s'", "'%'", "NULL", "''", "'日本'", "1000", "'", "nan", "(x)", "('0', '1')"]


@st.composite
def clauses(draw):
    left = draw(identifiers())
    if draw(st.integers(0, 9)) == 0:
        return left + draw(st.sampled_from([" IS NULL", " IS NOT NULL", " is null", " is  not null"]))
    space = draw(st.sampled_from([" ", " ", "  ", ""]))
    operator = draw(st.sampled_from(OPERATORS))
    if operator[0].isalpha():
        space = " "
    return left + space + operator + space + draw(st.sampled_from(VALUES))


@st.composite
def filters(draw):
    text = draw(clauses())
    for _ in range(draw(st.integers(0, 2))):
        text += draw(st.sampled_from([" AND ", " AND ", " and ", " ", " OR ", ", ", "\nAND\n"])) + draw(clauses())
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(list("'\"`()[].,;=<!- 1aé\\"))) + text[at:]
    return text


made_up = settings(max_examples=int(os.environ.get("SEARCH_EXAMPLES", 150)), deadline=None,
                   suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("search", ["runs", "experiments_", "models", "versions", "logged"])
def test_made_up_filters_are_read_as_mlflow_reads_them(both, search):
    @made_up
    @given(filters())
    def check(text):
        both.words_matter = False  # of an error for nonsense
        getattr(both, search)(text)

    check()
    both.words_matter = True


@made_up
@given(st.lists(st.tuples(identifiers(), st.sampled_from(["", " ASC", " desc", " DESC", " foo", ";"])),
                max_size=3))
def test_made_up_orders_of_runs_are_read_as_mlflow_reads_them(both, parts):
    both.words_matter = False
    both.runs(order=[a + b for a, b in parts])
    both.words_matter = True
