"""fetch and artifacts: what arrives, what stays, and that nothing half stands under its name."""

import os
import pathlib
import signal
import subprocess
import time

import pytest


def files_below(folder):
    folder = pathlib.Path(folder)
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def model(tmp_path):
    """tmp_path/m: MLmodel, data/model.pkl, an empty folder."""
    folder = tmp_path / "m"
    (folder / "data").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "data/model.pkl").write_bytes(os.urandom(3000))
    return folder


@pytest.fixture
def run_id(podium):
    return podium("api", "runs/create", "experiment_id=0").ok().json["run"]["info"]["run_id"]


def test_a_folder_arrives_by_its_contents(podium, model, tmp_path):
    done = podium("fetch", "m", "-o", "a/b/c").ok()
    assert done.out == "a/b/c\n"
    assert files_below(tmp_path / "a/b/c") == files_below(model)
    assert (tmp_path / "a/b/c/empty").is_dir()
    assert sorted(p.name for p in (tmp_path / "a/b").iterdir()) == ["c"]


def test_the_working_folder_is_the_default(podium, model, tmp_path):
    (tmp_path / "w").mkdir()
    podium("fetch", model, cwd=tmp_path / "w").ok()
    assert files_below(tmp_path / "w") == files_below(model)


def test_a_second_fetch_moves_nothing(podium, model, tmp_path):
    podium("fetch", "m", "-o", "out").ok()
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")}
    answer = podium("fetch", "m", "-o", "out", "--json").ok().json
    assert answer["files"] == 0 and answer["skipped"] == 2
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")} == before


def test_other_files_stay_and_changed_ones_are_replaced(podium, model, tmp_path):
    podium("fetch", "m", "-o", "out").ok()
    (tmp_path / "out/mine.txt").write_text("mine")
    (tmp_path / "out/MLmodel").write_text("flavours: {}")
    answer = podium("fetch", "m", "-o", "out", "--json").ok().json
    assert answer["files"] == 1
    assert files_below(tmp_path / "out") == {**files_below(model), "mine.txt": b"mine"}


def test_a_folder_where_a_file_is_meant_changes_nothing(podium, model, tmp_path):
    (tmp_path / "out/data/model.pkl").mkdir(parents=True)
    podium("fetch", "m", "-o", "out").fails(5, "data/model.pkl: a folder")
    assert files_below(tmp_path / "out") == {}
    podium("fetch", "m", "-o", "m/MLmodel").fails(5, "m/MLmodel: a file")
    podium("fetch", "m", "-o", "m/MLmodel/x").fails(5)
    assert (model / "MLmodel").read_text() == "flavors: {}\n"


def test_links_out_of_a_model_are_refused(podium, model, tmp_path):
    (tmp_path / "secret").write_text("s3cret")
    (model / "data/leak").symlink_to(tmp_path / "secret")
    podium("fetch", "m", "-o", "out").fails(4, "data/leak", "leads out of")
    assert not (tmp_path / "out").exists()


def test_a_link_in_the_destination_is_not_written_through(podium, model, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/data").symlink_to(tmp_path / "elsewhere")
    podium("fetch", "m", "-o", "out").fails(4, "out/data")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_pipe_is_no_artifact(podium, model, tmp_path):
    os.mkfifo(model / "pipe")
    podium("fetch", "m", "-o", "out").fails(2, "pipe: neither a file nor a folder")
    assert not (tmp_path / "out").exists()


def test_wrong_usage_is_said(podium):
    podium("fetch").fails(2, "URI")
    podium("fetch", "a", "b").fails(2)
    podium("fetch", "a", "-o", "").fails(2)
    podium("artifacts", "lst", "x").fails(2, "list")
    podium("artifacts", "put", "nothing", "x").fails(3, "nothing")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder],
                          capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no small file system can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_nothing_behind(podium, model, tmp_path, small_disk):
    (model / "big").write_bytes(os.urandom(2_000_000))
    podium("fetch", "m", "-o", small_disk / "out").fails(1, "out/big", "No space left")
    assert list(small_disk.iterdir()) == []
    (small_disk / "MLmodel").write_text("old")
    podium("fetch", "m", "-o", small_disk).fails(1, "No space left")
    assert files_below(small_disk) == {"MLmodel": b"old"}
    podium("artifacts", "put", "m", small_disk / "x").fails(1, "No space left")
    assert files_below(small_disk) == {"MLmodel": b"old"}


def test_a_kill_leaves_no_half_file_under_its_name(podium, podium_bin, clean_env, model, tmp_path):
    for i in range(4):
        (model / f"big{i}").write_bytes(os.urandom(1 << 20) * 40)
    whole = files_below(model)
    killed = 0
    for delay_ms in (5, 20, 40, 80, 120, 200):
        proc = subprocess.Popen([podium_bin, "fetch", "m", "-o", "out"], cwd=tmp_path,
                                env=clean_env, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        time.sleep(delay_ms / 1000)
        proc.send_signal(signal.SIGKILL)
        killed += proc.wait() == -signal.SIGKILL
        for path in (tmp_path / "out").rglob("*"):
            rel = path.relative_to(tmp_path / "out")
            if path.is_file() and not rel.parts[0].startswith(".podium-stage"):
                assert path.read_bytes() == whole[str(rel)], rel
    assert killed
    podium("fetch", "m", "-o", "out").ok()
    assert files_below(tmp_path / "out") == whole
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".podium-stage")]
    assert not [p for p in (tmp_path / "out").iterdir() if p.name.startswith(".podium")]


