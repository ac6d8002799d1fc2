"""Fixtures for the end-to-end tests: the built program beside the real MLflow and scikit-learn.

podium            run the program: podium("alias", "list", "churn") -> Done (rc, out, err, json)
podium_start      start something that stays: podium_start("serve", uri, "--port", "0") -> Service
tool              run a program of tests/tools: tool("api_batch", ..., input="...")
mlflow_db         path of a fresh database made by MLflow, in tmp_path (a copy: milliseconds)
mlflow_client     MlflowClient on it; artifacts below tmp_path/mlruns
mlflow_rest       MLflow's REST handlers in this process, on a database of their own
trained           small models, trained once a session: trained("forest") -> Trained
free_port         a function that gives a free TCP port on loopback

Every test has its own directory, database and ports; nothing reads the caller's MLFLOW_* or AWS_*
variables. The program is $PODIUM, or build/podium.
"""

import contextlib
import json
import os
import pathlib
import pickle
import queue
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOREIGN = re.compile(r"^(MLFLOW|_MLFLOW|AWS|GOOGLE|GCS|PODIUM_)")

for _name in [n for n in os.environ if FOREIGN.match(n) and n != "PODIUM_TOOLS"]:
    del os.environ[_name]
os.environ.update(
    MLFLOW_DISABLE_TELEMETRY="true",
    DO_NOT_TRACK="true",
    GIT_PYTHON_REFRESH="quiet",
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
)


class Done:
    """What a finished command left: rc, out, err (text; undecodable bytes escaped)."""

    def __init__(self, args, rc, out, err):
        self.args, self.rc, self.out_bytes = args, rc, out
        self.out = out.decode("utf-8", "backslashreplace")
        self.err = err.decode("utf-8", "backslashreplace")

    @property
    def json(self):
        return json.loads(self.out)

    def ok(self):
        assert self.rc == 0, self
        return self

    def fails(self, rc, *texts):
        """It ended with `rc`, with nothing on stdout and one line on stderr holding `texts`."""
        assert self.rc == rc, self
        assert self.out == "", self
        lines = self.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("podium: "), self
        for text in texts:
            assert text in lines[0], self
        return self

    def __repr__(self):
        return f"{self.args}\n  rc {self.rc}\n  out {self.out[:3000]}\n  err {self.err[:3000]}"


