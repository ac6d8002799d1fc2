"""podium experiments, runs, models, alias and api, beside the real MLflow on one database."""

import json
import re
import sqlite3

import pytest


# ------------------------------------------------------------------------------- experiments


def test_experiments_live_their_whole_life(podium, mlflow_client):
    assert podium("experiments", "create", "taxi", "-t", "team=rides").ok().out == (
        "experiment 1: taxi\n")
    assert podium("experiments", "create", "bus", "-q", "-l", "/tmp/elsewhere").ok().out == "2\n"
    taxi = mlflow_client.get_experiment("1")
    assert taxi.name == "taxi" and taxi.tags == {"team": "rides"}
    assert mlflow_client.get_experiment("2").artifact_location == "/tmp/elsewhere"
    podium("experiments", "tag", "taxi", "a=b=c", "e=", "-d", "team").ok()
    assert mlflow_client.get_experiment("1").tags == {"a": "b=c", "e": ""}
    podium("experiments", "rename", "taxi", "cab").ok()
    assert mlflow_client.get_experiment("1").name == "cab"
    podium("experiments", "rm", "cab", "2").ok()
    assert mlflow_client.get_experiment("1").lifecycle_stage == "deleted"
    assert podium("experiments", "list", "-q").ok().out == "0\n"
    assert sorted(podium("experiments", "list", "-q", "--view", "deleted").ok().out.split()) == [
        "1", "2"]
    podium("experiments", "restore", "cab").ok()
    assert mlflow_client.get_experiment("1").lifecycle_stage == "active"


def test_what_mlflow_wrote_is_listed(podium, mlflow_client):
    mlflow_client.create_experiment("東京 😀", tags={"k": "v"})
    table = podium("experiments", "list").ok().out
    assert re.match(r"ID +NAME +STAGE +CREATED +ARTIFACTS\n", table)
    assert "東京 😀" in table
    listed = podium("experiments", "list", "--json").ok().json["experiments"]
    assert {e["name"] for e in listed} == {"Default", "東京 😀"}
    assert "tag         k=v" in podium("experiments", "show", "東京 😀").ok().out
    found = podium("experiments", "search", "tags.k = 'v'", "-q").ok().out
    assert found == "1\n"
    podium("experiments", "search", "nonsense !").fails(2)


def test_columns_of_a_table_are_aligned_whatever_the_script(podium):
    names = ["a", "東京", "é́x", "plain name"]
    for n in names:
        podium("experiments", "create", n).ok()
    lines = podium("experiments", "list").ok().out.splitlines()
    import unicodedata

    def width(s):
        return sum(0 if unicodedata.combining(c) else
                   2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in s)

    at = {width(line[:line.index("active")]) for line in lines[1:]}
    assert len(at) == 1 and at == {lines[0].index("STAGE")}


def test_a_slip_in_a_name_changes_nothing_and_is_answered_with_the_near_one(
    podium, mlflow_client
):
    mlflow_client.create_experiment("taxi")
    podium("experiments", "rm", "taxi", "taxii").fails(3, "no experiment `taxii`; near: `taxi`")
    assert mlflow_client.get_experiment_by_name("taxi").lifecycle_stage == "active"
    podium("experiments", "show", "99").fails(3, "no experiment `99`")
    podium("experiments", "create", "taxi").fails(5, "already exists")
    podium("experiments", "create", "").fails(2)
    podium("experiments", "create", "x" * 501).fails(2, "500")


# ------------------------------------------------------------------------------- runs


@pytest.fixture
def three_runs(mlflow_client):
    experiment = mlflow_client.create_experiment("taxi")
    ids = []
    for n in range(3):
        run = mlflow_client.create_run(experiment, run_name=f"run-{n}", start_time=1000 + n)
        mlflow_client.log_param(run.info.run_id, "depth", str(n))
        mlflow_client.log_metric(run.info.run_id, "rmse", 5.5 - n)
        mlflow_client.log_metric(run.info.run_id, "rmse", 4.5 - n, step=1)
        ids.append(run.info.run_id)
    return ids


def test_runs_are_listed_searched_and_shown(podium, three_runs):
    a, b, c = three_runs
    assert podium("runs", "list", "-e", "taxi", "-q").ok().out.split() == [c, b, a]
    assert podium("runs", "list", "-q", "-n", "2").ok().out.split() == [c, b]
    assert podium("runs", "search", "metrics.rmse < 4", "-q", "--order-by",
                  "metrics.rmse DESC").ok().out.split() == [b, c]
    assert "rmse=2.5" in podium("runs", "list").ok().out
    shown = podium("runs", "show", a).ok().out
    assert "param       depth=0" in shown and "metric      rmse=4.5" in shown
    assert podium("runs", "show", a, "--json").ok().json["run"]["info"]["run_id"] == a
    assert podium("runs", "history", a, "rmse", "-q").ok().out.split() == ["5.5", "4.5"]
    podium("runs", "history", a, "mae").fails(3, "mae")
    podium("runs", "list", "-e", "taxo").fails(3, "near: `taxi`")
    podium("runs", "search", "metrics.rmse <").fails(2)
    podium("runs", "show", "f" * 32).fails(3, "f" * 32)


