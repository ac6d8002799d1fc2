"""podium serve beside the real mlflow.pyfunc.scoring_server, and clients that misbehave."""

import json
import math
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests
from conftest import Service, binary_path
from serving import Oracle, Raw, post, save_models


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def oracle(saved):
    cache = {}

    def get(name):
        return cache.setdefault(name, Oracle(saved[0][name]))

    return get


@pytest.fixture(scope="module")
def standing(saved, tmp_path_factory):
    """standing(NAME) -> a service that all tests of this file may ask, but not stop."""
    running = {}

    def get(name):
        if name not in running:
            args = [binary_path(), "serve", saved[0][name], "--port", "0", "-w", "2"]
            running[name] = Service(args, None, tmp_path_factory.mktemp("service"), 60)
        return running[name]

    yield get
    for service in running.values():
        assert service.stop() == 0
        assert "Sanitizer" not in service.log, service.log


@pytest.fixture
def serve(podium_start, saved):
    def start(name, *args, **kwargs):
        args = args or ("-w", 2)
        return podium_start("serve", saved[0][name], "--port", 0, *args, **kwargs)

    return start


def ask(service, body, content_type="application/json", path="/invocations"):
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    r = requests.post(service.url + path, data=body, headers={"Content-Type": content_type})
    return r.status_code, r.text


ROWS = [[0.1, -0.5, 2], [1, 2.5, -3e-5], [0, 0, 0]]
COLUMNS = ["a", "b", "c"]
RECORDS = [dict(zip(COLUMNS, row)) for row in ROWS]

GOOD = {
    "split": {"dataframe_split": {"columns": COLUMNS, "data": ROWS}},
    "split with index": {"dataframe_split": {"index": [5, 6, 7], "columns": COLUMNS, "data": ROWS}},
    "split, data first": {"dataframe_split": {"data": ROWS, "columns": COLUMNS}},
    "records": {"dataframe_records": RECORDS},
    "records, other order": {"dataframe_records": [dict(reversed(r.items())) for r in RECORDS]},
    "split, columns in another order": {
        "dataframe_split": {"columns": ["c", "a", "b"], "data": [[r[2], r[0], r[1]] for r in ROWS]}
    },
    "one row": {"dataframe_records": RECORDS[:1]},
    "integers": {"dataframe_split": {"columns": COLUMNS, "data": [[1, 2, 3], [4, 5, 6]]}},
    "extra fields": {"dataframe_records": RECORDS, "other": {"x": [1, None, "é\ud83d\ude00"]}},
    "params": {"dataframe_records": RECORDS, "params": {"n": 1}},
    "a missing value": {"dataframe_split": {"columns": COLUMNS, "data": [[1.5, None, 2.5]]}},
    "extra column": {"dataframe_records": [{**r, "z": "text"} for r in RECORDS]},
    "inputs, columns": {"inputs": {c: [r[c] for r in RECORDS] for c in COLUMNS}},
    "inputs, records": {"inputs": RECORDS},
    "instances, records": {"instances": RECORDS},
    "instances, columns": {"instances": {c: [r[c] for r in RECORDS] for c in COLUMNS}},
}


@pytest.mark.parametrize("form", GOOD)
def test_every_form_is_answered_byte_for_byte_as_mlflow_does(standing, oracle, form):
    body = json.dumps(GOOD[form])
    assert ask(standing("signed"), body) == oracle("signed").ask(body)


@pytest.mark.parametrize("form", [
    {"inputs": ROWS}, {"instances": ROWS}, {"dataframe_split": {"data": ROWS}},
    {"inputs": [[1, 2, 3]]}, {"dataframe_split": {"columns": [0, 1, 2], "data": ROWS}},
])
@pytest.mark.parametrize("model", ["bare", "logit", "texts"])
def test_rows_without_names_are_answered_as_mlflow_does(standing, oracle, model, form):
    body = json.dumps(form)
    assert ask(standing(model), body) == oracle(model).ask(body)


@pytest.mark.parametrize("text", [
    "a,b,c\n0.1,-0.5,2\n1,2.5,-3e-5\n",
    "c,b,a\r\n1,2,3\r\n4,5,6\r\n",
    'a,"b",c\n"1.5","2",3\n\n4,5,6',
    "a,b,c,d\n1,2,3,text\n",
    "a,b,c\n1,,3\n4,NaN,6\n",
])
def test_csv_is_answered_as_mlflow_does(standing, oracle, text):
    assert ask(standing("signed"), text, "text/csv") == oracle("signed").ask(text, "text/csv")


