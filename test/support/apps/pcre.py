# test/support/apps/pcre.py: PCRE 8, the library that uWSGI has its patterns from, asked by lines of JSON.
#
# {"pattern": latin-1, "subjects": [latin-1]} -> {"problem", "at"} or {"matches": [null or [text or null]]}
import ctypes
import json
import sys

pcre = ctypes.CDLL("libpcre.so.3")
pcre.pcre_compile.restype = ctypes.c_void_p
pcre.pcre_compile.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_int), ctypes.c_void_p]
pcre.pcre_exec.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.c_int]
free = ctypes.c_void_p.in_dll(pcre, "pcre_free")
release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(free.value)
PLACES = (ctypes.c_int * 600)()


def match(compiled, subject):
    text = subject.encode("latin-1")
    count = pcre.pcre_exec(compiled, None, text, len(text), 0, 0, PLACES, 600)
    if count == -1:
        return None
    if count < 0:
        return count
    spans = [(PLACES[2 * i], PLACES[2 * i + 1]) for i in range(count)]
    return [None if start < 0 else text[start:end].decode("latin-1") for start, end in spans]


for line in sys.stdin:
    asked = json.loads(line)
    problem, at = ctypes.c_char_p(), ctypes.c_int()
    compiled = pcre.pcre_compile(asked["pattern"].encode("latin-1"), 0, ctypes.byref(problem), ctypes.byref(at), None)
    if compiled:
        answer = {"matches": [match(compiled, subject) for subject in asked["subjects"]]}
        release(compiled)
    else:
        answer = {"problem": problem.value.decode(), "at": at.value}
    print(json.dumps(answer), flush=True)
