"""What the serving tests share: models on disk, MLflow's own answer, and bare sockets."""

import json
import socket

SKLEARN = dict(serialization_format="cloudpickle")


def save_models(folder):
    """{name: path}: forest on named columns, with a signature and without, classifiers, dicts."""
    import mlflow.sklearn
    import numpy as np
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(0)
    x = pd.DataFrame({c: rng.normal(size=300) for c in "abc"})
    y = x.a * 2 + x.b
    labels = np.where(y > 0, "höher", "tiefer")
    forest = RandomForestRegressor(n_estimators=10, max_depth=6, random_state=0).fit(x, y)
    bare = RandomForestRegressor(n_estimators=10, max_depth=6, random_state=0).fit(x.values, y)
    rows = [
        {"PU_DO": f"{rng.integers(1, 9)}_{rng.integers(1, 9)}", "trip_distance": float(d)}
        for d in rng.uniform(0, 20, 300)
    ]
    taxi = make_pipeline(
        DictVectorizer(), RandomForestRegressor(n_estimators=10, max_depth=6, random_state=0)
    ).fit(rows, [r["trip_distance"] * 3 + len(r["PU_DO"]) for r in rows])
    models = {
        "signed": (forest, infer_signature(x, forest.predict(x))),
        "bare": (bare, None),
        "logit": (LogisticRegression().fit(x.values, (y > 0).astype(int)), None),
        "texts": (
            RandomForestClassifier(n_estimators=5, random_state=0).fit(x.values, labels), None),
        "taxi": (taxi, None),
    }
    paths = {}
    for name, (model, signature) in models.items():
        paths[name] = str(folder / name)
        mlflow.sklearn.save_model(model, paths[name], signature=signature, **SKLEARN)
    models["rows"] = rows
    return paths, models


class Oracle:
    """mlflow.pyfunc.scoring_server in this process."""

    def __init__(self, path):
        import mlflow.pyfunc

        self.model = mlflow.pyfunc.load_model(path)
        self.schema = self.model.metadata.get_input_schema()

    def ask(self, body, content_type="application/json"):
        """(status, text)"""
        from mlflow.exceptions import MlflowException
        from mlflow.pyfunc import scoring_server

        try:
            r = scoring_server.invocations(body, content_type, self.model, self.schema)
        except MlflowException as e:
            return e.get_http_status_code(), e.serialize_as_json()
        return r.status, r.response


class Raw:
    """A bare connection to a service."""

    def __init__(self, service, timeout=20):
        self.sock = socket.create_connection(("127.0.0.1", service.port), timeout=timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def _more(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return data

    def answer(self, head=False):
        """(status, headers, body) of the next response; None when the connection is closed."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        header, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = header.decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        status = int(first.split()[1])
        if status == 100:
            return self.answer(head)
        n = 0 if head else int(headers.get("content-length", 0))
        while len(self.buffer) < n:
            if not self._more():
                break
        body, self.buffer = self.buffer[:n], self.buffer[n:]
        return status, headers, body

    def is_closed(self):
        return not self.buffer and not self._more()


def post(body, path="/invocations", extra="", content_type="application/json"):
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n{extra}\r\n"
    ).encode() + body
