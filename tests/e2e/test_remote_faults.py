"""A tracking server that is away, slow, broken, hostile or somebody else: one clear line, the exit
status of the table, no secret in it, and nothing done twice.

The server here is a script of answers. A handler gets a Request and gives status, headers, body.
"""

import base64
import hashlib
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time

import pytest

OK_EXPERIMENTS = {"experiments": [{"experiment_id": "7", "name": "seven", "tags": [],
                                   "artifact_location": "mlflow-artifacts:/7",
                                   "lifecycle_stage": "active"}]}
RUN = {"run": {"info": {"run_id": "a" * 32, "run_uuid": "a" * 32, "experiment_id": "7",
                        "artifact_uri": "mlflow-artifacts:/7/a/artifacts", "status": "RUNNING",
                        "lifecycle_stage": "active"}, "data": {}}}
RUN_URI = "runs:/" + "a" * 32


class Request:
    def __init__(self, h, body):
        self.verb, self.path, self.body = h.command, h.path, body
        self.headers, self.raw = h.headers, h


class Fake:
    """`handler` may be exchanged; `seen` are the requests so far."""

    def __init__(self, tls=None):
        self.seen = []
        self.handler = lambda r: (200, {}, OK_EXPERIMENTS)
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self, body)
                fake.seen.append(request)
                answer = fake.handler(request)
                if answer is None:  # written by hand, or hung up
                    self.close_connection = True
                    return
                status, headers, body = answer
                if isinstance(body, (dict, list)):
                    body = json.dumps(body)
                    headers = {"Content-Type": "application/json", **headers}
                body = body.encode() if isinstance(body, str) else body
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    if value is not None:
                        self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = serve

            def log_message(self, *args):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def fakes():
    made = []

    def make(**how):
        made.append(Fake(**how))
        return made[-1]

    yield make
    for fake in made:
        fake.stop()


@pytest.fixture
def fake(fakes, podium):
    server = fakes()
    podium.env.update(MLFLOW_TRACKING_URI=server.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
                      MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR="0", MLFLOW_HTTP_REQUEST_BACKOFF_JITTER="0")
    return server


LIST = ("experiments", "list", "-q")


def in_turn(*answers):
    """One answer a request; the last one stays."""
    left = list(answers)

    def handler(request):
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer(request) if callable(answer) else answer

    return handler


# ------------------------------------------------------------------------- not there


def test_a_server_that_is_down_is_unreachable(podium, free_port):
    url = f"http://127.0.0.1:{free_port()}"
    env = {"MLFLOW_TRACKING_URI": url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    podium(*LIST, env=env).fails(6, url, "refused")
    podium("log", "-m", "a=1", env=env).fails(6, url)
    podium("fetch", "models:/m@a", env=env).fails(6, url)
    podium("artifacts", "list", "mlflow-artifacts:/1/x", env=env).fails(6, url)


def test_a_server_that_is_not_up_yet_is_waited_for(podium, free_port, fakes):
    port = free_port()
    env = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}",
           "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "9", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1"}
    proc = subprocess.Popen([podium.path, *LIST], env={**podium.env, **env}, cwd=podium.cwd,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.3)
    with socket.create_server(("127.0.0.1", port)) as s:
        conn, _ = s.accept()
        body = json.dumps(OK_EXPERIMENTS)
        conn.recv(65536)
        conn.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        out, err = proc.communicate(timeout=30)
        conn.close()
    assert (proc.returncode, out, err) == (0, "7\n", "")