class Service:
    """A program that stays. `url` is what its `ready:` line said; `log` is its stderr so far."""

    def __init__(self, args, env, cwd, timeout):
        self.args = args
        self.lines = []
        self._ready = queue.Queue()
        self.proc = subprocess.Popen(
            args, env=env, cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self._threads = [
            threading.Thread(target=self._read_err, daemon=True),
            threading.Thread(target=self._read_out, daemon=True),
        ]
        for t in self._threads:
            t.start()
        try:
            self.url = self._ready.get(timeout=timeout)
        except queue.Empty:
            self.url = None
        if self.url is None:
            self.kill()
            raise AssertionError(f"{args} did not get ready (rc {self.proc.returncode}):\n{self.log}")
        self.port = int(self.url.rsplit(":", 1)[1].strip("/"))

    def _read_err(self):
        for raw in self.proc.stderr:
            line = raw.decode("utf-8", "backslashreplace").rstrip("\n")
            self.lines.append(line)
            if found := re.search(r"ready: (http://\S+)", line):
                self._ready.put(found.group(1))
        self._ready.put(None)

    def _read_out(self):
        self.out = self.proc.stdout.read().decode("utf-8", "backslashreplace")

    @property
    def log(self):
        return "\n".join(self.lines)

    @property
    def pid(self):
        return self.proc.pid

    def wait_for(self, text, timeout=30):
        """Wait until a line of stderr holds `text`."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if any(text in line for line in self.lines):
                return
            time.sleep(0.02)
        raise AssertionError(f"no line with {text!r} in:\n{self.log}")

    def stop(self, sig=signal.SIGTERM, timeout=30):
        """Send `sig`, wait for the end, give the exit status."""
        if self.proc.poll() is None:
            self.proc.send_signal(sig)
        rc = self.proc.wait(timeout)
        for t in self._threads:
            t.join(timeout)
        return rc

    def kill(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.stop(signal.SIGKILL, 10)


def binary_path():
    path = pathlib.Path(os.environ.get("PODIUM") or ROOT / "build" / "podium").absolute()
    if not path.exists():
        pytest.exit(f"no program at {path}: make first, or set PODIUM", returncode=2)
    return str(path)


@pytest.fixture(scope="session")
def podium_bin():
    return binary_path()


@pytest.fixture(scope="session")
def repo_root():
    return ROOT


@pytest.fixture
def clean_env(tmp_path):
    """The environment every program of a test is given; a test may add to it."""
    home = tmp_path / ".home"
    home.mkdir()
    env = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
    env.update(HOME=str(home), LC_ALL="C.UTF-8", USER="tester", MLFLOW_DISABLE_TELEMETRY="true")
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "NO_COLOR", "EMAIL"):
        env.pop(name, None)
    return env


def run_program(program, args, cwd, env, input, timeout):
    argv = [os.fspath(a) if isinstance(a, os.PathLike) else str(a) for a in (program, *args)]
    if isinstance(input, str):
        input = input.encode()
    stdin = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
    r = subprocess.run(argv, cwd=cwd, env=env, timeout=timeout, capture_output=True, **stdin)
    return Done(argv, r.returncode, r.stdout, r.stderr)


@pytest.fixture
def podium(podium_bin, clean_env, tmp_path):
    """podium(*args, input=None, env={}, cwd=tmp_path, timeout=60) -> Done."""

    def run(*args, input=None, env=None, cwd=None, timeout=60):
        return run_program(podium_bin, args, cwd or tmp_path, {**clean_env, **(env or {})},
                           input, timeout)

    run.path = podium_bin
    run.env = clean_env
    run.cwd = tmp_path
    return run


@pytest.fixture
def podium_start(podium_bin, clean_env, tmp_path):
    """podium_start(*args, env={}, cwd=tmp_path) -> Service, ready; stopped when the test ends."""
    running = []

    def start(*args, env=None, cwd=None, timeout=30, prefix=()):
        argv = [*map(str, prefix), podium_bin, *map(str, args)]
        service = Service(argv, {**clean_env, **(env or {})}, cwd or tmp_path, timeout)
        running.append(service)
        return service

    yield start
    for service in running:
        if service.proc.poll() is None:
            try:
                service.stop()
            except subprocess.TimeoutExpired:
                service.kill()
                raise
        assert "Sanitizer" not in service.log, service.log


@pytest.fixture
def tool(clean_env, tmp_path):
    """tool(NAME, *args, input=None) -> Done; a program of tests/tools."""
    folder = pathlib.Path(os.environ.get("PODIUM_TOOLS") or ROOT / "build" / "tools")

    def run(name, *args, input=None, env=None, cwd=None, timeout=120):
        return run_program(folder / name, args, cwd or tmp_path, {**clean_env, **(env or {})},
                           input, timeout)

    return run


@pytest.fixture
def free_port():
    def pick():
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    return pick


# ------------------------------------------------------------------------------- MLflow


@pytest.fixture(scope="session")
def mlflow_template(tmp_path_factory):
    """A database just made by MLflow. Running its migrations takes seconds: do it once, copy."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    folder = tmp_path_factory.mktemp("mlflow-template")
    store = SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", str(folder / "mlruns"))
    store.engine.dispose()
    return folder


def place_database(template, folder, name="mlflow.db"):
    """Copy the template into `folder`, its default experiment's artifacts moved there too."""
    import sqlite3

    path = folder / name
    shutil.copy(template / "mlflow.db", path)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)",
            (str(template), str(folder)),
        )
    return path


@pytest.fixture
def mlflow_db(mlflow_template, tmp_path):
    return place_database(mlflow_template, tmp_path)


@pytest.fixture
def mlflow_client(mlflow_db, tmp_path, monkeypatch):
    """MlflowClient on tmp_path/mlflow.db; `mlflow`'s own functions point there too."""
    import mlflow

    uri = f"sqlite:///{mlflow_db}"
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    yield mlflow.MlflowClient(uri, uri)
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


