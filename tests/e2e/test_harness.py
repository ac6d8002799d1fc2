"""The fixtures themselves keep what they promise."""

import os


def test_a_program_sees_none_of_the_callers_variables(clean_env):
    assert not [n for n in clean_env if n.startswith(("AWS", "GOOGLE"))]
    assert clean_env["HOME"] != os.environ.get("HOME")


def test_a_wrong_command_line_ends_with_2_and_makes_no_database(podium, tmp_path):
    assert podium("no-such-command").rc == 2
    assert not list(tmp_path.glob("*.db"))


def test_the_mlflow_database_is_this_tests_own(mlflow_client, tmp_path):
    assert mlflow_client.get_experiment("0").artifact_location.startswith(str(tmp_path))
    run = mlflow_client.create_run("0")
    assert run.info.artifact_uri.startswith(str(tmp_path))


def test_the_rest_handlers_of_mlflow_answer_in_process(mlflow_rest):
    status, body = mlflow_rest.method("experiments/create", {"name": "a"})
    assert (status, body) == (200, {"experiment_id": "1"})
    status, body = mlflow_rest.method("experiments/get", {"experiment_id": "7"}, verb="GET")
    assert (status, body["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_the_rest_handlers_start_from_a_new_database_each_time(mlflow_rest):
    assert mlflow_rest.method("experiments/create", {"name": "a"})[0] == 200


def test_trained_models_are_shared(trained):
    assert trained("line") is trained("line")
    assert len(trained("forest").expected) == len(trained("forest").inputs)