def test_csv_without_a_signature_has_the_types_pandas_infers(standing, oracle):
    text = "x,y,z\n1,2,3\n4,5.5,6\n"
    assert ask(standing("bare"), text, "text/csv") == oracle("bare").ask(text, "text/csv")


BAD = {
    "no json": b"{",
    "empty": b"",
    "a list": b"[1]",
    "a number": b"1",
    "no form": b"{}",
    "two forms": b'{"inputs": [1], "instances": [1]}',
    "split, a list": b'{"dataframe_split": [1]}',
    "split without data": b'{"dataframe_split": {"columns": ["a"]}}',
    "split with more": b'{"dataframe_split": {"data": [[1]], "x": 1}}',
    "split, too few columns": b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}',
    "split, wrong index": b'{"dataframe_split": {"columns": ["a"], "index": [1, 2, 3], "data": [[1], [2]]}}',
    "records, an object": b'{"dataframe_records": {"a": 1}}',
    "records, a number": b'{"dataframe_records": 1}',
    "missing column": b'{"dataframe_records": [{"a": 1}]}',
    "text for a number": b'{"dataframe_records": [{"a": "x", "b": 1, "c": 2}]}',
    "ragged columns": b'{"inputs": {"a": [1, 2], "b": [1], "c": [1]}}',
    "ragged rows": b'{"inputs": [[1, 2], [3]]}',
    "not UTF-8": b'{"inputs": ["\xff"]}',
    "ragged instances": b'{"instances": [{"a": 1, "b": 2, "c": 3}, {"a": 1}]}',
}


@pytest.mark.parametrize("what", BAD)
def test_bad_requests_get_the_status_and_code_that_mlflow_gives(standing, oracle, what):
    status, text = ask(standing("signed"), BAD[what])
    want_status, want_text = oracle("signed").ask(BAD[what])
    assert status == want_status, (text, want_text)
    assert json.loads(text)["error_code"] == json.loads(want_text)["error_code"], (text, want_text)
    assert json.loads(text)["message"]


@pytest.mark.parametrize("content_type", [
    "application/json; charset=utf-8", "application/json;charset=UTF-8", "application/json ; charset=utf-8",
    "application/json; charset=latin-1", "application/json; version=1", "text/plain", "application/xml",
])
def test_content_types_are_taken_and_refused_as_mlflow_does(standing, oracle, content_type):
    body = json.dumps(GOOD["one row"])
    status, text = ask(standing("signed"), body, content_type)
    want_status, want_text = oracle("signed").ask(body, content_type)
    assert status == want_status
    if status == 200:
        assert text == want_text
    else:
        assert text[:30] == want_text[:30]


def test_a_dict_vectorizer_takes_a_dict_a_row(standing, saved):
    paths, models = saved
    rows = models["rows"][:50] + [{"trip_distance": 3.0}, {"PU_DO": "1_2"}, {}]
    service = standing("taxi")
    want = models["taxi"][0].predict(rows).tolist()
    for body in ({"dataframe_records": rows}, {"instances": rows}, {"inputs": rows}):
        status, text = ask(service, body)
        assert (status, json.loads(text)) == (200, {"predictions": want})


def test_numbers_come_back_as_python_prints_them(standing, saved):
    paths, models = saved
    service = standing("bare")
    rows = [[i / 7, -i * 1e-5, i * 1e17] for i in range(500)]
    status, text = ask(service, {"inputs": rows})
    want = json.dumps({"predictions": models["bare"][0].predict(rows).tolist()})
    assert (status, text) == (200, want)


def test_methods_other_than_predict_are_chosen_by_name(serve, saved):
    paths, models = saved
    service = serve("logit", "-w", 1, "--method", "predict_proba")
    status, text = ask(service, {"inputs": ROWS})
    want = models["logit"][0].predict_proba(ROWS)
    got = json.loads(text)["predictions"]
    assert all(math.isclose(g, w, rel_tol=1e-12) for a, b in zip(got, want) for g, w in zip(a, b))