def test_runs_are_changed_as_mlflow_sees_it(podium, three_runs, mlflow_client):
    a, b, c = three_runs
    podium("runs", "rename", a, "best").ok()
    podium("runs", "tag", a, "k=v", "gone=1").ok()
    podium("runs", "tag", a, "-d", "gone").ok()
    run = mlflow_client.get_run(a)
    assert run.info.run_name == "best" and run.data.tags["k"] == "v"
    assert "gone" not in run.data.tags
    podium("runs", "rm", b, "f" * 32).fails(3)
    assert mlflow_client.get_run(b).info.lifecycle_stage == "active"
    podium("runs", "rm", b, c).ok()
    assert mlflow_client.get_run(b).info.lifecycle_stage == "deleted"
    assert podium("runs", "list", "-q").ok().out.split() == [a]
    podium("runs", "restore", b).ok()
    assert mlflow_client.get_run(b).info.lifecycle_stage == "active"


# ------------------------------------------------------------------------------- models


@pytest.fixture
def taxi(mlflow_client):
    mlflow_client.create_registered_model("taxi", tags={"team": "rides"}, description="rides")
    for n in (1, 2, 3):
        mlflow_client.create_model_version("taxi", f"s3://bucket/{n}")
    mlflow_client.set_registered_model_alias("taxi", "champion", "2")


def test_models_are_listed_and_shown(podium, taxi):
    assert podium("models", "list", "-q").ok().out == "taxi\n"
    assert re.search(r"^taxi +3 +champion=2 ", podium("models", "list").ok().out, re.M)
    assert podium("models", "search", "name LIKE 'ta%'", "-q").ok().out == "taxi\n"
    assert podium("models", "versions", "taxi", "-q").ok().out.split() == ["3", "2", "1"]
    assert re.search(r"^2 +champion +None ", podium("models", "versions", "taxi").ok().out, re.M)
    shown = podium("models", "show", "taxi").ok().out
    assert "champion=2" in shown and "team=rides" in shown
    assert "source      s3://bucket/2" in podium("models", "show", "taxi", "2").ok().out
    podium("models", "show", "taxii").fails(3, "no registered model `taxii`; near: `taxi`")
    podium("models", "show", "taxi", "9").fails(3, "9")
    podium("models", "show", "taxi", "two").fails(2, "two")


def test_models_are_changed_as_mlflow_sees_it(podium, taxi, mlflow_client):
    assert podium("models", "create", "bus", "-q", "--description", "d").ok().out == "bus\n"
    assert mlflow_client.get_registered_model("bus").description == "d"
    podium("models", "create", "bus").fails(5, "bus")
    podium("models", "tag", "taxi", "a=b", "-d", "team").ok()
    podium("models", "tag", "taxi", "-v", "2", "ok=yes").ok()
    podium("models", "describe", "taxi", "new words").ok()
    podium("models", "describe", "taxi", "second", "-v", "2").ok()
    podium("models", "stage", "taxi", "2", "Production").ok()
    model = mlflow_client.get_registered_model("taxi")
    version = mlflow_client.get_model_version("taxi", "2")
    assert model.tags == {"a": "b"} and model.description == "new words"
    assert version.tags == {"ok": "yes"} and version.description == "second"
    assert version.current_stage == "Production"
    podium("models", "stage", "taxi", "2", "Prod").fails(2, "Prod")
    podium("models", "rename", "taxi", "cab").ok()
    podium("models", "rm", "cab", "-v", "1", "-v", "9").fails(3)
    assert len(mlflow_client.search_model_versions("name = 'cab'")) == 3
    podium("models", "rm", "cab", "-v", "1").ok()
    assert len(mlflow_client.search_model_versions("name = 'cab'")) == 2
    podium("models", "rm", "cab").ok()
    assert [m.name for m in mlflow_client.search_registered_models()] == ["bus"]


def test_a_name_with_a_quote_has_its_versions_listed(podium, mlflow_client):
    mlflow_client.create_registered_model("it's")
    mlflow_client.create_model_version("it's", "s3://bucket/1")
    assert podium("models", "versions", "it's", "-q").ok().out == "1\n"


