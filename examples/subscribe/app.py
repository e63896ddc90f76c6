# examples/subscribe/app.py: says which of the instances of this example it runs in.
import os


def application(environ, start_response):
    body = f"Hello from {os.environ['NAME']}, for {environ['HTTP_HOST']}\n".encode()
    start_response('200 OK', [('Content-Type', 'text/plain; charset=utf-8'), ('Content-Length', str(len(body)))])
    return [body]