def test_a_name_that_no_host_has_is_said(podium):
    podium(*LIST, env={"MLFLOW_TRACKING_URI": "http://no-such-host.invalid",
                       "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}).fails(6, "no-such-host.invalid")


@pytest.mark.parametrize("uri", ["http://", "http:///x", "http://a b", "http://:80", "https:foo",
                                 "http://h/?q=1", "http://h:99999", "http://[::1"])
def test_an_address_that_is_none_is_refused(podium, uri):
    done = podium(*LIST, env={"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"})
    assert done.rc in (2, 6) and len(done.err.splitlines()) == 1, done


def test_a_slow_server_is_given_up(podium, fake):
    fake.handler = lambda r: time.sleep(10) or (200, {}, {})
    podium(*LIST, env={"MLFLOW_HTTP_REQUEST_TIMEOUT": "1"}).fails(
        6, fake.url, "MLFLOW_HTTP_REQUEST_TIMEOUT")


def test_a_server_that_stops_in_the_middle_is_given_up(podium, fake):
    def stall(request):
        request.raw.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        request.raw.wfile.flush()
        time.sleep(10)

    fake.handler = stall
    podium(*LIST, env={"MLFLOW_HTTP_REQUEST_TIMEOUT": "1"}).fails(6, fake.url)


# ------------------------------------------------------------------------- not allowed


def test_a_server_that_wants_credentials_says_which_variables(podium, fake):
    fake.handler = lambda r: (401, {"WWW-Authenticate": 'Basic realm="mlflow"'}, "go away")
    podium(*LIST).fails(4, fake.url, "MLFLOW_TRACKING_TOKEN")


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_token_is_denied_and_not_shown(podium, fake, status):
    fake.handler = lambda r: (status, {}, "no")
    done = podium(*LIST, env={"MLFLOW_TRACKING_TOKEN": "SECRET"}).fails(4, fake.url)
    assert fake.seen[0].headers["Authorization"] == "Bearer SECRET"
    assert "SECRET" not in done.err


def test_a_denial_keeps_mlflows_words(podium, fake):
    fake.handler = lambda r: (403, {}, {"error_code": "PERMISSION_DENIED", "message": "not yours"})
    podium(*LIST).fails(4, "not yours")


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_user_and_password_come_from_variables_file_or_address(podium, fake, tmp_path):
    folder = tmp_path / ".home" / ".mlflow"
    folder.mkdir()
    (folder / "credentials").write_text(
        "[other]\nmlflow_tracking_username = x\n[mlflow]\n# comment\n"
        "mlflow_tracking_username = filed\nMLFLOW_TRACKING_PASSWORD: p w=1\n")
    podium(*LIST).ok()
    podium(*LIST, env={"MLFLOW_TRACKING_TOKEN": "t"}).ok()
    podium(*LIST, env={"MLFLOW_TRACKING_USERNAME": "me"}).ok()
    address = fake.url.replace("//", "//us%40er:p%3Aw@")
    podium(*LIST, env={"MLFLOW_TRACKING_URI": address, "MLFLOW_TRACKING_USERNAME": "me"}).ok()
    got = [r.headers["Authorization"] for r in fake.seen]
    assert got == [basic("filed", "p w=1"), basic("filed", "p w=1"), basic("me", "p w=1"),
                   basic("us@er", "p:w")]
    fake.handler = lambda r: (500, {}, "broken")
    done = podium(*LIST, env={"MLFLOW_TRACKING_URI": address}).fails(6, fake.url)
    assert "p%3Aw" not in done.err and "p:w" not in done.err


def test_a_password_of_another_store_is_not_shown(podium):
    done = podium(*LIST, env={"MLFLOW_TRACKING_URI": "mysql://me:SECRET@h/db"}).fails(1, "mysql")
    assert "SECRET" not in done.err


def test_half_of_the_credentials_is_none(podium, fake):
    podium(*LIST, env={"MLFLOW_TRACKING_USERNAME": "me"}).ok()
    assert fake.seen[0].headers["Authorization"] is None


def test_credentials_go_to_the_tracking_server_only(podium, fake, fakes):
    other = fakes()
    other.handler = lambda r: (401, {}, "who?")
    env = {"MLFLOW_TRACKING_TOKEN": "SECRET"}
    podium("fetch", f"{other.url}/model.pkl", env=env).fails(4, other.url)
    podium("fetch", f"mlflow-artifacts://127.0.0.1:{other.port}/1/x", env=env).fails(4, other.url)
    assert [r.headers["Authorization"] for r in other.seen] == [None, None]


def test_a_way_to_sign_in_that_is_not_here_is_said(podium, fake):
    podium(*LIST, env={"MLFLOW_TRACKING_AWS_SIGV4": "true"}).fails(1, "MLFLOW_TRACKING_AWS_SIGV4")
    podium(*LIST, env={"MLFLOW_TRACKING_AUTH": "kubernetes"}).fails(1, "MLFLOW_TRACKING_AUTH")
    assert fake.seen == []


# ------------------------------------------------------------------------- answers that are none


@pytest.mark.parametrize("body", ["<html>hello</html>", "", "[1]", '{"a":', "\0\xff", "200 OK"])
def test_a_good_answer_that_is_not_mlflows_is_told_or_empty(podium, fake, body):
    fake.handler = lambda r: (200, {"Content-Type": "text/html"}, body)
    done = podium("api", "experiments/get", "experiment_id=0")
    if body in ("", "200 OK"):  # as MLflow's client takes them
        assert done.ok().json == {}
    else:
        done.fails(1, fake.url, "is it an MLflow server?")


@pytest.mark.parametrize("status,rc", [(400, 2), (404, 3), (405, 3), (409, 5), (413, 1), (418, 2),
                                       (429, 6), (500, 6), (501, 1), (502, 6), (503, 6), (504, 6)])
def test_an_error_without_json_is_one_line(podium, fake, status, rc):
    fake.handler = lambda r: (status, {"Content-Type": "text/html"}, "<html>\n<b>oops</b>\n</html>")
    done = podium(*LIST).fails(rc, fake.url, str(status))
    assert "<" not in done.err


@pytest.mark.parametrize("body", [{"error_code": 5}, {"message": 7}, {"error_code": "NEW_KIND"},
                                  {"error_code": "NEW_KIND", "message": "x\ny"}, {"detail": "x"}])
def test_an_error_with_other_json_is_one_line(podium, fake, body):
    fake.handler = lambda r: (500, {}, body)
    podium(*LIST).fails(6)


def test_an_error_of_megabytes_is_cut(podium, fake):
    fake.handler = lambda r: (500, {}, "x" * 5_000_000)
    assert len(podium(*LIST).fails(6).err) < 1500


def test_a_body_that_is_cut_off_is_asked_for_again(podium, fake):
    body = json.dumps(OK_EXPERIMENTS)

    def cut(request):
        request.raw.wfile.write(
            f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body[:20]}".encode())

    fake.handler = in_turn(cut, (200, {}, OK_EXPERIMENTS))
    assert podium(*LIST, env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}).ok().out == "7\n"
    assert len(fake.seen) == 2
    fake.handler = cut
    podium(*LIST).fails(6, "broke off")


# ------------------------------------------------------------------------- again, or not


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(podium, fake, status):
    fake.handler = in_turn((status, {}, "later"), (status, {}, "later"), (200, {}, OK_EXPERIMENTS))
    podium(*LIST, env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}).ok()
    assert len(fake.seen) == 3


