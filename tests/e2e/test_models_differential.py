"""The same requests about models to MLflow's REST handlers and to podium: the answers must agree.

Each test is a sequence. Ids, times and folders differ by nature; they are learned as they appear
(`side.ids`) and replaced by their names before two answers are compared.
"""

import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMES = re.compile(r"^(creation_timestamp|last_updated_timestamp|creation_timestamp_ms|"
                   r"last_updated_timestamp_ms|start_time|timestamp)$")
DOCS = " See the API docs for more information about request parameters."


class Mlflow:
    def __init__(self, rest):
        self.rest = rest
        self.ids = {"ROOT": str(rest.root / "mlruns")}

    def call(self, verb, method, request):
        path = "/api/2.0/mlflow/" + method
        if method.startswith("logged-models/"):
            path, request = self.logged_model_path(method[14:], dict(request or {}))
        if verb in ("GET",):
            return self.rest.call(verb, path, query=request)
        return self.rest.call(verb, path, body=request if request is not None else {})

    @staticmethod
    def logged_model_path(what, request):
        path = "/api/2.0/mlflow/logged-models"
        if what not in ("create", "search"):
            path += "/" + request.get("model_id", "")
        if what in ("set-tags", "delete-tag"):
            path += "/tags"
        if what == "delete-tag":
            path += "/" + request.get("tag_key", "")
        if what == "log-params":
            path += "/params"
        if what == "list-artifacts":
            path += "/artifacts/directories"
        return path, request


