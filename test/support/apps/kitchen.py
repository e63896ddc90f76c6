# test/support/apps/kitchen.py: the WSGI application that tests run in the real uWSGI.
"""The WSGI application of tests: the path says what it does, the query how much of it.

/echo         JSON: the variables, and the length and SHA-256 of the body (any path not named here does the same)
/sized        ?bytes=N        N bytes, with Content-Length, or without when &length=no
/stream       ?pieces=N       N pieces "piece 0\\n", ..., each sent at once, without Content-Length
/gated        as /stream, but after the first piece it waits until the file named by ?until= exists
/status       ?line=404+Not+Found&name=value...   an answer with that status line, fields and no body
/early        answers without having read the body
/cut          promises 100 bytes, gives 10
/raise        an exception before the answer
/websocket    returns every message of a WebSocket
"""
import hashlib
import json
import os
import time
from urllib.parse import parse_qsl

import uwsgi

BLOCK = 65536


def application(environ, start_response):
    query = parse_qsl(environ.get("QUERY_STRING", ""))
    act = ACTS.get(environ.get("PATH_INFO", "").strip("/").split("/")[0], echo)
    return act(environ, start_response, query)


def echo(environ, start_response, query):
    digest, length = hashlib.sha256(), 0
    for block in body_of(environ):
        digest.update(block)
        length += len(block)
    variables = {name: value for name, value in environ.items() if isinstance(value, str)}
    answer = {"vars": variables, "length": length, "sha256": digest.hexdigest()}
    text = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
    return [text]


def body_of(environ):
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        read = uwsgi.chunked_read
    else:
        read = lambda: environ["wsgi.input"].read(BLOCK)
    return iter(read, b"")


def sized(environ, start_response, query):
    options = dict(query)
    left = int(options["bytes"])
    fields = [("Content-Type", "application/octet-stream")]
    if options.get("length") != "no":
        fields.append(("Content-Length", str(left)))
    start_response("200 OK", fields)
    block = bytes(range(256)) * (BLOCK // 256)
    while left > 0:
        yield block[:left]
        left -= BLOCK


def stream(environ, start_response, query):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for number in range(int(dict(query)["pieces"])):
        yield b"piece %d\n" % number


def gated(environ, start_response, query):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"piece 0\n"
    while not os.path.exists(dict(query)["until"]):
        time.sleep(0.01)
    yield b"piece 1\n"


def status(environ, start_response, query):
    line = dict(query)["line"]
    start_response(line, [(name, value) for name, value in query if name != "line"])
    return []


def early(environ, start_response, query):
    start_response("413 Content Too Large", [("Content-Length", "5")])
    return [b"early"]


def cut(environ, start_response, query):
    start_response("200 OK", [("Content-Length", "100")])
    return [b"0123456789"]


def fail(environ, start_response, query):
    raise RuntimeError("asked to fail")


def websocket(environ, start_response, query):
    uwsgi.websocket_handshake()
    while True:
        uwsgi.websocket_send(uwsgi.websocket_recv())


ACTS = {
    "sized": sized,
    "stream": stream,
    "gated": gated,
    "status": status,
    "early": early,
    "cut": cut,
    "raise": fail,
    "websocket": websocket,
}