@pytest.mark.parametrize("body,times", [
    ({"error_code": "INVALID_STATE", "message": "deleted"}, 1),
    ({"error_code": "INTERNAL_ERROR", "message": "database is locked"}, 3)])
def test_an_error_of_mlflow_that_stays_is_not_tried_again(podium, fake, body, times):
    fake.handler = lambda r: (500, {}, body)
    done = podium(*LIST, env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"})
    assert done.rc != 0 and body["message"] in done.err
    assert len(fake.seen) == times


def test_retry_after_is_waited_for(podium, fake):
    fake.handler = in_turn((429, {"Retry-After": "1"}, "later"), (200, {}, OK_EXPERIMENTS))
    podium(*LIST, env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}).ok()
    fake.handler = lambda r: (503, {"Retry-After": "86400"}, "tomorrow")
    seen = len(fake.seen)
    podium(*LIST, env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3"}).fails(6, "503")
    assert len(fake.seen) == seen + 1


@pytest.mark.parametrize("answer,times", [((502, {}, "x"), 1), ((500, {}, "x"), 1), (None, 1),
                                          ((429, {}, "x"), 3), ((503, {"Retry-After": "1"}, "x"), 3)])
def test_what_makes_something_new_is_not_sent_twice(podium, fake, answer, times):
    fake.handler = lambda r: answer
    podium("api", "runs/create", "experiment_id=0",
           env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}).fails(6)
    assert len(fake.seen) == times