class Podium:
    def __init__(self, folder, env):
        program = pathlib.Path(os.environ.get("PODIUM_TOOLS") or ROOT / "build/tools") / "api_batch"
        self.ids = {"ROOT": str(folder / "mlruns")}
        self.proc = subprocess.Popen(
            [program, f"sqlite:///{folder}/podium.db", folder / "mlruns"], cwd=folder, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def call(self, verb, method, request):
        line = {"verb": verb, "method": method, "request": request or {}}
        self.proc.stdin.write(json.dumps(line) + "\n")
        self.proc.stdin.flush()
        answer = self.proc.stdout.readline()
        assert answer, f"api_batch ended at {line}"
        answer = json.loads(answer)
        return answer["status"], answer["body"]

    def close(self):
        self.proc.stdin.close()
        self.proc.wait(30)


def fill(value, ids):
    """Put a side's own ids where a request says <name>."""
    if isinstance(value, str):
        return re.sub(r"<(\w+)>", lambda m: ids.get(m.group(1), m.group(0)), value)
    if isinstance(value, list):
        return [fill(v, ids) for v in value]
    if isinstance(value, dict):
        return {k: fill(v, ids) for k, v in value.items()}
    return value


def plain(value, ids, key=""):
    """An answer without what differs by nature: ids by their names, times by the word."""
    if isinstance(value, str):
        for name, text in sorted(ids.items(), key=lambda i: -len(i[1])):
            value = value.replace(text, f"<{name}>")
        return value
    if isinstance(value, list):
        items = [plain(v, ids) for v in value]
        return sorted(items, key=str) if key in ("tags", "params", "aliases", "metrics") else items
    if isinstance(value, dict):
        return {k: plain(v, ids, k) for k, v in value.items()}
    if TIMES.match(key) and isinstance(value, int) and value > 10**12:
        return "<time>"
    return value


class Both:
    def __init__(self, mlflow, podium):
        self.sides = mlflow, podium

    def __call__(self, verb, method, request=None, learn=None, status=None, words=True):
        """One request to both; `learn` maps a name to a function that finds an id in the answer.
        words=False: the message is MLflow's database library's own and only the code counts."""
        seen = []
        for side in self.sides:
            got, body = side.call(verb, method, fill(request, side.ids))
            for name, find in (learn or {}).items():
                side.ids[name] = find(body)
            body = plain(body, side.ids)
            if got != 200:
                keep = ("error_code", "message") if words else ("error_code",)
                body = {k: v for k, v in body.items() if k in keep} if body else body
            seen.append((got, body))
        assert seen[1] == seen[0], f"{verb} {method} {request}\n mlflow {seen[0]}\n podium {seen[1]}"
        if status is not None:
            assert seen[0][0] == status, seen[0]
        return seen[0][1]

    def each(self, do):
        for side in self.sides:
            do(side)

    # shorthands
    def new_model(self, name, **more):
        return self("POST", "registered-models/create", {"name": name, **more}, status=200)

    def new_run(self, name="run"):
        for side in self.sides:
            request = {"experiment_id": "0", "run_name": "r"}
            status, body = side.call("POST", "runs/create", request)
            assert status == 200, body
            side.ids[name] = body["run"]["info"]["run_id"]

    def new_version(self, name, **more):
        request = {"name": name, "source": "s3://bucket/model", **more}
        return self("POST", "model-versions/create", request, status=200)

    def new_logged_model(self, name="model", **more):
        request = {"experiment_id": "0", "name": "m", **more}
        return self("POST", "logged-models/create", request, learn={
            name: lambda b: b["model"]["info"]["model_id"]}, status=200)


@pytest.fixture
def both(mlflow_rest, tmp_path, clean_env):
    folder = tmp_path / "podium"
    folder.mkdir()
    podium = Podium(folder, clean_env)
    yield Both(Mlflow(mlflow_rest), podium)
    podium.close()


BAD_NAMES = ["", " ", "a/b", "a:b", "..", ".", "a/../b", "/a", None, 7, ["x"], "\u00a0"]
ODD_NAMES = ["my model", "fähre", "模型", "a@b", "a%20b", "a?b#c", "x" * 256, "..a", "a..b", " a "]


# ------------------------------------------------------------------------------- models


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("method", [
    ("POST", "create"), ("GET", "get"), ("PATCH", "update"), ("DELETE", "delete")])
def test_bad_model_names_are_refused_alike(both, method, name):
    if method[0] == "GET" and not isinstance(name, str):
        pytest.skip("a query has texts alone")
    if name == "\u00a0":
        pytest.skip("white space of other scripts, see docs/compat.md")
    both(method[0], "registered-models/" + method[1], {"name": name})


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_model_names_are_taken_alike(both, name):
    both("POST", "registered-models/create", {"name": name})
    both("GET", "registered-models/get", {"name": name})
    both("POST", "model-versions/create", {"name": name, "source": "s3://b/k"})
    both("GET", "model-versions/get", {"name": name, "version": "1"})


def test_a_model_is_made_read_changed_renamed_and_deleted(both):
    tags = [{"key": "a", "value": "1"}, {"key": "b", "value": ""}, {"key": "a", "value": "2"}]
    both("POST", "registered-models/create", {})
    both.new_model("taxi", tags=tags, description="about")
    both("POST", "registered-models/create", {"name": "taxi"}, status=400)
    both("GET", "registered-models/get", {"name": "taxi"}, status=200)
    both("GET", "registered-models/get", {"name": "Taxi"}, status=404)
    both("GET", "registered-models/get", {})
    both("PATCH", "registered-models/update", {"name": "taxi", "description": "new"}, status=200)
    both("PATCH", "registered-models/update", {"name": "taxi"}, status=200)
    both("PATCH", "registered-models/update", {"name": "none", "description": "x"}, status=404)
    both.new_model("bus")
    both("POST", "registered-models/rename", {"name": "taxi", "new_name": "bus"}, words=False,
         status=400)
    both("POST", "registered-models/rename", {"name": "taxi", "new_name": "taxi"})
    both("POST", "registered-models/rename", {"name": "taxi", "new_name": "a/b"}, status=400)
    both("POST", "registered-models/rename", {"name": "taxi", "new_name": " "}, status=400)
    both("POST", "registered-models/rename", {"name": "taxi"}, status=400)
    both("POST", "registered-models/rename", {"name": "none", "new_name": "x"}, status=404)
    both.new_version("taxi", tags=[{"key": "k", "value": "v"}])
    both("POST", "registered-models/alias", {"name": "taxi", "alias": "champion", "version": "1"})
    both("POST", "registered-models/rename", {"name": "taxi", "new_name": "cab"}, status=200)
    both("GET", "registered-models/get", {"name": "taxi"}, status=404)
    both("GET", "registered-models/get", {"name": "cab"}, status=200)
    both("GET", "registered-models/alias", {"name": "cab", "alias": "champion"}, status=200)
    both("GET", "model-versions/get", {"name": "cab", "version": "1"}, status=200)
    both("DELETE", "registered-models/delete", {"name": "cab"}, status=200)
    both("DELETE", "registered-models/delete", {"name": "cab"}, status=404)
    both("GET", "model-versions/get", {"name": "cab", "version": "1"}, status=404)
    both.new_model("cab")
    both("GET", "registered-models/get", {"name": "cab"}, status=200)


def test_a_prompt_and_a_model_do_not_share_a_name(both):
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    both.new_model("p", tags=prompt)
    both("POST", "registered-models/create", {"name": "p"}, status=400)
    both("POST", "registered-models/create", {"name": "p", "tags": prompt}, status=400)
    both.new_model("m")
    both("POST", "registered-models/create", {"name": "m", "tags": prompt}, status=400)
    both("POST", "model-versions/create", {"name": "p", "source": "dummy-source", "tags": prompt})
    both("POST", "model-versions/create", {"name": "p", "source": "s3://b/k", "tags": prompt})
    both("POST", "model-versions/create", {"name": "m", "source": "models:/p/1"})
    long = [*prompt, {"key": "mlflow.prompt.text", "value": "x" * 100001}]
    both("POST", "model-versions/create", {"name": "p", "source": "dummy-source", "tags": long})


KEYS = ["k", "", "a/b", "a//b", "..", "a b.c-d:e_f", "ä", "a\nb", "k" * 250, "k" * 251, "a?b", None]


@pytest.mark.parametrize("key", KEYS)
def test_tag_keys_are_judged_alike(both, key):
    both.new_model("taxi")
    both.new_version("taxi")
    for value in ("v", "", "x" * 100000, "x" * 100001):
        both("POST", "registered-models/set-tag", {"name": "taxi", "key": key, "value": value})
        both("POST", "model-versions/set-tag",
             {"name": "taxi", "version": "1", "key": key, "value": value})
    both("GET", "registered-models/get", {"name": "taxi"})
    both("GET", "model-versions/get", {"name": "taxi", "version": "1"})
    both("DELETE", "registered-models/delete-tag", {"name": "taxi", "key": key})
    both("DELETE", "model-versions/delete-tag", {"name": "taxi", "version": "1", "key": key})
    both("POST", "registered-models/create", {"name": "n", "tags": [{"key": key, "value": "v"}]})
    both("POST", "model-versions/create",
         {"name": "taxi", "source": "s3://b/k", "tags": [{"key": key, "value": "v"}]})


def test_tags_are_set_moved_and_removed(both):
    both.new_model("taxi")
    both.new_version("taxi")
    for method, more in (("registered-models", {}), ("model-versions", {"version": "1"})):
        who = {"name": "taxi", **more}
        both("POST", f"{method}/set-tag", {**who, "key": "k", "value": "1"}, status=200)
        both("POST", f"{method}/set-tag", {**who, "key": "k", "value": "2"}, status=200)
        both("POST", f"{method}/set-tag", {**who, "key": "n"}, status=200)
        both("POST", f"{method}/set-tag", {**who, "value": "2"}, status=400)
        both("GET", f"{method}/get", who, status=200)
        both("DELETE", f"{method}/delete-tag", {**who, "key": "k"}, status=200)
        both("DELETE", f"{method}/delete-tag", {**who, "key": "k"}, status=200)
        both("DELETE", f"{method}/delete-tag", {**who}, status=400)
        both("GET", f"{method}/get", who, status=200)
        who["name"] = "none"
        both("POST", f"{method}/set-tag", {**who, "key": "k", "value": "1"}, status=404)
        both("DELETE", f"{method}/delete-tag", {**who, "key": "k"}, status=404)


# ------------------------------------------------------------------------------- versions


def test_versions_count_up_and_are_not_given_twice(both):
    both("POST", "model-versions/create", {"name": "taxi", "source": "s3://b/k"}, status=404)
    both.new_model("taxi")
    for _ in range(3):
        both.new_version("taxi", description="d", run_link="http://x", tags=[
            {"key": "a", "value": "1"}, {"key": "a", "value": "2"}])
    both("DELETE", "model-versions/delete", {"name": "taxi", "version": "3"}, status=200)
    both("GET", "model-versions/get", {"name": "taxi", "version": "3"}, status=404)
    both("DELETE", "model-versions/delete", {"name": "taxi", "version": "3"}, status=404)
    both.new_version("taxi")
    both("GET", "model-versions/get", {"name": "taxi", "version": "4"}, status=200)
    both("GET", "registered-models/get", {"name": "taxi"}, status=200)
    both("GET", "model-versions/get-download-uri", {"name": "taxi", "version": "1"}, status=200)
    both("GET", "model-versions/get-download-uri", {"name": "taxi", "version": "3"}, status=404)
    both("GET", "model-versions/get-download-uri", {"name": "taxi"}, status=400)
    both("GET", "model-versions/get-download-uri", {}, status=400)
    both("PATCH", "model-versions/update", {"name": "taxi", "version": "1", "description": "n"})
    both("PATCH", "model-versions/update", {"name": "taxi", "version": "1", "description": ""})
    both("PATCH", "model-versions/update", {"name": "taxi", "version": "1"}, status=200)
    both("PATCH", "model-versions/update", {"name": "taxi", "version": "9"}, status=404)


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "1.0", " 1 ", "+1", "01", "1_0", "९", None,
                                     "v1", "latest", 1])
