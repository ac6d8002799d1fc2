#!/usr/bin/env python3
"""Measures podium against MLflow, nginx and a Flask service in one run on this machine, and writes
docs/benchmarks.md. usage: bench.py [--seconds N] [--rounds N] [--dry] [SECTION...]

Sections: cli, start, requests. With sections named, or with --dry, nothing is written.
Needs two cores: servers are pinned to the first, wrk to the second. Run it on a quiet machine.
"""

import argparse
import contextlib
import json
import os
import pathlib
import pickle
import platform
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PODIUM = os.environ.get("PODIUM") or str(ROOT / "build" / "podium")
RUN_COST = str(pathlib.Path(os.environ.get("PODIUM_TOOLS") or ROOT / "build" / "tools") / "run_cost")
REPORT = ROOT / "docs" / "benchmarks.md"
ROW = {"route": "JFK_LAX", "distance": 2475.0}
EVENT = {"origin": "JFK", "dest": "LAX", "distance": 2475.0}
RECIPE = {
    "features": {"route": "{origin}_{dest}", "distance": "{distance}"},
    "reply": {"air_time": "{prediction}"},
}
NUMBERS = [f"x{i}" for i in range(8)]


# ------------------------------------------------------------------------------- measuring


def median_of(argv, times, cwd):
    """(milliseconds from start to finish, peak resident kB); what it prints is dropped."""
    r = subprocess.run([RUN_COST, str(times), *argv], cwd=cwd, capture_output=True, text=True)
    if r.returncode:
        sys.exit(f"bench: {' '.join(argv)} failed")
    runs = [line.split() for line in r.stdout.splitlines()]
    return statistics.median(float(t) for t, _ in runs), max(int(kb) for _, kb in runs)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    out = [pid]
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rsplit(")", 1)[1].split()
            if int(fields[1]) == pid:
                out += children(int(path.parent.name))
    return out


def resident_mb(pid):
    """Proportional set size of a process and its children: shared pages are counted once."""
    kb = 0
    for p in children(pid):
        with contextlib.suppress(OSError):
            kb += int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{p}/smaps_rollup").read_text(),
                                re.MULTILINE).group(1))
    return kb / 1024


@contextlib.contextmanager
def server(argv, cwd, cpu=None, env=None):
    pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
    log = tempfile.TemporaryFile()
    proc = subprocess.Popen(
        pinned + argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        env={**os.environ, **(env or {})}, start_new_session=True,
    )
    try:
        yield proc
    except Exception:
        log.seek(0)
        sys.stderr.write(log.read().decode(errors="replace")[-3000:])
        raise
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(proc.pid, signal.SIGTERM)
        try:
            proc.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(proc.pid, signal.SIGKILL)
            proc.wait()
        log.close()


def post(url, body):
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as r:
        return r.read()


def first_answer(proc, url, body, started, limit=120):
    """Milliseconds until a prediction comes back, asked for again every millisecond."""
    while time.perf_counter() - started < limit and proc.poll() is None:
        try:
            post(url, body)
            return (time.perf_counter() - started) * 1000
        except urllib.error.HTTPError as e:
            sys.exit(f"bench: {url}: {e.code} {e.read()[:300]!r}")
        except (urllib.error.URLError, OSError):
            time.sleep(0.001)
    raise TimeoutError(f"{url}: exit status {proc.poll()}" if proc.poll() else url)


def load(url, body, seconds, cpu):
    """What wrk sees with 32 keep-alive connections, one row a request."""
    pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
    out = subprocess.run(
        pinned + ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(HERE / "one_row.lua"), url, "--",
                  json.dumps(body)],
        check=True, capture_output=True, text=True,
    ).stdout
    seen = json.loads(out.strip().splitlines()[-1])
    if seen["bad"]:
        sys.exit(f"bench: {url}: {seen['bad']} answers were not 200")
    return seen


# ------------------------------------------------------------------------------- what is measured


def make_models(work):
    """A forest over dicts, pickled; one over numbers, as an MLflow folder that MLflow serves too."""
    import mlflow
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(5)
    codes = [a + b + c for a in "BDJLS" for b in "FLX" for c in "AKO"]
    n = 20_000
    pairs = rng.integers(0, len(codes), (n, 2))
    rows = [
        {"route": f"{codes[a]}_{codes[b]}", "distance": 150.0 + 41 * abs(int(a) - int(b))}
        for a, b in pairs
    ]
    rows[0] = ROW
    y = np.array([r["distance"] / 8 for r in rows]) + rng.normal(20, 6, n)
    shape = {"max_depth": 20, "n_estimators": 100, "min_samples_leaf": 10, "n_jobs": -1}
    dicts = make_pipeline(DictVectorizer(), RandomForestRegressor(random_state=1, **shape))
    dicts.fit(rows, y)
    with open(work / "forest.pkl", "wb") as f:
        dicts.set_params(randomforestregressor__n_jobs=None)
        pickle.dump(dicts, f)
    x = pd.DataFrame(rng.random((n, len(NUMBERS))), columns=NUMBERS)
    numbers = RandomForestRegressor(random_state=1, **shape).fit(x, x.sum(axis=1))
    numbers.set_params(n_jobs=None)
    mlflow.sklearn.save_model(
        numbers, work / "numbers", serialization_format="cloudpickle",
        signature=mlflow.models.infer_signature(x[:5], numbers.predict(x[:5])),
        pip_requirements=["scikit-learn"],
    )
    (work / "recipe.json").write_text(json.dumps(RECIPE))