# ------------------------------------------------------------------------------- other routes


def test_the_small_routes_answer(standing):
    service = standing("signed")
    get = lambda path: requests.get(service.url + path)
    for path in ("/ping", "/health"):
        r = get(path)
        assert (r.status_code, r.text) == (200, "\n")
        assert r.headers["content-type"] == "application/json"
    assert get("/version").text == "3.17.2"
    assert get("/ready").json() == {"status": "ready"}
    r = get("/nothing")
    assert (r.status_code, r.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    r = get("/invocations")
    assert (r.status_code, r.headers["allow"]) == (405, "POST, OPTIONS")
    r = requests.options(service.url + "/invocations")
    assert (r.status_code, r.headers["allow"], r.text) == (204, "POST, OPTIONS", "")
    r = requests.head(service.url + "/ping")
    assert (r.status_code, r.headers["content-length"], r.text) == (200, "1", "")
    assert requests.post(service.url + "/predict", data="{}").status_code == 404


def test_metrics_count_what_was_answered(serve):
    service = serve("signed")
    for _ in range(3):
        ask(service, GOOD["records"])
    ask(service, "{")
    text = requests.get(service.url + "/metrics").text
    assert 'podium_requests_total{route="/invocations",status="200"} 3' in text
    assert 'podium_requests_total{route="/invocations",status="400"} 1' in text
    assert "podium_rows_total 9" in text
    assert 'podium_request_duration_seconds_count{route="/invocations"} 4' in text
    for line in text.splitlines():
        assert line.startswith("#") or line.rsplit(" ", 1)[1].replace(".", "").replace("e-", "").isdigit()


def test_the_access_log_has_one_line_a_request_or_none(serve):
    service = serve("signed", "-w", 1)
    requests.get(service.url + "/ping", headers={"X-Request-Id": "my-id.7"})
    requests.get(service.url + "/a%0Ab%1b")
    service.stop()
    lines = [line for line in service.lines if " GET " in line]
    assert len(lines) == 2
    assert " 127.0.0.1 GET /ping 200 1 " in lines[0] and lines[0].endswith(" my-id.7")
    assert "/a%0Ab%1B 404" in lines[1]
    quiet = serve("signed", "-w", 1, "--no-access-log")
    requests.get(quiet.url + "/ping")
    quiet.stop()
    assert not [line for line in quiet.lines if "GET" in line]


# ------------------------------------------------------------------------------- recipes


RECIPE = {
    "features": {"PU_DO": "{PULocationID}_{DOLocationID}", "trip_distance": "{trip_distance}"},
    "reply": {"duration": "{prediction}", "ride": "{ride.id}", "note": "d={prediction} {{x}}"},
}


def test_a_recipe_turns_events_into_features_and_predictions_into_replies(serve, saved, tmp_path):
    paths, models = saved
    (tmp_path / "r.json").write_text(json.dumps(RECIPE))
    service = serve("taxi", "-w", 1, "--recipe", tmp_path / "r.json")
    events = [
        {"PULocationID": i, "DOLocationID": str(i + 1), "trip_distance": i / 2,
         "ride": {"id": [i, "x"]}, "more": {"deep": [{}]}}
        for i in range(5)
    ]
    rows = [{"PU_DO": f"{i}_{i + 1}", "trip_distance": i / 2} for i in range(5)]
    want = [
        {"duration": p, "ride": [i, "x"], "note": f"d={p} {{x}}"}
        for i, p in enumerate(models["taxi"][0].predict(rows).tolist())
    ]
    status, text = ask(service, events[1], path="/predict")
    assert (status, json.loads(text)) == (200, want[1])
    status, text = ask(service, events, path="/predict")
    assert (status, json.loads(text)) == (200, want)
    assert ask(service, [], path="/predict") == (200, "[]")
    del events[3]["DOLocationID"]
    status, text = ask(service, events, path="/predict")
    assert status == 400
    assert json.loads(text)["message"] == "event 3: the event has no field `DOLocationID`"
    status, text = ask(service, "[1]", path="/predict")
    assert status == 400


def test_a_recipe_beside_the_model_is_found(podium_start, saved, tmp_path):
    import shutil

    shutil.copytree(saved[0]["taxi"], tmp_path / "m")
    (tmp_path / "m" / "podium.json").write_text(json.dumps(RECIPE))
    service = podium_start("serve", tmp_path / "m", "--port", 0)
    event = {"PULocationID": 1, "DOLocationID": 2, "trip_distance": 3, "ride": {"id": None}}
    status, text = ask(service, event, path="/predict")
    assert (status, json.loads(text)["ride"]) == (200, None)


@pytest.mark.parametrize("text,words", [
    ("{", "line 1"),
    ("[]", "an object"),
    ('{"feature": {}}', 'not "feature"'),
    ('{"features": {"a": "{x"}}', "never closed"),
    ('{"features": {"a": "x}"}}', "without its {"),
    ('{"features": {"a": "{}"}}', "empty"),
    ('{"features": {"a": "{x..y}"}}', "empty"),
    ('{"features": {"a": [1]}}', "feature `a`"),
    ('{"features": {}}', '"features"'),
])
def test_a_wrong_recipe_is_refused_with_its_place(podium, saved, tmp_path, text, words):
    (tmp_path / "r.json").write_text(text)
    r = podium("serve", saved[0]["taxi"], "--port", 0, "--recipe", "r.json")
    assert r.rc != 0 and words in r.err and "r.json" in r.err


# ------------------------------------------------------------------------------- bad clients


GET = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("what,request_bytes", [
    ("length and chunked", b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("two lengths", b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                    b"Content-Length: 3\r\n\r\n{}"),
    ("the same length twice", b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                              b"Content-Length: 2\r\n\r\n{}"),
    ("a length that is no number", b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 2x\r\n\r\n{}"),
    ("a negative length", b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n{}"),
    ("another encoding", b"POST /invocations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"),
    ("two encodings", b"POST /invocations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    ("a NUL in a header", b"GET /ping HTTP/1.1\r\nHost: x\r\nA: b\0c\r\nD: e\r\n\r\n"),
    ("a NUL in the last header", b"GET /ping HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"),
    ("a NUL in a name", b"GET /ping HTTP/1.1\r\nHost: x\r\nA\0B: c\r\n\r\n"),
    ("a NUL in the path", b"GET /ping\0x HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("an escaped NUL", b"GET /ping%00x HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a folded header", b"GET /ping HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nD: e\r\n\r\n"),
    ("no host", b"GET /ping HTTP/1.1\r\n\r\n"),
    ("two hosts", b"GET /ping HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
    ("no colon", b"GET /ping HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n"),
    ("no version", b"GET /ping\r\nHost: x\r\n\r\n"),
    ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"),
    ("a space in the path", b"GET /pi ng HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a space in a name", b"GET /ping HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"),
    ("an empty length", b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"),
    ("a version between", b"GET /ping HTTP/1.7\r\nHost: x\r\n\r\n"),
    ("a relative path", b"GET ping HTTP/1.1\r\nHost: x\r\n\r\n"),
])
def test_malformed_requests_are_refused_and_the_connection_closed(standing, what, request_bytes):
    service = standing("signed")
    with Raw(service) as raw:
        raw.send(request_bytes)
        answer = raw.answer()
        assert answer is None or answer[0] == 400, answer
        while raw._more():  # the library writes more than one header for some
            pass
    with Raw(service) as raw:
        raw.send(GET)
        assert raw.answer()[0] == 200


def test_other_versions_are_refused(standing):
    with Raw(standing("signed")) as raw:
        raw.send(b"GET /ping HTTP/3.0\r\nHost: x\r\n\r\n")
        assert raw.answer()[0] == 505


def test_http_1_0_is_answered_and_closed(standing):
    service = standing("signed")
    with Raw(service) as raw:
        raw.send(b"GET /ping HTTP/1.0\r\n\r\n")
        assert raw.answer()[0] == 200
        assert raw.is_closed()
    with Raw(service) as raw:
        raw.send(b"GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2)
        assert [raw.answer()[0], raw.answer()[0]] == [200, 200]


def test_pipelined_requests_are_answered_in_order(standing, saved):
    paths, models = saved
    rows = [[i / 10, 1.0, -1.0] for i in range(40)]
    want = models["bare"][0].predict(rows).tolist()
    with Raw(standing("bare")) as raw:
        raw.send(b"".join(post({"inputs": [row]}) + GET for row in rows))
        for p in want:
            assert json.loads(raw.answer()[2]) == {"predictions": [p]}
            assert raw.answer()[2] == b"\n"


def test_a_request_may_come_byte_by_byte(standing):
    request = post(GOOD["one row"])
    with Raw(standing("signed")) as raw:
        raw.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(request)):
            raw.send(request[i:i + 1])
        assert raw.answer()[0] == 200


def test_chunked_bodies_are_read_and_bad_ones_refused(standing):
    service = standing("signed")
    head = (b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")
    body = json.dumps(GOOD["records"]).encode()
    with Raw(service) as raw:
        chunks = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7])
                          for i in range(0, len(body), 7))
        raw.send(head + chunks + b"0\r\n\r\n" + GET)
        assert raw.answer()[0] == 200
        assert raw.answer()[2] == b"\n"
    for bad in (b"zz\r\nabc\r\n0\r\n\r\n", b"3\r\nabcde\r\n0\r\n\r\n",
                b"ffffffffffffffffff\r\nabc\r\n", b"-1\r\nabc\r\n0\r\n\r\n"):
        with Raw(service) as raw:
            raw.send(head + bad)
            answer = raw.answer()
            assert answer is None or answer[0] in (400, 413)


def test_a_client_that_waits_for_100_gets_it(serve):
    service = serve("signed", "-w", 1, "--max-body", "1M")
    body = json.dumps(GOOD["one row"]).encode()
    with Raw(service) as raw:
        raw.send(post(b"x" * 0, extra="").replace(b"Content-Length: 0", b"Content-Length: %d" % len(body))
                 .replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert raw.sock.recv(4096).startswith(b"HTTP/1.1 100 ")
        raw.send(body)
        assert raw.answer()[0] == 200
    with Raw(service) as raw:
        raw.send(b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n"
                 b"Expect: 100-continue\r\n\r\n")
        assert raw.answer()[0] == 413


def test_a_body_over_the_limit_is_413_and_the_next_request_is_fine(serve):
    service = serve("signed", "-w", 1, "--max-body", "1k")
    with Raw(service) as raw:
        raw.send(post(b" " * 1025))
        assert raw.answer()[0] == 413
        raw.send(post(json.dumps(GOOD["one row"]).ljust(1024)))
        assert raw.answer()[0] == 200
        raw.send(b"POST /invocations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                 + b"400\r\n" + b" " * 1024 + b"\r\n1\r\n \r\n0\r\n\r\n")
        assert raw.answer()[0] == 413
    with Raw(service) as raw:
        raw.send(b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert raw.answer()[0] == 413
        assert raw.is_closed()


def test_a_header_over_the_limit_is_refused_and_a_large_one_taken(serve):
    service = serve("signed", "-w", 1)
    with Raw(service) as raw:
        raw.send(b"GET /ping HTTP/1.1\r\nHost: x\r\n"
                 + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 100) for i in range(60)) + b"\r\n")
        assert raw.answer()[0] == 200
    with Raw(service) as raw:
        raw.send(b"GET /ping HTTP/1.1\r\nHost: x\r\nA: " + b"y" * 100000 + b"\r\n\r\n")
        answer = raw.answer()
        assert answer is None or answer[0] in (413, 431)
    with Raw(service) as raw:
        raw.send(b"GET /" + b"y" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = raw.answer()
        assert answer is None or answer[0] in (413, 414)


def test_slow_clients_meet_a_deadline_and_others_do_not_wait(serve):
    service = serve("signed", "-w", 1, "-t", 1)
    starts = [b"GET /pi", b"GET /ping HTTP/1.1\r\nHost", post(GOOD["one row"])[:-5]]
    raws = [Raw(service) for _ in starts]
    for raw, start in zip(raws, starts):
        raw.send(start)
    assert requests.get(service.url + "/ping").status_code == 200
    for raw in raws:
        assert raw.answer()[0] == 408
        assert raw.is_closed()
        raw.sock.close()


def test_clients_that_vanish_do_no_harm(serve):
    service = serve("signed", "-w", 1)
    request = post(GOOD["records"])
    for n in range(0, len(request), 11):
        with Raw(service) as raw:
            raw.send(request[:n])
            raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    for _ in range(20):
        with Raw(service) as raw:
            raw.send(request)
    assert ask(service, GOOD["one row"])[0] == 200
    text = requests.get(service.url + "/metrics").text
    assert "podium_requests_in_flight 1\n" in text


# ------------------------------------------------------------------------------- load


def hammer(service, rows, want, seconds, threads=6, stop=None):
    """Ask row by row over kept connections until the time is over or the service goes away;
    ([answers a thread], [what went wrong])."""
    wrong, counts = [], [0] * threads
    end = time.monotonic() + seconds

    def run(number):
        raw = None
        i = number
        while time.monotonic() < end:
            try:
                raw = raw or Raw(service)
            except OSError:
                if stop and stop.is_set():
                    return
                wrong.append("refused")
                return
            raw.send(post({"inputs": [rows[i % len(rows)]]}))
            answer = raw.answer()
            if answer is None:
                wrong.append("closed without an answer")
                return
            if answer[0] != 200 or json.loads(answer[2])["predictions"][0] not in want[i % len(rows)]:
                wrong.append(answer)
            counts[number] += 1
            i += threads
            if answer[1].get("connection", "").lower() == "close":
                raw.sock.close()
                raw = None
                if stop:
                    return
    workers = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
    for w in workers:
        w.start()
    return workers, counts, wrong


def load_of(models, name="bare", n=200):
    rows = [[i / 50 - 2, (i % 7) / 3, -i / 9] for i in range(n)]
    return rows, [[p] for p in models[name][0].predict(rows).tolist()]


def test_thousands_of_requests_over_kept_connections_are_right(serve, saved):
    rows, want = load_of(saved[1])
    service = serve("bare", "-w", 2, "--no-access-log")
    workers, counts, wrong = hammer(service, rows, want, 2)
    for w in workers:
        w.join()
    assert not wrong and sum(counts) > 1000
    assert service.stop() == 0


def test_draining_loses_nothing(serve, saved):
    rows, want = load_of(saved[1])
    for sig in (signal.SIGTERM, signal.SIGINT):
        service = serve("bare", "-w", 2, "--no-access-log")
        stop = threading.Event()
        workers, counts, wrong = hammer(service, rows, want, 20, threads=8, stop=stop)
        time.sleep(0.4)
        stop.set()
        assert service.stop(sig) == 0
        for w in workers:
            w.join()
        assert not wrong, wrong[:3]
        assert all(counts)


def test_a_request_that_was_begun_is_answered_while_draining(serve):
    service = serve("signed", "-w", 1)
    request = post(GOOD["one row"])
    with Raw(service) as raw, Raw(service) as idle:
        idle.send(GET)
        assert idle.answer()[0] == 200
        raw.send(request[:-3])
        time.sleep(0.2)
        service.proc.send_signal(signal.SIGTERM)
        service.wait_for("draining")
        time.sleep(0.5)
        assert idle.is_closed()
        with pytest.raises(OSError):
            Raw(service)
        raw.send(request[-3:])
        status, headers, _ = raw.answer()
        assert (status, headers["connection"].lower()) == (200, "close")
        assert raw.is_closed()
    assert service.proc.wait(10) == 0


def test_draining_has_an_end(serve):
    service = serve("signed", "-w", 1, "--drain-timeout", 1)
    with Raw(service) as raw:
        raw.send(post(GOOD["one row"])[:-3])
        time.sleep(0.2)
        assert service.stop() == 6
        assert raw.is_closed()


def test_a_second_signal_ends_at_once(serve):
    service = serve("signed", "-w", 1)
    with Raw(service) as raw:
        raw.send(post(GOOD["one row"])[:-3])
        time.sleep(0.2)
        service.proc.send_signal(signal.SIGTERM)
        service.wait_for("draining")
        assert service.stop(signal.SIGTERM) == 128 + signal.SIGTERM


# ------------------------------------------------------------------------------- starting


def test_a_port_in_use_is_said_before_the_model_is_loaded(serve, podium):
    service = serve("signed")
    podium("serve", "no-such-model", "-p", service.port).fails(5, f"port {service.port}", "in use")


def test_what_cannot_be_served_is_one_line(podium, saved, tmp_path):
    podium("serve", "nowhere", "--port", 0).fails(3, "nowhere")
    podium("serve", saved[0]["signed"], "--host", "no.such.host.invalid", "--port", 0).fails(2, "no.such.host.invalid")
    podium("serve", saved[0]["signed"], "--port", 70000).fails(2, "port")
    podium("serve", saved[0]["signed"], "--port", 0, "--recipe", "none.json").fails(3, "none.json")
    podium("serve", saved[0]["signed"], "--port", 0, "--method", "fly").fails(1, "fly")
    (tmp_path / "m").mkdir()
    podium("serve", "m", "--port", 0).fails(3, "MLmodel")


def test_ipv6_and_all_addresses(podium_start, saved):
    service = podium_start("serve", saved[0]["signed"], "--host", "0.0.0.0", "--port", 0)
    assert service.url.startswith("http://127.0.0.1:")
    assert requests.get(service.url + "/ping").status_code == 200
    if not socket.has_ipv6:
        return
    service = podium_start("serve", saved[0]["signed"], "--host", "::1", "--port", 0)
    assert requests.get(service.url + "/ping").status_code == 200


# ------------------------------------------------------------------------------- by name


@pytest.fixture
def registered(mlflow_client, saved, tmp_path):
    """A registered model `m` whose versions 1 and 2 answer differently; 3 cannot be loaded."""
    import mlflow.sklearn
    from sklearn.linear_model import LinearRegression

    x = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    with mlflow.start_run() as run:
        for slope in (1.0, -1.0):
            mlflow.sklearn.log_model(
                LinearRegression().fit(x, [0.0, slope, slope, slope]), name="model",
                registered_model_name="m", serialization_format="cloudpickle")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "MLmodel").write_text("flavors: {sklearn: {pickled_model: none.pkl}}\n")
    mlflow_client.create_model_version("m", str(tmp_path / "broken"), run.info.run_id)
    mlflow_client.set_registered_model_alias("m", "champion", 1)
    return mlflow_client, run.info.run_id


def slope(service):
    status, text = ask(service, {"inputs": [[1.0, 1.0, 1.0]]})
    assert status == 200
    return round(json.loads(text)["predictions"][0])


def test_models_are_served_by_every_kind_of_uri(registered, podium_start, podium, tmp_path):
    client, run_id = registered
    for uri, want in (("models:/m@champion", 3), ("models:/m/2", -3), (f"runs:/{run_id}/model", -3)):
        service = podium_start("serve", uri, "--port", 0)
        assert slope(service) == want, uri
        assert service.stop() == 0
    podium("serve", "models:/m@champoin", "--port", 0).fails(3, "champoin", "champion")


def test_an_alias_that_moves_is_followed_and_no_request_lost(registered, podium_start):
    client, _ = registered
    service = podium_start("serve", "models:/m@champion", "--port", 0, "-w", 2, "--no-access-log")
    rows = [[i / 4, 1.0, 2.0] for i in range(40)]
    want = [(sum(r), -sum(r)) for r in rows]
    near = [type("Near", (), {"__contains__": lambda self, v, w=w: any(
        math.isclose(v, x, rel_tol=1e-9) for x in w)})() for w in want]
    workers, counts, wrong = hammer(service, rows, near, 8, threads=4)
    for version in (2, 1, 2):
        time.sleep(1.5)
        client.set_registered_model_alias("m", "champion", version)
        service.wait_for(f"is now version {version}")
    for w in workers:
        w.join()
    assert not wrong, wrong[:3]
    assert all(counts)
    assert slope(service) == -3
    text = requests.get(service.url + "/metrics").text
    assert 'podium_model_loads_total{result="ok"} 4' in text
    assert 'version="2"' in text


def test_a_version_that_cannot_be_loaded_leaves_the_old_one(registered, podium_start):
    client, _ = registered
    service = podium_start("serve", "models:/m@champion", "--port", 0)
    client.set_registered_model_alias("m", "champion", 3)
    service.wait_for("cannot be served")
    assert slope(service) == 3
    assert "version 1 stays" in service.log
    time.sleep(1.2)
    assert service.log.count("cannot be served") == 1
    assert 'podium_model_loads_total{result="failed"} 1' in requests.get(service.url + "/metrics").text
    client.delete_registered_model_alias("m", "champion")
    service.wait_for("cannot look at")
    assert slope(service) == 3
    client.set_registered_model_alias("m", "champion", 2)
    service.wait_for("is now version 2")
    assert slope(service) == -3