def test_version_numbers_are_read_alike(both, version):
    if version in ("1_0", "९"):
        pytest.skip("Python's spellings of numbers, see docs/compat.md")
    both.new_model("taxi")
    both.new_version("taxi")
    both("POST", "registered-models/alias", {"name": "taxi", "alias": "a", "version": version})
    both("POST", "model-versions/transition-stage",
         {"name": "taxi", "version": version, "stage": "Staging"})
    both("PATCH", "model-versions/update", {"name": "taxi", "version": version})
    if isinstance(version, str):
        both("GET", "model-versions/get", {"name": "taxi", "version": version})
        both("GET", "model-versions/get-download-uri", {"name": "taxi", "version": version})
    both("DELETE", "model-versions/delete", {"name": "taxi", "version": version})


def test_stages_move_and_archive_what_was_there(both):
    both.new_model("taxi")
    for _ in range(4):
        both.new_version("taxi")

    def move(version, stage, **more):
        return both("POST", "model-versions/transition-stage",
                    {"name": "taxi", "version": version, "stage": stage, **more})

    latest = lambda **more: both("POST", "registered-models/get-latest-versions",
                                 {"name": "taxi", **more})
    move("1", "Production")
    move("2", "sTaGing")
    move("3", "production", archive_existing_versions=True)
    latest()
    latest(stages=["Production"])
    latest(stages=["production", "None", "ARCHIVED"])
    latest(stages=["nowhere"])
    latest(stages=[])
    both("GET", "registered-models/get-latest-versions", {"name": "taxi"}, status=200)
    both("POST", "registered-models/get-latest-versions", {"name": "none"}, status=404)
    move("1", "Archived", archive_existing_versions=True)
    move("1", "None", archive_existing_versions=True)
    move("1", "nowhere")
    move("9", "Staging")
    move("4", "Staging", archive_existing_versions=False)
    move("4", "Staging", archive_existing_versions="maybe")
    both("POST", "model-versions/transition-stage", {"name": "taxi", "version": "1"}, status=400)
    both("GET", "registered-models/get", {"name": "taxi"})
    both("DELETE", "model-versions/delete", {"name": "taxi", "version": "4"})
    latest()
    both("GET", "registered-models/alias", {"name": "taxi", "alias": "latest"}, status=200)