def make_registry(work):
    """One registered model with an alias, in a database made by MLflow."""
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{work}/mlflow.db", f"sqlite:///{work}/mlflow.db")
    client.create_registered_model("air-time")
    client.create_model_version("air-time", str(work / "numbers"))
    client.set_registered_model_alias("air-time", "champion", "1")
    with contextlib.closing(sqlite3.connect(work / "mlflow.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


ALIASES = """
from mlflow import MlflowClient
model = MlflowClient("sqlite:///mlflow.db", "sqlite:///mlflow.db").get_registered_model("air-time")
for alias, version in model.aliases.items():
    print(alias, version)
"""


def measure_cli(work, args):
    """Start to finish, from spawning the process until it is reaped."""
    few, many = 2 * args.rounds - 1, 50
    mlflow_cli = [str(pathlib.Path(sys.executable).parent / "mlflow"), "--version"]
    return {
        "alias list": (
            median_of([PODIUM, "alias", "list", "air-time"], many, work),
            median_of([sys.executable, "-c", ALIASES], few, work),
        ),
        "version": (median_of([PODIUM, "version"], many, work), median_of(mlflow_cli, few, work)),
    }


def measure_start(work, args):
    body = {"dataframe_split": {"columns": NUMBERS, "data": [[0.5] * len(NUMBERS)]}}

    def once(argv, port):
        started = time.perf_counter()
        with server(argv, work) as proc:
            took = first_answer(proc, f"http://127.0.0.1:{port}/invocations", body, started)
            time.sleep(0.2)
            return took, resident_mb(proc.pid)

    def podium():
        port = free_port()
        return once([PODIUM, "serve", "numbers", "--port", str(port), "--workers", "1"], port)

    def mlflow():
        port = free_port()
        return once([sys.executable, "-m", "mlflow", "models", "serve", "-m", "numbers", "--port",
                     str(port), "--env-manager", "local"], port)

    def median(runs):
        return [statistics.median(column) for column in zip(*runs)]

    return {
        "podium": median([podium() for _ in range(7)]),
        "mlflow": median([mlflow() for _ in range(args.rounds)]),
    }


NGINX = """
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            default_type application/json;
            return 200 '{{"predictions": [329.10432187]}}';
        }}
    }}
}}
"""


def measure_requests(work, args):
    """Rounds of: nginx, podium /invocations, podium /predict, Flask; the median of each."""
    one = {"dataframe_records": [ROW]}

    def nginx():
        port = free_port()
        folder = work / f"nginx-{port}"
        folder.mkdir()
        (folder / "nginx.conf").write_text(NGINX.format(dir=folder, port=port))
        argv = ["/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"),
                "-e", "stderr"]
        return argv, f"http://127.0.0.1:{port}/invocations", one, True

    def podium(recipe):
        port = free_port()
        argv = [PODIUM, "serve", "forest.pkl", "--port", str(port), "--workers", "1",
                "--no-access-log", *(["--recipe", "recipe.json"] if recipe else [])]
        path, body = ("predict", EVENT) if recipe else ("invocations", one)
        return argv, f"http://127.0.0.1:{port}/{path}", body, True

    def flask():
        port = free_port()
        argv = [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}",
                "--chdir", str(HERE), "flask_service:app"]
        return argv, f"http://127.0.0.1:{port}/predict", EVENT, False

    peers = {
        "nginx": nginx,
        "podium /invocations": lambda: podium(False),
        "podium /predict": lambda: podium(True),
        "flask": flask,
    }
    seen = {name: [] for name in peers}
    for _ in range(args.rounds):
        for name, peer in peers.items():
            argv, url, body, pinned = peer()
            env = {"MODEL_FILE": str(work / "forest.pkl")}
            with server(argv, work, 0 if pinned else None, env) as proc:
                first_answer(proc, url, body, time.perf_counter())
                load(url, body, 1, 1 if pinned else None)
                result = load(url, body, args.seconds, 1 if pinned else None)
                result["mb"] = resident_mb(proc.pid)
            seen[name].append(result)
            print(f"  {name}: {json.dumps(result)}", flush=True)
    return {
        name: {key: statistics.median(r[key] for r in runs) for key in runs[0]}
        for name, runs in seen.items()
    }


# ------------------------------------------------------------------------------- the report


