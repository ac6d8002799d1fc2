"""The same calls to MLflow's REST handlers and to podium's registry, answers compared.

    def test_x(twin):
        twin("POST", "experiments/create", {"name": "a"}, save={"exp": "experiment_id"})
        twin("GET", "experiments/get", {"experiment_id": "$exp"})

What is compared: status, and of a failure error_code and message, of a success the whole JSON.
Ids that were saved, times that the store sets, and the folder a store lives in differ on the two
sides; they are replaced by names before the comparison. Lists of tags, parameters and latest
metrics have no order in MLflow and are compared sorted.
"""

import json
import pathlib
import os
import re
import subprocess

TIMES = {
    "creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp",
    "creation_timestamp_ms", "last_updated_timestamp_ms",
}
UNORDERED = {"tags", "params", "dataset_inputs", "model_inputs", "model_outputs"}
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Batch:
    """build/tools/api_batch on a database of its own."""

    def __init__(self, uri, root, cwd, env):
        tools = pathlib.Path(os.environ.get("PODIUM_TOOLS") or ROOT / "build" / "tools")
        self.proc = subprocess.Popen(
            [str(tools / "api_batch"), uri, str(root)], cwd=cwd, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def line(self, text):
        self.proc.stdin.write(text if isinstance(text, bytes) else text.encode())
        self.proc.stdin.write(b"\n")
        self.proc.stdin.flush()
        answer = self.proc.stdout.readline()
        assert answer, self.proc.stderr.read().decode()
        answer = json.loads(answer)
        return answer["status"], answer["body"]

    def __call__(self, verb, path, request=None):
        call = {"verb": verb, "path": path}
        if verb == "GET":
            call["query"] = query_of(request)
        else:
            call["request"] = request or {}
        return self.line(json.dumps(call))

    def close(self):
        self.proc.stdin.close()
        rc = self.proc.wait(60)
        err = self.proc.stderr.read().decode()
        self.proc.stdout.close()
        self.proc.stderr.close()
        assert rc == 0 and err == "", err


def query_of(request):
    pairs = []
    for key, value in (request or {}).items():
        for item in value if isinstance(value, list) else [value]:
            pairs.append([key, item if isinstance(item, str) else json.dumps(item)])
    return pairs


def look_up(body, path):
    for part in path.split("."):
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body


class Side:
    """One of the two: how to call it, and the names of what it made."""

    def __init__(self, call, root):
        self.call, self.root, self.saved = call, str(root), {}

    def fill(self, value):
        if isinstance(value, str):
            value = value.replace("$ROOT", self.root)
            for name, mine in self.saved.items():
                value = re.sub(rf"\${name}\b", lambda _m, v=mine: v, value)
            return value
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if isinstance(value, dict):
            return {self.fill(k): self.fill(v) for k, v in value.items()}
        return value

    def neutral(self, value, key=""):
        if isinstance(value, str):
            value = value.replace(self.root, "$ROOT")
            for name, mine in sorted(self.saved.items(), key=lambda x: -len(x[1])):
                if len(mine) > 8:
                    value = value.replace(mine, f"${name}")
            return value
        if isinstance(value, list):
            items = [self.neutral(v, key) for v in value]
            if key in UNORDERED or (key == "metrics" and self.sort_metrics):
                items.sort(key=lambda v: json.dumps(v, sort_keys=True))
            return items
        if isinstance(value, dict):
            return {
                k: ("TIME" if k in TIMES and k not in self.own_times else self.neutral(v, k))
                for k, v in value.items()
            }
        return value


def one_line(text):
    """podium's errors are one line of at most 1023 bytes; control characters become '?'."""
    return re.sub(r"[\x00-\x1f\x7f]", "?", text).encode()[:900].decode(errors="ignore")


class Twin:
    """Called as a function; see the top of this file. fresh() makes a new "$exp" and "$run"."""

    def __init__(self, mlflow_rest, batch, root):
        self.mlflow = Side(self._ask_mlflow, mlflow_rest.root)
        self.podium = Side(batch, root)
        self.rest = mlflow_rest

    def fresh(self):
        self.count = getattr(self, "count", 0) + 1
        self("POST", "experiments/create", {"name": f"exp{self.count}"}, save={"exp": "experiment_id"})
        self("POST", "runs/create", {"experiment_id": "$exp", "run_name": "first", "start_time": 1},
             save={"run": "run.info.run_id"})

    def _ask_mlflow(self, verb, path, request):
        url = f"/api/2.0/mlflow/{path}"
        if verb == "GET":
            return self.rest.call(verb, url, query=[tuple(p) for p in query_of(request)])
        # as text: Flask's client would sort the keys, and their order can matter
        return self.rest.call(verb, url, raw=json.dumps(request or {}))

    def __call__(self, verb, path, request=None, save=None, words=True, order=False, times=()):
        """Call both. save: {name: path of an id in the answer}. words=False: messages that hold
        SQLAlchemy's text, only the codes are compared. order: the order of metrics counts."""
        answers = []
        for side in (self.mlflow, self.podium):
            side.own_times, side.sort_metrics = set(times), not order
            status, body = side.call(verb, side.fill(path), side.fill(request))
            if status == 200:
                for name, where in (save or {}).items():
                    side.saved[name] = look_up(body, where)
            answers.append((status, body))
        (want_status, want), (have_status, have) = answers
        about = f"{verb} {path} {json.dumps(request)[:2000]}"
        if want_status == 500 and (isinstance(want, str) or want["error_code"] == "INTERNAL_ERROR"):
            assert have_status < 500, f"{about}\n  mlflow: an unhandled error\n  podium {have}"
            return have
        assert have_status == want_status, f"{about}\n  mlflow {want}\n  podium {have}"
        if want_status == 200:
            want, have = self.mlflow.neutral(want), self.podium.neutral(have)
            assert have == want, f"{about}\n  mlflow {want}\n  podium {have}"
            return want
        assert have["error_code"] == want["error_code"], f"{about}\n  {want}\n  {have}"
        want_text = one_line(self.mlflow.neutral(want["message"]))
        have_text = one_line(self.podium.neutral(have["message"]))
        if words:
            assert have_text == want_text, f"{about}\n  mlflow {want_text}\n  podium {have_text}"
        return want