def test_sources_of_the_store_are_judged_alike(both):
    both.new_model("taxi")
    for source in [
        "", None, 5, "s3://bucket/key", "s3://bucket", "s3://bucket/a/../b", "s3://b/%2e%2e/x",
        "s3://b/a//b", "gs://b/k/", "/etc", "etc", "./x", "file:///etc/passwd", "file:///", "file:x",
        "file://host/etc", "file://localhost/etc", "http://h/x", "https://h/a/../x", "ftp://h/x",
        "mlflow-artifacts:/x/y", "mlflow-artifacts://h:1/x", "dbfs:/x", "dbfs:/x/../y", "runs:/x/y",
        "runs:/", "runs://h/x", "models:/none/1", "models:/taxi/1", "models:/taxi", "models:/m-0",
        "models:/a/b/c", "models://h/taxi/1", "models:/", "models:/taxi@none", "models:/taxi/latest",
        "models:/taxi/Staging", "models:/taxi/nowhere", "x:y", "S3://b/k", "s3://b/a b", "s3://b/ü",
        "s3://b/%00", "//x/y", "hdfs://h/x", "wasbs://c@a.blob.core.windows.net/p", "r2://b@h/x",
    ]:
        both("POST", "model-versions/create", {"name": "taxi", "source": source})