def machine():
    def said(*argv):
        r = subprocess.run(argv, capture_output=True, text=True)
        return (r.stdout + r.stderr).strip().splitlines()[0] if r.stdout or r.stderr else "?"

    import flask
    import mlflow
    import sklearn

    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = re.search(r"model name\s*:\s*(.*)", f.read())
    with open("/proc/meminfo", encoding="utf-8") as f:
        memory = int(re.search(r"MemTotal:\s*(\d+)", f.read()).group(1)) / 1024**2
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    flask_version = importlib_version("flask") or flask.__name__
    return [
        f"* {cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB",
        f"* {system}, Linux {platform.release()}",
        f"* {said(PODIUM, 'version')}, built with {said('gcc', '--version')}",
        f"* MLflow {mlflow.__version__}, scikit-learn {sklearn.__version__}, Flask {flask_version}, "
        f"gunicorn {importlib_version('gunicorn')}, Python {platform.python_version()}",
        f"* {said('/usr/sbin/nginx', '-v')}, {said('wrk', '-v').split(' Copyright')[0]}",
        f"* measured on {time.strftime('%Y-%m-%d', time.gmtime())}",
    ]


def importlib_version(name):
    import importlib.metadata

    return importlib.metadata.version(name)


def ratio_line(what, got, asked):
    verdict = "yes" if got >= asked else "**no**"
    shown = f"{got:.2f}" if asked < 10 else f"{got:,.0f}"
    return f"| {what} | {shown} | {asked} | {verdict} |"


def report(cli, start, req):
    lines = ["# Measured", "",
             "Written by `make bench`: everything in one run on one machine, so that the ratios mean",
             "something. Absolute figures are this machine's.", "", *machine(), "",
             "## Ratios", "", "| what | measured | asked | reached |", "| --- | --- | --- | --- |"]
    for name, (ours, theirs) in cli.items():
        lines.append(ratio_line(f"`podium {name}`, times faster than MLflow's client",
                                theirs[0] / ours[0], 200))
    lines.append(ratio_line("first answer of a model server, times sooner than `mlflow models serve`",
                            start["mlflow"][0] / start["podium"][0], 50))
    nginx, flask = req["nginx"]["per_second"], req["flask"]["per_second"]
    for name in ("podium /invocations", "podium /predict"):
        lines.append(ratio_line(f"{name}, requests/s of nginx answering a constant",
                                req[name]["per_second"] / nginx, 0.6))
    lines.append(ratio_line("podium /predict, times the requests/s of Flask under gunicorn",
                            req["podium /predict"]["per_second"] / flask, 100))
    lines += ["", "## A command, start to finish", "",
              "Median from spawning the process until it is reaped; most memory of any run.", "",
              "| command | podium | MLflow's client |", "| --- | --- | --- |"]
    for name, (ours, theirs) in cli.items():
        lines.append(f"| {name} | {ours[0]:.2f} ms, {ours[1] / 1024:.1f} MB "
                     f"| {theirs[0]:,.0f} ms, {theirs[1] / 1024:.0f} MB |")
    lines += ["", "## A model server, until its first prediction", "",
              "The same MLflow folder: a forest of 100 trees over eight numbers. `mlflow models serve",
              "--env-manager local`. Memory is the proportional set size of all processes.", "",
              "| server | first answer | memory |", "| --- | --- | --- |"]
    for name, (took, mb) in start.items():
        lines.append(f"| {name} | {took:,.0f} ms | {mb:,.1f} MB |")
    lines += ["", "## Requests, one row each", "",
              "wrk, 32 keep-alive connections. nginx and podium: one worker pinned to one core, wrk on",
              "the other. Flask: gunicorn with two workers and both cores. The model is",
              "`make_pipeline(DictVectorizer(), RandomForestRegressor(max_depth=20, n_estimators=100,",
              "min_samples_leaf=10))`; nginx answers a constant. Medians of the rounds.", "",
              "| server | requests/s | p50 | p99 | memory |", "| --- | --- | --- | --- | --- |"]
    for name, r in req.items():
        lines.append(f"| {name} | {r['per_second']:,.0f} | {r['p50_ms']:.2f} ms | "
                     f"{r['p99_ms']:.2f} ms | {r['mb']:.1f} MB |")
    return "\n".join(lines) + "\n"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=int, default=8, help="of each load")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--dry", action="store_true", help="print the report, write nothing")
    p.add_argument("sections", nargs="*", default=[])
    args = p.parse_args()
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", OMP_NUM_THREADS="1",
                      GIT_PYTHON_REFRESH="quiet", MLFLOW_LOGGING_LEVEL="ERROR",
                      PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        os.environ.pop(name, None)
    measures = {"cli": measure_cli, "start": measure_start, "requests": measure_requests}
    with tempfile.TemporaryDirectory(prefix="podium-bench-") as folder:
        work = pathlib.Path(folder)
        make_models(work)
        make_registry(work)
        found = {}
        for name in args.sections or measures:
            print(f"bench: {name}", flush=True)
            found[name] = measures[name](work, args)
    if args.sections:
        print(json.dumps(found, indent=2))
        return
    text = report(found["cli"], found["start"], found["requests"])
    print(text)
    if not args.dry:
        REPORT.write_text(text)
        print(f"bench: wrote {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