def test_a_connection_that_was_closed_meanwhile_is_no_error(podium, fake):
    fake.handler = lambda r: (200, {"Connection": "close"}, OK_EXPERIMENTS)
    calls = json.dumps({"method": "experiments/get", "request": {"experiment_id": "7"}}) + "\n"
    podium("api", "--batch", input=calls * 3).ok()
    assert len(fake.seen) == 3


@pytest.mark.parametrize("name,value", [("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "99"),
                                        ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "x"),
                                        ("MLFLOW_HTTP_REQUEST_TIMEOUT", "-1"),
                                        ("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "nan"),
                                        ("MLFLOW_TRACKING_INSECURE_TLS", "maybe"),
                                        ("MLFLOW_TRACKING_SERVER_CERT_PATH", "/none")])
def test_a_variable_out_of_range_is_named(podium, fake, name, value):
    podium(*LIST, env={name: value}).fails(2, name, value)


# ------------------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirected_call_arrives_whole(podium, fake, status):
    fake.handler = lambda r: ((200, {}, OK_EXPERIMENTS) if r.path.startswith("/new")
                              else (status, {"Location": "/new" + r.path}, ""))
    podium(*LIST).ok()
    assert fake.seen[1].verb == "POST" and json.loads(fake.seen[1].body)


def test_a_redirect_to_another_host_takes_no_credentials_along(podium, fake, fakes):
    other = fakes()
    other.handler = lambda r: (401, {}, "who?")
    fake.handler = lambda r: (307, {"Location": other.url + r.path}, "")
    podium(*LIST, env={"MLFLOW_TRACKING_TOKEN": "SECRET"}).fails(4, other.url)
    assert other.seen[0].headers["Authorization"] is None


@pytest.mark.parametrize("to", ["/loop", "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x"])
def test_a_redirect_that_leads_nowhere_is_an_error(podium, fake, to):
    fake.handler = lambda r: (302, {"Location": to}, "")
    assert podium(*LIST).rc in (2, 6)
    assert "root:" not in podium(*LIST).err


def test_redirects_can_be_switched_off(podium, fake):
    fake.handler = lambda r: (302, {"Location": "/x"}, "")
    podium(*LIST, env={"MLFLOW_ALLOW_HTTP_REDIRECTS": "false"}).fails(6, "redirect")


# ------------------------------------------------------------------------- TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)
    return folder


def test_a_certificate_is_checked_unless_told_otherwise(podium, fakes, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    fake = fakes(tls=context)
    env = {"MLFLOW_TRACKING_URI": fake.url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    podium(*LIST, env=env).fails(6, "certificate", "MLFLOW_TRACKING_SERVER_CERT_PATH")
    cert = str(certificate / "cert.pem")
    podium(*LIST, env={**env, "MLFLOW_TRACKING_SERVER_CERT_PATH": cert}).ok()
    podium(*LIST, env={**env, "MLFLOW_TRACKING_INSECURE_TLS": "true"}).ok()
    podium(*LIST, env={**env, "MLFLOW_TRACKING_INSECURE_TLS": "true",
                       "MLFLOW_TRACKING_SERVER_CERT_PATH": cert}).fails(2, "both")
    podium(*LIST, env={**env, "MLFLOW_TRACKING_URI": fake.url.replace("https", "http")}).fails(6)


def test_a_client_certificate_is_shown_to_the_server(podium, fakes, certificate, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    context.load_verify_locations(certificate / "cert.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    fake = fakes(tls=context)
    both = tmp_path / "both.pem"
    both.write_text((certificate / "cert.pem").read_text() + (certificate / "key.pem").read_text())
    env = {"MLFLOW_TRACKING_URI": fake.url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
           "MLFLOW_TRACKING_SERVER_CERT_PATH": str(certificate / "cert.pem")}
    assert podium(*LIST, env=env).rc == 6
    podium(*LIST, env={**env, "MLFLOW_TRACKING_CLIENT_CERT_PATH": str(both)}).ok()
    (tmp_path / "bad.pem").write_text("no certificate")
    podium(*LIST, env={**env, "MLFLOW_TRACKING_CLIENT_CERT_PATH": str(tmp_path / "bad.pem")}).fails(2)


# ------------------------------------------------------------------------- artifacts


DATA = hashlib.shake_128(b"podium").digest(3_000_000)
API = "/api/2.0/mlflow-artifacts/artifacts"


def artifacts(files, get, size=None):
    """A handler with one run, whose folder lists `files`; `get` answers for the bytes."""

    def handler(r):
        if r.path.startswith("/api/2.0/mlflow/runs/get"):
            return 200, {}, RUN
        if r.path.startswith("/api/2.0/mlflow/logged-models/search"):
            return 200, {}, {}
        if r.path.startswith(API + "?path="):
            return 200, {}, {"files": files}
        return get(r)

    return handler


def entry(name, size, is_dir=False):
    return {"path": name, "is_dir": is_dir, "file_size": str(size)}


def broken_after(n, etag='"one"', data=DATA, short=3):
    """Whole parts as asked for, but the first `short` answers break off after n bytes."""
    count = []

    def get(r):
        count.append(r)
        start = 0
        if r.headers["Range"] and r.headers["If-Range"] in (None, etag):
            start = int(r.headers["Range"].removeprefix("bytes=").split("-")[0])
        part = data[start:]
        head = "206 Partial Content" if start else "200 OK"
        lines = [f"HTTP/1.1 {head}", f"Content-Length: {len(part)}", "Connection: close"]
        if etag:
            lines.append(f"ETag: {etag}")
        if start:
            lines.append(f"Content-Range: bytes {start}-{len(data) - 1}/{len(data)}")
        sent = part[:n] if len(count) <= short else part
        r.raw.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + sent)

    get.count = count
    return get


def test_a_download_that_breaks_off_goes_on_where_it_was(podium, fake, tmp_path):
    get = broken_after(900_000)
    fake.handler = artifacts([entry("big", len(DATA))], get)
    podium("artifacts", "get", f"{RUN_URI}/big", "-o", tmp_path / "got",
           env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5"}).ok()
    assert (tmp_path / "got" / "big").read_bytes() == DATA
    assert [r.headers["Range"] for r in get.count] == [
        None, "bytes=900000-", "bytes=1800000-", "bytes=2700000-"]


def test_a_download_that_cannot_go_on_starts_again(podium, fake, tmp_path):
    get = broken_after(900_000, etag=None, short=2)
    fake.handler = artifacts([entry("big", len(DATA))], get)
    podium("artifacts", "get", f"{RUN_URI}/big", "-o", tmp_path / "got",
           env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5"}).ok()
    assert (tmp_path / "got" / "big").read_bytes() == DATA
    assert all(r.headers["Range"] is None for r in get.count)


def test_an_object_that_changed_meanwhile_is_read_anew_or_refused(podium, fake, tmp_path):
    new = DATA[::-1][:2_000_000]
    first = broken_after(900_000, short=1)
    second = broken_after(0, etag='"two"', data=new, short=0)
    count = []

    def get(r):
        count.append(r)
        return first(r) if len(count) == 1 else second(r)

    fake.handler = artifacts([entry("big", 0)], get)
    done = podium("artifacts", "get", f"{RUN_URI}/big", "-o", tmp_path / "got",
                  env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5"})
    if done.rc == 0:
        assert (tmp_path / "got" / "big").read_bytes() == new
    else:
        done.fails(5, "changed")
        assert not list((tmp_path / "got").glob("*"))


@pytest.mark.parametrize("n", [0, 1, 2_999_999])
def test_a_truncated_object_never_appears(podium, fake, tmp_path, n):
    fake.handler = artifacts([entry("big", len(DATA))], broken_after(n, short=10**9))
    podium("artifacts", "get", f"{RUN_URI}/big", "-o", tmp_path / "got").fails(6)
    assert not (tmp_path / "got" / "big").exists()


def test_an_object_of_another_length_than_listed_never_appears(podium, fake, tmp_path):
    fake.handler = artifacts([entry("big", 10)], lambda r: (200, {}, b"12345678"))
    podium("artifacts", "get", f"{RUN_URI}/big", "-o", tmp_path / "got").fails(5, "big")
    assert not (tmp_path / "got" / "big").exists()


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "", ".", "..", "a\\b", 5,
                                  "a/b", None, "\0x"])
def test_a_name_that_climbs_out_is_refused(podium, fake, tmp_path, name):
    fake.handler = artifacts([entry(name, 4)], lambda r: (200, {}, b"evil"))
    podium("artifacts", "get", RUN_URI, "-o", tmp_path / "got")
    podium("artifacts", "list", RUN_URI).fails(1)
    assert not [p for p in tmp_path.rglob("*") if p.name in ("evil", "b", "x")]


def test_a_server_whose_folders_never_end_is_left(podium, fake):
    fake.handler = artifacts([entry("artifacts", 0, True), entry("a", 0, True)],
                             lambda r: (200, {}, b""))
    podium("artifacts", "list", "-r", RUN_URI, timeout=120).fails(1)


def test_a_server_that_serves_no_artifacts_says_so_at_once(podium, fake):
    text = ("Endpoint: /x disabled due to the mlflow server running with `--no-serve-artifacts`. "
            "To enable artifacts server functionality, run `mlflow server` with `--serve-artifacts`")

    def handler(r):
        return (200, {}, RUN) if "runs/get" in r.path else (503, {}, text)

    fake.handler = handler
    podium("artifacts", "get", RUN_URI,
           env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5"}).fails(1, "--no-serve-artifacts")
    assert sum("mlflow-artifacts" in r.path for r in fake.seen) == 1


def test_an_upload_is_sent_again_from_its_start(podium, fake, tmp_path):
    (tmp_path / "big").write_bytes(DATA)
    answers = in_turn((502, {}, "x"), (200, {}, {}))
    fake.handler = artifacts([], lambda r: answers(r) if r.verb == "PUT" else (404, {}, ""))
    podium("artifacts", "put", tmp_path / "big", f"{RUN_URI}/sub/",
           env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}).ok()
    puts = [r for r in fake.seen if r.verb == "PUT"]
    assert [r.body == DATA for r in puts] == [True, True]
    assert puts[0].path == API + "/7/a/artifacts/sub/big"


def test_an_upload_that_is_denied_is_one_line(podium, fake, tmp_path):
    (tmp_path / "big").write_bytes(DATA)
    fake.handler = artifacts([], lambda r: (403, {"Connection": "close"}, "no"))
    podium("artifacts", "put", tmp_path / "big", f"{RUN_URI}/sub/").fails(4)


def test_one_file_of_a_web_server_is_fetched(podium, fakes, tmp_path):
    web = fakes()
    web.handler = lambda r: ((200, {}, DATA) if r.path == "/m/a%20b.pkl"
                             else (404, {}, "<html>"))
    podium("fetch", f"{web.url}/m/a%20b.pkl", "-o", tmp_path / "got").ok()
    assert (tmp_path / "got" / "a b.pkl").read_bytes() == DATA
    podium("fetch", f"{web.url}/none", "-o", tmp_path / "got").fails(3, "/none")
    podium("artifacts", "list", "-r", f"{web.url}/m/a%20b.pkl").ok()
    podium("artifacts", "rm", f"{web.url}/m/a%20b.pkl").fails(1)


def test_completion_is_quiet_and_quick_without_a_server(podium, free_port):
    done = podium("complete", "model", "x",
                  env={"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{free_port()}"})
    assert (done.rc, done.out, done.err) == (0, "", "")


def test_no_libcurl_is_loaded_by_what_needs_none(podium):
    done = subprocess.run([podium.path, "version"], env={**podium.env, "LD_DEBUG": "libs"},
                          capture_output=True, text=True)
    assert done.returncode == 0 and "libcurl" not in done.stderr