def test_a_source_in_a_runs_artifacts_needs_that_run(both):
    both.new_model("taxi")
    both.new_run("run")
    both.new_run("other")
    both.each(lambda s: s.ids.update(ART=s.ids["ROOT"] + "/0/" + s.ids["run"] + "/artifacts"))
    for source in ["<ART>", "<ART>/model", "<ART>/model/", "<ART>/../x", "file://<ART>/model",
                   "<ART>x", "<ART>/a/../b", "<ROOT>", "runs:/<run>/model", "runs:/<run>",
                   "runs:/<other>/model", "runs:/<run>/../x", "<ART>/%2e%2e/x"]:
        for run_id in (None, "", "<run>", "<other>", "0" * 32, "not a run!", 5):
            request = {"name": "taxi", "source": source}
            if run_id is not None:
                request["run_id"] = run_id
            both("POST", "model-versions/create", request)
    both("GET", "model-versions/get", {"name": "taxi", "version": "1"})
    both("GET", "model-versions/get-download-uri", {"name": "taxi", "version": "2"})


def test_a_source_in_a_logged_model_needs_that_model(both):
    both.new_model("taxi")
    both.new_run("run")
    both.new_logged_model("model", source_run_id="<run>")
    both.new_logged_model("other")
    both.each(lambda s: s.ids.update(
        ART=s.ids["ROOT"] + "/0/models/" + s.ids["model"] + "/artifacts"))
    for source in ["models:/<model>", "models:/<other>", "<ART>", "<ART>/x", "file://<ART>",
                   "<ROOT>", "models:/m-" + "0" * 32, "models:/<model>/x", "runs:/<run>/m",
                   "s3://b/k"]:
        for more in ({}, {"model_id": "<model>"}, {"model_id": "<other>", "run_id": "<run>"},
                     {"model_id": "m-none"}, {"model_id": ""}, {"run_id": "<run>"}):
            both("POST", "model-versions/create", {"name": "taxi", "source": source, **more})
    both("GET", "logged-models/get", {"model_id": "<model>"}, status=200)
    both("GET", "registered-models/get", {"name": "taxi"}, status=200)


def test_a_version_of_another_model_hands_on_its_run(both):
    both.new_model("taxi")
    both.new_model("cab")
    both.new_run("run")
    both("POST", "model-versions/create",
         {"name": "taxi", "source": "runs:/<run>/m", "run_id": "<run>"}, status=200)
    both("POST", "registered-models/alias", {"name": "taxi", "alias": "champion", "version": "1"})
    both("POST", "model-versions/transition-stage",
         {"name": "taxi", "version": "1", "stage": "Production"})
    for source in ["models:/taxi/1", "models:/taxi@champion", "models:/taxi/production",
                   "models:/taxi/latest", "models:/taxi@latest", "models:/taxi@none",
                   "models:/taxi/Staging", "models:/taxi/9", "models:/none/1", "models:/taxi/01"]:
        for more in ({}, {"run_id": "<run>"}, {"run_id": "other"}, {"run_id": ""},
                     {"model_id": ""}, {"model_id": "m-1"}):
            both("POST", "model-versions/create", {"name": "cab", "source": source, **more})
    both("GET", "model-versions/get-download-uri", {"name": "cab", "version": "1"}, status=200)


