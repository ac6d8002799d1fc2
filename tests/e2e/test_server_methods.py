"""The sequences that compare podium's registry with MLflow's handlers, sent to `podium server` over
HTTP: a call that goes through a socket, a worker and the writer answers as one that does not."""

import pytest
import requests

import test_methods_differential as methods
import test_models_differential as models
from differential import Twin, query_of


class Http:
    """differential.Batch's way of calling, over HTTP."""

    def __init__(self, url):
        self.url = f"{url}/api/2.0/mlflow/"
        self.session = requests.Session()

    def __call__(self, verb, path, request=None):
        if verb == "GET":
            r = self.session.get(self.url + path, params=query_of(request))
        else:
            r = self.session.request(verb, self.url + path, json=request or {})
        is_json = r.headers["content-type"] == "application/json"
        return r.status_code, (r.json() if is_json else r.text)


@pytest.fixture
def twin(mlflow_rest, podium_start, tmp_path):
    service = podium_start(
        "server", "--port", 0, "--backend-store-uri", f"sqlite:///{tmp_path}/podium.db",
        "--default-artifact-root", tmp_path / "mlruns", "--no-access-log",
    )
    return Twin(mlflow_rest, Http(service.url), tmp_path)


run = methods.run


class ModelsOverHttp:
    """test_models_differential.Podium's way of calling, over HTTP."""

    def __init__(self, url, folder):
        self.http = Http(url)
        self.ids = {"ROOT": str(folder / "mlruns")}

    def call(self, verb, method, request):
        if method.startswith("logged-models/"):
            path, request = models.Mlflow.logged_model_path(method[14:], dict(request or {}))
            method = path.removeprefix("/api/2.0/mlflow/")
        if verb == "GET":
            r = self.http.session.get(self.http.url + method, params=request)
            return r.status_code, r.json()
        return self.http(verb, method, request)


@pytest.fixture
def both(mlflow_rest, podium_start, tmp_path):
    folder = tmp_path / "podium"
    folder.mkdir()
    service = podium_start(
        "server", "--port", 0, "--backend-store-uri", f"sqlite:///{folder}/podium.db",
        "--default-artifact-root", folder / "mlruns", "--no-access-log",
    )
    return models.Both(models.Mlflow(mlflow_rest), ModelsOverHttp(service.url, folder))


def sequences(module):
    """The tests of a module that need nothing but what is here too."""
    for name in dir(module):
        test = getattr(module, name)
        if not name.startswith("test_") or not callable(test):
            continue
        arguments = test.__code__.co_varnames[: test.__code__.co_argcount]
        if set(arguments) <= {"twin", "run", "both"}:
            yield name, test


for _module in (methods, models):
    for _name, _test in sequences(_module):
        globals()[_name] = _test
