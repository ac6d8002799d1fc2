"""A write that was acknowledged is in the database, once, however the server ends."""

import contextlib
import random
import sqlite3
import threading
import time

import requests

API = "/api/2.0/mlflow/"


def start(podium_start, tmp_path, **more):
    return podium_start(
        "server", "--port", 0, "--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db",
        "--no-access-log", **more,
    )


def post(session, url, method, body):
    r = session.post(url + API + method, json=body, timeout=30)
    assert r.status_code == 200, r.text
    return r.json()


class Writer(threading.Thread):
    """Writes a mix to a run of its own until the server is gone; notes what was acknowledged."""

    def __init__(self, url, name):
        super().__init__()
        self.url, self.rng = url, random.Random(name)
        self.run_id = None
        self.metrics, self.params, self.tags = [], {}, {}
        self.wrong = None

    def one(self, session, i):
        kind = self.rng.random()
        if kind < 0.6:
            m = {"key": f"m{i % 3}", "value": float(i), "timestamp": i, "step": i}
            post(session, self.url, "runs/log-metric", {"run_id": self.run_id, **m})
            self.metrics.append((m["key"], i))
        elif kind < 0.7:
            post(session, self.url, "runs/log-parameter",
                 {"run_id": self.run_id, "key": f"p{i}", "value": str(i)})
            self.params[f"p{i}"] = str(i)
        elif kind < 0.8:
            post(session, self.url, "runs/set-tag",
                 {"run_id": self.run_id, "key": "t", "value": str(i)})
            self.tags["t"] = i
        elif kind < 0.9:
            batch = [{"key": "b", "value": 1.0, "timestamp": i, "step": i * 100 + k}
                     for k in range(20)]
            post(session, self.url, "runs/log-batch", {"run_id": self.run_id, "metrics": batch})
            self.metrics += [("b", i * 100 + k) for k in range(20)]
        else:  # one that fails, among the others
            r = session.post(self.url + API + "runs/log-metric", timeout=30,
                             json={"run_id": "0" * 32, "key": "x", "value": 1, "timestamp": 1})
            assert r.status_code == 404, r.text

    def write_on(self, session):
        made = post(session, self.url, "runs/create", {"experiment_id": "0"})
        self.run_id = made["run"]["info"]["run_id"]
        for i in range(100000):
            self.one(session, i)

    def run(self):
        try:
            with requests.Session() as session:
                self.write_on(session)
        except requests.RequestException:
            pass  # the server is gone
        except AssertionError as wrong:
            self.wrong = wrong


def check(db, writers):
    for w in writers:
        assert w.wrong is None, w.wrong
        if w.run_id is None:
            continue
        rows = db.execute("SELECT key, step, count(*) FROM metrics WHERE run_uuid = ? "
                          "GROUP BY key, step", (w.run_id,)).fetchall()
        assert all(n == 1 for _, _, n in rows)
        assert set(w.metrics) <= {(k, s) for k, s, _ in rows}
        params = dict(db.execute("SELECT key, value FROM params WHERE run_uuid = ?", (w.run_id,)))
        assert w.params.items() <= params.items()
        if "t" in w.tags:
            (tag,) = db.execute("SELECT value FROM tags WHERE run_uuid = ? AND key = 't'",
                                (w.run_id,)).fetchone()
            assert int(tag) >= w.tags["t"]
        batches = db.execute("SELECT step / 100, count(*) FROM metrics WHERE run_uuid = ? "
                             "AND key = 'b' GROUP BY 1", (w.run_id,)).fetchall()
        assert all(n == 20 for _, n in batches), "half a batch"


def test_acknowledged_writes_survive_kill_9(podium_start, tmp_path):
    writers = []
    for n_round in range(4):
        service = start(podium_start, tmp_path)
        mine = [Writer(service.url, f"{n_round} {i}") for i in range(24)]
        for w in mine:
            w.start()
        time.sleep(0.7 + 0.3 * n_round)
        service.kill()
        for w in mine:
            w.join(60)
        writers += mine
        with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as db:
            check(db, writers)
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert sum(len(w.metrics) for w in writers) > 100


def test_a_drain_answers_what_was_begun(podium_start, tmp_path):
    service = start(podium_start, tmp_path)
    mine = [Writer(service.url, str(i)) for i in range(8)]
    for w in mine:
        w.start()
    time.sleep(0.5)
    assert service.stop() == 0
    for w in mine:
        w.join(60)
    assert "not answered" not in service.log
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as db:
        check(db, mine)


def test_a_full_disk_loses_nothing_and_is_recovered_from(podium_start, tmp_path):
    """RLIMIT_FSIZE stands in for the disk: SQLite is told that it is full."""
    limit = ["prlimit", "--fsize=1200000:1200000"]
    service = start(podium_start, tmp_path, prefix=limit)
    done, refused = [], 0
    with requests.Session() as session:
        run_id = post(session, service.url, "runs/create",
                      {"experiment_id": "0"})["run"]["info"]["run_id"]
        for i in range(40):
            batch = [{"key": f"k{k}" + "x" * 200, "value": 1.0, "timestamp": 1, "step": i}
                     for k in range(100)]
            r = session.post(service.url + API + "runs/log-batch",
                             json={"run_id": run_id, "metrics": batch}, timeout=30)
            assert r.status_code in (200, 500, 503), r.text
            if r.status_code == 200:
                done.append(i)
            else:
                refused += 1
    assert done and refused
    assert requests.get(service.url + API + "runs/get", params={"run_id": run_id}).ok
    service.stop()
    service = start(podium_start, tmp_path)
    with requests.Session() as session:
        post(session, service.url, "runs/log-metric",
             {"run_id": run_id, "key": "after", "value": 1, "timestamp": 1})
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as db:
        rows = db.execute("SELECT step, count(*) FROM metrics WHERE key <> 'after' GROUP BY step")
        assert {step: n for step, n in rows} == {i: 100 for i in done}
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_readers_do_not_wait_for_another_process_that_writes(podium_start, tmp_path):
    service = start(podium_start, tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE experiments SET name = 'other' WHERE experiment_id = 0")
        session = requests.Session()
        writer = threading.Thread(target=post, args=(
            session, service.url, "experiments/create", {"name": "waits"}))
        writer.start()
        r = requests.get(service.url + API + "experiments/get", params={"experiment_id": "0"},
                         timeout=10)
        assert r.json()["experiment"]["name"] == "Default"
        assert writer.is_alive()
        db.execute("COMMIT")
        writer.join(60)
    r = requests.get(service.url + API + "experiments/get-by-name",
                     params={"experiment_name": "waits"})
    assert r.status_code == 200