# ------------------------------------------------------------------------------- aliases


ALIASES = ["champion", "Champion", "a_b-c", "ä", "9", "", " ", "a b", "a/b", "a@b", "latest",
           "LATEST", "v1", "V22", "v", "v1x", "va", "x" * 255, "x" * 256, None, 3]


@pytest.mark.parametrize("alias", ALIASES)
def test_alias_names_are_judged_alike(both, alias):
    both.new_model("taxi")
    both.new_version("taxi")
    both("POST", "registered-models/alias", {"name": "taxi", "alias": alias, "version": "1"})
    if isinstance(alias, str):
        both("GET", "registered-models/alias", {"name": "taxi", "alias": alias})
    both("GET", "registered-models/get", {"name": "taxi"})
    both("DELETE", "registered-models/alias", {"name": "taxi", "alias": alias})
    both("DELETE", "registered-models/alias", {"name": "none", "alias": alias})
    both("GET", "registered-models/get", {"name": "taxi"})


def test_aliases_move_and_go_with_their_version(both):
    both.new_model("taxi")
    both("GET", "registered-models/alias", {"name": "taxi", "alias": "latest"}, status=404)
    both.new_version("taxi")
    both.new_version("taxi")

    def point(alias, version):
        return both("POST", "registered-models/alias",
                    {"name": "taxi", "alias": alias, "version": version})

    point("champion", "1")
    point("challenger", "2")
    point("best", "1")
    both("GET", "model-versions/get", {"name": "taxi", "version": "1"})
    point("champion", "2")
    both("GET", "registered-models/alias", {"name": "taxi", "alias": "champion"}, status=200)
    both("GET", "registered-models/alias", {"name": "taxi", "alias": "none"}, status=400)
    both("GET", "registered-models/alias", {"name": "none", "alias": "champion"}, status=404)
    both("GET", "registered-models/alias", {"name": "taxi"}, status=400)
    point("champion", "7")
    both("GET", "registered-models/get", {"name": "taxi"})
    both("POST", "registered-models/get-latest-versions", {"name": "taxi"})
    both("DELETE", "model-versions/delete", {"name": "taxi", "version": "2"})
    both("GET", "registered-models/get", {"name": "taxi"})
    both("DELETE", "registered-models/alias", {"name": "taxi", "alias": "best"}, status=200)
    both("DELETE", "registered-models/alias", {"name": "taxi", "alias": "best"}, status=200)
    both("GET", "model-versions/get", {"name": "taxi", "version": "1"})


# ------------------------------------------------------------------------------- logged models


def test_a_logged_model_lives_from_create_to_delete(both):
    pairs = [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]
    both.new_run("run")
    both.new_logged_model("model", model_type="Agent", source_run_id="<run>", params=pairs,
                          tags=pairs)
    who = {"model_id": "<model>"}
    both("GET", "logged-models/get", who, status=200)
    both("POST", "logged-models/log-params", {**who, "params": [{"key": "c", "value": "3"}]})
    both("POST", "logged-models/log-params", {**who, "params": [{"key": "a", "value": "9"}]},
         words=False, status=400)
    both("POST", "logged-models/log-params", who)
    both("PATCH", "logged-models/set-tags", {**who, "tags": [
        {"key": "a", "value": "x"}, {"key": "d", "value": ""}, {"key": "d", "value": "e"}]})
    both("PATCH", "logged-models/set-tags", {**who, "tags": []})
    both("GET", "logged-models/get", who, status=200)
    both("DELETE", "logged-models/delete-tag", {**who, "tag_key": "a"}, status=200)
    both("DELETE", "logged-models/delete-tag", {**who, "tag_key": "a"}, status=404)
    for status in ("LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_PENDING", 2,
                   "NOTHING", None, ""):
        both("PATCH", "logged-models/finalize", {**who, "status": status})
    both("POST", "runs/log-metric", {"run_id": "<run>", "key": "m", "value": 0.5, "step": 3,
                                     "timestamp": 1, "model_id": "<model>"})
    both("GET", "logged-models/get", who, status=200)
    both("GET", "logged-models/list-artifacts", who, status=200)
    both("DELETE", "logged-models/delete", who, status=200)
    both("GET", "logged-models/get", who, status=404)
    both("DELETE", "logged-models/delete", who, status=200)
    both("PATCH", "logged-models/set-tags", {**who, "tags": [{"key": "z", "value": "1"}]})
    both("GET", "logged-models/list-artifacts", who, status=404)