class MlflowRest:
    """MLflow's REST handlers in this process: call(verb, path, body) -> (status, JSON or text)."""

    def __init__(self, app, db, root):
        self.db, self.root = db, root
        self._http = app.test_client()

    def call(self, verb, path, body=None, query=None, raw=None):
        kind = {"content_type": "application/json"} if raw is not None else {}
        r = self._http.open(path, method=verb, json=body, data=raw, query_string=query, **kind)
        return r.status_code, (r.get_json() if r.is_json else r.get_data(as_text=True))

    def method(self, name, body=None, verb="POST", version="2.0"):
        """`name` as in the method table: runs/create. GET puts the body into the query."""
        path = f"/api/{version}/mlflow/{name}"
        if verb == "GET":
            return self.call(verb, path, query=body)
        return self.call(verb, path, body=body or {})


@pytest.fixture
def mlflow_rest(mlflow_template, tmp_path, monkeypatch):
    from mlflow.server import app, handlers
    from mlflow.server.constants import ARTIFACT_ROOT_ENV_VAR, BACKEND_STORE_URI_ENV_VAR

    folder = tmp_path / "mlflow-rest"
    folder.mkdir()
    db = place_database(mlflow_template, folder)
    monkeypatch.setenv(BACKEND_STORE_URI_ENV_VAR, f"sqlite:///{db}")
    monkeypatch.setenv(ARTIFACT_ROOT_ENV_VAR, str(folder / "mlruns"))
    monkeypatch.setattr(handlers, "_tracking_store", None)
    monkeypatch.setattr(handlers, "_model_registry_store", None)
    yield MlflowRest(app, db, folder)
    import mlflow

    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


# ------------------------------------------------------------------------------- models


def flights(n=400, seed=7):
    """Dicts shaped as the demo's rows, and air times, made up."""
    import random

    rng = random.Random(seed)
    ports = ["JFK", "LGA", "EWR", "LAX", "SFO", "BOS", "ATL", "ORD"]
    rows, minutes = [], []
    for _ in range(n):
        a, b = rng.sample(ports, 2)
        distance = float(200 + 97 * abs(ports.index(a) - ports.index(b)))
        rows.append({"route": f"{a}_{b}", "distance": distance})
        minutes.append(distance / 8 + rng.gauss(15, 4))
    return rows, minutes


def train_forest():
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.pipeline import make_pipeline

    rows, y = flights()
    model = make_pipeline(
        DictVectorizer(), RandomForestRegressor(n_estimators=10, max_depth=8, random_state=1)
    ).fit(rows, y)
    test = flights(60, seed=8)[0] + [{"route": "XXX_YYY", "distance": 1.0}, {"distance": 700.0}]
    return model, test, model.predict(test)


def train_tuple():
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LinearRegression

    rows, y = flights()
    dv = DictVectorizer()
    model = LinearRegression().fit(dv.fit_transform(rows), y)
    test = flights(60, seed=8)[0] + [{"route": "XXX_YYY", "distance": 1.0}]
    return (dv, model), test, model.predict(dv.transform(test))


def frame_pair(data):
    import pandas as pd

    frame = pd.DataFrame(data.data[:, :4], columns=["a", "b", "c", "d"][: data.data.shape[1]])
    return frame, data.target


def train_logreg():
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = frame_pair(load_iris())
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    return model, x, model.predict(x)


def train_classifier():
    import numpy as np
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    x, y = frame_pair(load_iris())
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = RandomForestClassifier(n_estimators=12, random_state=3).fit(x, names)
    return model, x, model.predict(x)


def train_line():
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import LinearRegression

    x, y = frame_pair(load_diabetes())
    model = LinearRegression().fit(x, y)
    return model, x, model.predict(x)


TRAINERS = {
    "forest": train_forest,  # DictVectorizer + RandomForestRegressor, inputs are dicts
    "tuple": train_tuple,  # (DictVectorizer, LinearRegression), inputs are dicts
    "logreg": train_logreg,  # StandardScaler + LogisticRegression, a frame a, b, c, d
    "classifier": train_classifier,  # RandomForestClassifier with text labels
    "line": train_line,  # LinearRegression
}


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """trained(NAME) -> name, model, inputs, expected, and pkl: its file as plain pickle."""
    made = {}

    def get(name):
        if name not in made:
            model, inputs, expected = TRAINERS[name]()
            path = tmp_path_factory.mktemp(f"model-{name}") / f"{name}.pkl"
            path.write_bytes(pickle.dumps(model))
            made[name] = types.SimpleNamespace(
                name=name, model=model, inputs=inputs, expected=expected, pkl=path
            )
        return made[name]

    return get