def test_many_fetches_at_once_end_in_the_same_folder(podium_bin, clean_env, model, tmp_path):
    for i in range(30):
        (model / f"f{i}").write_bytes(os.urandom(20_000))
    procs = [subprocess.Popen([podium_bin, "fetch", "m", "-o", "out"], cwd=tmp_path, env=clean_env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
             for _ in range(6)]
    for proc in procs:
        err = proc.communicate()[1]
        assert proc.returncode == 0, err
    assert files_below(tmp_path / "out") == files_below(model)


# ------------------------------------------------------------------------------- artifacts


def test_files_are_put_listed_fetched_and_removed(podium, model, run_id, tmp_path):
    run = f"runs:/{run_id}"
    assert podium("artifacts", "list", run, "-q").ok().out == ""
    podium("artifacts", "put", "m/MLmodel", run).ok()
    podium("artifacts", "put", "m/MLmodel", f"{run}/a/").ok()
    podium("artifacts", "put", "m/MLmodel", f"{run}/a/other.txt").ok()
    podium("artifacts", "put", "m", f"{run}/model").ok()
    assert podium("artifacts", "list", run, "-q").ok().out.split() == ["MLmodel", "a", "model"]
    assert podium("artifacts", "list", f"{run}/a", "-q").ok().out.split() == [
        "a/MLmodel", "a/other.txt"]
    deep = podium("artifacts", "list", run, "-r", "--json").ok().json
    assert {"path": "model/data/model.pkl", "is_dir": False, "file_size": 3000} in deep["files"]
    podium("artifacts", "get", f"{run}/model", "-o", "back").ok()
    assert files_below(tmp_path / "back") == files_below(model)
    podium("artifacts", "rm", f"{run}/a").fails(2, "-r removes it")
    podium("artifacts", "rm", f"{run}/a/other.txt").ok()
    podium("artifacts", "rm", "-r", f"{run}/model").ok()
    podium("artifacts", "rm", "-r", f"{run}/model").fails(3, 'no artifact "model"')
    assert podium("artifacts", "list", run, "-r", "-q").ok().out.split() == [
        "MLmodel", "a", "a/MLmodel"]


def test_mlflow_sees_what_was_put(podium, mlflow_client, model, tmp_path):
    run_id = mlflow_client.create_run("0").info.run_id
    podium("artifacts", "put", "m", f"runs:/{run_id}/model").ok()
    listed = [f.path for f in mlflow_client.list_artifacts(run_id, "model")]
    assert listed == ["model/MLmodel", "model/data", "model/empty"]
    got = mlflow_client.download_artifacts(run_id, "model", str(tmp_path))
    assert files_below(got) == files_below(model)


def test_files_of_a_registered_version_are_not_changed(podium, model, tmp_path):
    podium("api", "registered-models/create", "name=taxi").ok()
    podium("api", "model-versions/create", "name=taxi", f"source={model}").ok()
    podium("artifacts", "put", "m/MLmodel", "models:/taxi/1/x").fails(2, "not changed")
    podium("artifacts", "rm", "-r", "models:/taxi/1").fails(2, "not changed")
    assert (model / "MLmodel").exists()


def test_nothing_is_put_or_removed_outside_the_root(podium, model, run_id, tmp_path):
    root = podium("artifacts", "list", f"runs:/{run_id}", "--json").ok().json["root_uri"]
    os.makedirs(root)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x").write_text("x")
    os.symlink(tmp_path / "outside", f"{root}/link")
    podium("artifacts", "put", "m/MLmodel", f"runs:/{run_id}/link/y").fails(4, "leads out of")
    podium("artifacts", "rm", f"runs:/{run_id}/link/x").fails(4, "leads out of")
    podium("artifacts", "put", "m/MLmodel", f"runs:/{run_id}/../x").fails(2, "climb")
    assert os.listdir(tmp_path / "outside") == ["x"]


def test_versions_made_at_once_are_all_different(podium, podium_bin, clean_env, model, tmp_path):
    podium("api", "registered-models/create", "name=taxi").ok()
    procs = [subprocess.Popen([podium_bin, "api", "model-versions/create", "name=taxi",
                               f"source={model}"], cwd=tmp_path, env=clean_env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
             for _ in range(40)]
    import json

    numbers = []
    for proc in procs:
        out, err = proc.communicate()
        assert proc.returncode == 0, err
        numbers.append(int(json.loads(out)["model_version"]["version"]))
    assert sorted(numbers) == list(range(1, 41))