@pytest.mark.parametrize("more", [
    {"name": "a/b"}, {"name": "a.b"}, {"name": "a:b"}, {"name": "it's"}, {"name": 'a"b'},
    {"name": "a%b"}, {"name": 5}, {"experiment_id": "77"}, {"experiment_id": "x"},
    {"experiment_id": ""}, {"experiment_id": None}, {"params": "x"}, {"tags": [{"key": "a"}]},
    {"name": "a b ä"}, {"source_run_id": "none"}])
def test_logged_models_are_checked_alike_when_made(both, more):
    request = {"experiment_id": "0", "name": "m", **more}
    made = {}

    def find(body):
        made[len(made)] = body
        return body.get("model", {}).get("info", {}).get("model_id", "no such id")

    both("POST", "logged-models/create", request, learn={"model": find})


def test_what_is_not_there_is_missed_alike(both):
    who = {"model_id": "m-" + "0" * 32}
    both("GET", "logged-models/get", who, status=404)
    both("DELETE", "logged-models/delete", who, status=404)
    both("PATCH", "logged-models/finalize", {**who, "status": "LOGGED_MODEL_READY"}, status=404)
    both("PATCH", "logged-models/set-tags", {**who, "tags": [{"key": "a", "value": "b"}]})
    both("DELETE", "logged-models/delete-tag", {**who, "tag_key": "a"}, status=404)
    both("POST", "logged-models/log-params", {**who, "params": [{"key": "a", "value": "b"}]})
    both("GET", "logged-models/list-artifacts", who, status=404)


# ------------------------------------------------------------------------------- artifacts


def test_artifacts_are_listed_alike(both):
    both.new_run("run")
    both.new_logged_model("model")
    both.each(lambda s: s.ids.update(
        RUN=s.ids["ROOT"] + "/0/" + s.ids["run"] + "/artifacts",
        MODEL=s.ids["ROOT"] + "/0/models/" + s.ids["model"] + "/artifacts"))
    both("GET", "artifacts/list", {"run_id": "<run>"}, status=200)

    def fill_in(side):
        for root in (side.ids["RUN"], side.ids["MODEL"]):
            folder = pathlib.Path(root)
            (folder / "data/deep").mkdir(parents=True)
            (folder / "empty").mkdir()
            (folder / "data/x.txt").write_text("x" * 12)
            (folder / "none.txt").write_text("")
            (folder / "data/deep/ü b.txt").write_text("y")
            (folder / "link").symlink_to("data")
            (folder / "out").symlink_to("/etc")

    both.each(fill_in)
    for path in [None, "", "data", "data/", "./data", "data/deep", "data/x.txt", "nothing", "..",
                 "data/..", "/", "/etc", "data/../..", "link", "out", "%2e%2e", "a#b", "data//deep",
                 "data%2Fdeep", "empty", "file:///etc"]:
        more = {} if path is None else {"path": path}
        both("GET", "artifacts/list", {"run_id": "<run>", **more})
        more = {} if path is None else {"artifact_directory_path": path}
        both("GET", "logged-models/list-artifacts", {"model_id": "<model>", **more})
    both("GET", "artifacts/list", {"run_id": "0" * 32}, status=404)
    both("GET", "artifacts/list", {}, status=400)
