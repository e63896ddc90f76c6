# examples/edge-for-uwsgi-app.py: a WSGI application that shows what it was asked, for edge-for-uwsgi.ini.


def application(environ, start_response):
    size = sum(len(piece) for piece in iter(lambda: environ['wsgi.input'].read(65536), b''))
    names = ('REQUEST_METHOD', 'REQUEST_URI', 'REMOTE_ADDR', 'HTTP_HOST', 'HTTPS', 'EDGE')
    lines = [f'{name}: {environ[name]}' for name in names if name in environ]
    body = '\n'.join(['Hello from uWSGI behind Sluice', *lines, f'body: {size} bytes', '']).encode()
    start_response('200 OK', [('Content-Type', 'text/plain; charset=utf-8'), ('Content-Length', str(len(body)))])
    return [body]
