"""Artifacts over HTTP, and requests that mean harm."""

import concurrent.futures
import os
import pathlib
import socket
import time

import pytest
import requests

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def server(podium_start):
    return podium_start("server", "--port", 0, "--no-access-log")


def raw(service, text):
    """Send bytes as they are; the status of the answer, or None when the server hangs up."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as s:
        s.sendall(text)
        answer = b""
        while b"\r\n" not in answer and (more := s.recv(4096)):
            answer += more
    return int(answer.split()[1]) if answer else None


def get_raw(service, path, verb="GET", body=b""):
    head = f"{verb} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return raw(service, head.encode() + body)


def new_run(url, experiment="0"):
    r = requests.post(url + API + "runs/create", json={"experiment_id": experiment})
    return r.json()["run"]["info"]


def test_a_file_comes_back_whole_and_in_parts(server, tmp_path):
    data = os.urandom(3_000_001)
    url = server.url + FILES + "/a/deep/b.bin"
    assert requests.put(url, data=data).status_code == 200
    r = requests.get(url)
    assert r.content == data and r.headers["content-type"] == "application/octet-stream"
    assert r.headers["content-disposition"] == "attachment; filename=b.bin"
    for text, part in [("0-0", data[:1]), ("5-9", data[5:10]), ("3000000-", data[-1:]),
                       ("-7", data[-7:]), ("10-99999999", data[10:])]:
        r = requests.get(url, headers={"Range": f"bytes={text}"})
        assert (r.status_code, r.content) == (206, part), text
    r = requests.get(url, headers={"Range": "bytes=3000001-"})
    assert (r.status_code, r.headers["content-range"]) == (416, "bytes */3000001")
    old = requests.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert old.content == data
    r = requests.head(url)
    assert r.headers["content-length"] == "3000001" and r.content == b""
    assert (tmp_path / "mlartifacts/a/deep/b.bin").read_bytes() == data


def test_folders_are_listed_and_removed(server):
    for name in ("x/1.txt", "x/y/2.txt", "x/ü.json"):
        assert requests.put(f"{server.url}{FILES}/{name}", data=b"abc").ok
    r = requests.get(server.url + FILES, params={"path": "x"}).json()
    assert r == {"files": [{"path": "1.txt", "is_dir": False, "file_size": 3},
                           {"path": "y", "is_dir": True},
                           {"path": "ü.json", "is_dir": False, "file_size": 3}]}
    assert requests.get(f"{server.url}{FILES}/x").status_code == 400
    assert requests.delete(f"{server.url}{FILES}/x").json() == {}
    assert requests.get(server.url + FILES).json() == {}
    assert requests.delete(f"{server.url}{FILES}/x").json() == {}
    assert requests.get(f"{server.url}{FILES}/x/1.txt").json()["message"] == (
        "No such artifact: 'x/1.txt'")


def test_a_large_body_streams_both_ways_in_flat_memory(server):
    def pieces(n):
        for _ in range(n):
            yield b"\x5a" * (1 << 20)

    def peak_kb():
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    url = server.url + FILES + "/big"
    requests.get(server.url + FILES)
    before = peak_kb()
    assert requests.put(url, data=pieces(300)).status_code == 200
    with requests.get(url, stream=True) as r:
        assert sum(len(c) for c in r.iter_content(1 << 20)) == 300 << 20
    assert peak_kb() - before < 8192


def test_an_upload_that_breaks_off_leaves_nothing(server, tmp_path):
    head = (f"PUT {FILES}/half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.sendall(head.encode() + b"x" * 500_000)
    for _ in range(100):
        time.sleep(0.1)
        if not any((tmp_path / "mlartifacts").iterdir()):
            break
    assert list((tmp_path / "mlartifacts").iterdir()) == []


CLIMBING = [
    "/..%2fsecret", "/%2e%2e/secret", "/%252e%252e/secret", "/%25252e%25252e%252fsecret", "/a/../../secret",
    "//etc/passwd", "/%2fetc%2fpasswd", "/..%5csecret", "/%5c..%5csecret", "/a%00/../secret",
    "/secret%00.txt", "/file:%2f%2f%2fetc%2fpasswd", "/x%23/..%2fsecret", "/out/passwd", "/out",
]


@pytest.mark.parametrize("path", CLIMBING)
def test_no_path_leads_out_of_the_folder(server, tmp_path, path):
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "mlartifacts"
    folder.mkdir(exist_ok=True)
    (folder / "out").symlink_to("/etc")
    run = new_run(server.url)["run_id"]
    assert get_raw(server, FILES + path) in (400, 404)
    assert get_raw(server, FILES + path, "PUT", b"evil") in (400, 404)
    assert get_raw(server, FILES + "?path=" + path[1:]) in (200, 400)
    assert get_raw(server, f"/get-artifact?run_id={run}&path={path[1:]}") in (400, 404)
    assert get_raw(server, f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={path[1:]}",
                   "POST", b"evil") in (200, 400)
    assert (tmp_path / "secret").read_text() == "secret"
    assert not (tmp_path / "x").exists()
    if path != "/out":  # the link itself is in the folder and may go; what it points to stays
        assert get_raw(server, FILES + path, "DELETE") in (200, 400, 404)
    assert (tmp_path / "secret").exists() and pathlib.Path("/etc/passwd").exists()


def test_locations_that_climb_are_not_served(server, tmp_path):
    (tmp_path / "secret").write_text("secret")
    for location in ("mlflow-artifacts:/../", "mlflow-artifacts:/%2e%2e", "mlflow-artifacts:/a/../.."):
        r = requests.post(server.url + API + "experiments/create",
                          json={"name": location, "artifact_location": location})
        if r.status_code != 200:
            continue
        info = new_run(server.url, r.json()["experiment_id"])
        r = requests.get(server.url + "/get-artifact",
                         params={"run_id": info["run_id"], "path": "secret"})
        assert r.status_code in (400, 404), r.text
    assert requests.get(server.url + "/health").text == "OK"


def test_files_of_runs_models_and_versions_are_handed_out(server):
    info = new_run(server.url)
    where = {"run_uuid": info["run_id"], "path": "notes/a.txt"}
    r = requests.post(server.url + "/ajax-api/2.0/mlflow/upload-artifact", params=where, data=b"hi")
    assert r.status_code == 200, r.text
    r = requests.get(server.url + "/get-artifact",
                     params={"run_id": info["run_id"], "path": "notes/a.txt"})
    assert (r.content, r.headers["content-type"]) == (b"hi", "text/plain")
    r = requests.get(server.url + API + "artifacts/list",
                     params={"run_id": info["run_id"], "path": "notes"})
    assert r.json()["files"] == [{"path": "notes/a.txt", "is_dir": False, "file_size": 2}]
    requests.post(server.url + API + "registered-models/create", json={"name": "m"})
    r = requests.post(server.url + API + "model-versions/create", json={
        "name": "m", "source": info["artifact_uri"] + "/notes", "run_id": info["run_id"]})
    assert r.status_code == 200, r.text
    r = requests.get(server.url + "/model-versions/get-artifact",
                     params={"name": "m", "version": "1", "path": "a.txt"})
    assert r.content == b"hi"


def test_artifacts_can_be_left_to_the_clients(podium_start, tmp_path):
    service = podium_start("server", "--port", 0, "--no-serve-artifacts", "--no-access-log")
    assert requests.get(service.url + FILES).status_code == 503
    assert requests.get(service.url + FILES + "/x").status_code == 503
    assert requests.put(service.url + FILES + "/x", data=b"x").status_code == 503
    assert new_run(service.url)["artifact_uri"].startswith(str(tmp_path / "mlruns"))


def test_foreign_hosts_and_origins_are_refused(server):
    get = server.url + API + "experiments/get?experiment_id=0"
    make = server.url + API + "experiments/create"
    assert requests.get(get, headers={"Host": "evil.com"}).status_code == 403
    assert requests.get(get, headers={"Host": "10.1.2.3:5000"}).status_code == 200
    assert requests.get(server.url + "/health", headers={"Host": "evil.com"}).text == "OK"
    r = requests.post(make, json={"name": "a"}, headers={"Origin": "http://evil.com"})
    assert (r.status_code, r.text) == (403, "Cross-origin request blocked")
    r = requests.post(make, json={"name": "b"}, headers={"Origin": "http://localhost:3000"})
    assert r.headers["access-control-allow-origin"] == "http://localhost:3000"
    r = requests.put(server.url + FILES + "/x", data=b"x", headers={"Host": "evil.com"})
    assert r.status_code == 403
    assert requests.get(server.url + FILES).json() == {}
    r = requests.get(get)
    assert r.headers["x-frame-options"] == "SAMEORIGIN"
    assert r.headers["x-content-type-options"] == "nosniff"


def test_hosts_and_origins_can_be_named(podium_start):
    service = podium_start("server", "--port", 0, "--no-access-log", "--allowed-hosts",
                           "ml.example.com, app-*.example.com", "--cors-allowed-origins",
                           "https://*.example.com")
    get = service.url + API + "experiments/get?experiment_id=0"
    for host, status in (("ml.example.com", 200), ("app-1.example.com", 200), ("localhost", 403)):
        assert requests.get(get, headers={"Host": host}).status_code == status
    for origin, status in (("https://a.example.com", 200), ("https://example.org", 403)):
        r = requests.post(service.url + API + "experiments/create", json={"name": origin},
                          headers={"Host": "ml.example.com", "Origin": origin})
        assert r.status_code == status


BODIES = [
    b"", b"null", b"[]", b"3", b'"x"', b'"{}"', b"{", b"\xff\xfe", b"[" * 100000, b'{"name": "\xff"}',
    b'{"name": 1e999}', b'{"name": NaN}', b'{"name": {"a": [1]}}', b'{"name":"\\u0000"}', b"{" * 5000,
]


@pytest.mark.parametrize("method", ["experiments/create", "runs/log-batch", "runs/search",
                                    "model-versions/create", "logged-models/search"])
def test_bodies_that_are_none_are_refused(server, method):
    for body in BODIES:
        r = requests.post(server.url + API + method, data=body,
                          headers={"Content-Type": "application/json"})
        assert r.status_code in (200, 400, 404), (body[:20], r.text)
    r = requests.post(server.url + API + method, data=b"{}")
    assert "Content-Type header is missing" in r.json()["message"]
    assert requests.get(server.url + "/health").text == "OK"


def test_unknown_paths_and_verbs_are_answered_as_mlflow_does(server):
    r = requests.get(server.url + API + "nothing/here")
    assert (r.status_code, r.headers["content-type"]) == (404, "text/html; charset=utf-8")
    r = requests.get(server.url + API + "runs/create")
    assert r.status_code == 405 and set(r.headers["allow"].split(", ")) == {"OPTIONS", "POST"}
    r = requests.options(server.url + API + "runs/get")
    assert (r.status_code, r.text) == (204, "")
    r = requests.post(server.url + API + "webhooks", json={})
    assert (r.status_code, r.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert requests.get(server.url + "/version").text == "3.17.2"


def test_many_clients_at_once_are_all_answered(server):
    run = new_run(server.url)["run_id"]

    def work(number):
        with requests.Session() as s:
            for i in range(40):
                body = {"run_id": run, "key": f"m{number}", "value": i, "timestamp": i, "step": i}
                assert s.post(server.url + API + "runs/log-metric", json=body).status_code == 200
                got = s.get(server.url + API + "metrics/get-history",
                            params={"run_id": run, "metric_key": f"m{number}"}).json()
                assert [m["step"] for m in got["metrics"]] == list(range(i + 1))
                name = f"{server.url}{FILES}/{number}/{i}"
                assert s.put(name, data=b"%d" % i).status_code == 200
                assert s.get(name).content == b"%d" % i

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
