# driver.py SOCKET: what a program can do in a graph without any SDK: pipes, in the frame of multiprocessing, and
# sockets. A driver as docs/node-protocol.md describes it; C++'s is driver.cc.
import os
import signal
import socket
import sys
from multiprocessing.connection import Connection

ports = [dict(pair.split("=", 1) for pair in port.split(",")) for port in os.environ.get("PROCGRAPH_PORTS", "").split()]
port_of = {port["port"]: port for port in ports}
connections = {}
talk = None  # the last connection


def from_hex(word):
    return b"" if word == "-" else bytes.fromhex(word)


def seconds(word):
    return None if word == "forever" else int(word) / 1000


def pipe(name):
    if name not in connections:
        port = port_of[name]
        reads = port["access"] != "write"
        connections[name] = Connection(int(port["fd"]), readable=reads, writable=port["access"] != "read")
    return connections[name]


def put(name, data, time):
    try:
        pipe(name).send_bytes(from_hex(data))
    except BrokenPipeError:
        return "no_readers"
    except OSError:
        return "closed"
    return "ok"


def get(name, time):
    try:
        if not pipe(name).poll(seconds(time)):
            return "time"
        return f"ok {pipe(name).recv_bytes().hex() or '-'} 1"
    except EOFError:
        return "end"


def close(name):
    pipe(name).close()
    return "ok"


def variable(name):
    return "ok " + os.environ[name] if name in os.environ else "none"


def address(name):
    return "ok " + os.environ[port_of[name]["variable"]]


def accept(name):
    global talk
    with socket.socket(fileno=os.dup(int(port_of[name]["fd"]))) as listener:
        talk, _ = listener.accept()
    return "ok"


def connect(name):
    global talk
    where = os.environ[port_of[name]["variable"]]
    try:
        if where.startswith("/"):
            talk = socket.socket(socket.AF_UNIX)
            talk.connect(where)
        else:
            host, _, port = where.rpartition(":")
            talk = socket.create_connection((host.strip("[]"), int(port)))
    except ConnectionError:
        return "refused_by_peer"
    return "ok"


def say(data):
    talk.sendall(from_hex(data))
    return "ok"


def hear(count):
    data = talk.recv(int(count), socket.MSG_WAITALL)
    return f"ok {data.hex()}" if data else "end"


def leave(code):
    os._exit(int(code))


commands = {"exit": leave} | {f.__name__: f for f in (put, get, close, variable, address, accept, connect, say, hear)}

signal.signal(signal.SIGPIPE, signal.SIG_IGN)
suite = socket.socket(socket.AF_UNIX)
suite.connect(sys.argv[1])
lines = suite.makefile("rw", newline="\n")
print("hello", *(os.environ["PROCGRAPH_" + name] for name in ("PROCESS", "REPLICA", "REPLICAS")), os.getpid(), file=lines, flush=True)
for line in lines:
    command, *words = line.split()
    print(commands[command](*words) if command in commands else "unknown", file=lines, flush=True)