def test_aliases_are_set_moved_listed_and_removed(podium, taxi, mlflow_client):
    podium("alias", "set", "taxi", "best", "3").ok()
    podium("alias", "set", "taxi", "champion", "1").ok()
    assert mlflow_client.get_model_version_by_alias("taxi", "champion").version in (1, "1")
    assert podium("alias", "list", "taxi").ok().out.split() == [
        "ALIAS", "VERSION", "best", "3", "champion", "1"]
    assert podium("alias", "list", "taxi", "--json").ok().json == {
        "aliases": [{"alias": "best", "version": "3"}, {"alias": "champion", "version": "1"}]}
    assert podium("alias", "list", "taxi", "-q").ok().out == "best\nchampion\n"
    podium("alias", "rm", "taxi", "champoin").fails(3, "no alias `champoin`; has `champion`")
    podium("alias", "rm", "taxi", "best").ok()
    podium("alias", "rm", "taxi", "best").fails(3, "best")
    assert podium("alias", "list", "taxi", "-q").ok().out == "champion\n"


@pytest.mark.parametrize("alias", ["latest", "v3", "a b", "", "x" * 256])
def test_alias_names_follow_mlflows_rules(podium, taxi, alias):
    podium("alias", "set", "taxi", alias, "1").fails(2)


def test_an_alias_needs_a_model_and_a_version(podium, taxi):
    podium("alias", "set", "taxii", "champion", "1").fails(3, "near: `taxi`")
    podium("alias", "set", "taxi", "champion", "9").fails(3, "9")
    podium("alias", "set", "taxi", "champion", "one").fails(2, "one")


# ------------------------------------------------------------------------------- api


def test_api_types_fields_by_the_method_table(podium, mlflow_client, tmp_path):
    run = mlflow_client.create_run("0")
    run_id = run.info.run_id
    podium("api", "runs/log-metric", f"run_id={run_id}", "key=m", "value=0.5", "timestamp=1",
           "step=-3").ok()
    assert mlflow_client.get_metric_history(run_id, "m")[0].step == -3
    (tmp_path / "tags.json").write_text('[{"key": "a", "value": "1"}]')
    (tmp_path / "text").write_text("from a file")
    podium("api", "runs/log-batch", f"run_id={run_id}", "tags:=@tags.json").ok()
    podium("api", "runs/set-tag", f"run_id={run_id}", "key=b", "value=@text").ok()
    podium("api", "runs/set-tag", "@-", "value=override",
           input=json.dumps({"run_id": run_id, "key": "c", "value": "x"})).ok()
    tags = mlflow_client.get_run(run_id).data.tags
    assert (tags["a"], tags["b"], tags["c"]) == ("1", "from a file", "override")
    r = podium("api", "runs/search", "experiment_ids=0", "experiment_ids=1", "max_results=1").ok()
    assert r.json["runs"][0]["info"]["run_id"] == run_id


def test_api_answers_with_mlflows_words_and_our_status(podium, mlflow_client):
    podium("api", "runs/get", "run_id=abc").fails(3, "Run with id=abc not found")
    podium("api", "experiments/create", "name=Default").fails(5, "already exists")
    podium("api", "experiments/create").fails(2, "Missing value for required parameter 'name'")


def test_api_batch_answers_line_by_line(podium):
    calls = [{"method": "experiments/create", "request": {"name": "x"}},
             {"method": "experiments/get-by-name", "request": {"experiment_name": "x"}},
             {"method": "experiments/create", "request": {"name": "x"}}]
    r = podium("api", "--batch", input="".join(json.dumps(c) + "\n" for c in calls)).ok()
    answers = [json.loads(line) for line in r.out.splitlines()]
    assert [a["status"] for a in answers] == [200, 200, 400]
    assert answers[2]["body"]["error_code"] == "RESOURCE_ALREADY_EXISTS"


# ------------------------------------------------------------------------------- bad stores


def test_what_is_no_database_is_refused(podium, tmp_path):
    (tmp_path / "mlflow.db").write_text("just text, long enough to be looked at " * 10)
    before = (tmp_path / "mlflow.db").read_bytes()
    podium("experiments", "list").fails(1, "mlflow.db")
    podium("log", "-m", "a=1").fails(1, "mlflow.db")
    assert (tmp_path / "mlflow.db").read_bytes() == before


def test_an_unknown_revision_is_named_and_nothing_is_changed(podium, mlflow_db):
    db = sqlite3.connect(mlflow_db)
    db.execute("UPDATE alembic_version SET version_num = 'abcdef012345'")
    db.commit()
    db.close()
    podium("experiments", "list").fails(1, "abcdef012345")
    podium("log", "-m", "a=1").fails(1, "abcdef012345")


def test_a_folder_is_no_database(podium, tmp_path):
    (tmp_path / "mlflow.db").mkdir()
    r = podium("experiments", "create", "x")
    assert r.rc != 0 and r.err.count("\n") == 1 and "mlflow.db" in r.err
