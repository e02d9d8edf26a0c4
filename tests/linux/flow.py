"""A flow of UDP packets that keeps to its token bucket, and what became of it.

flow.py send DESTINATION PORT SOURCE SOURCE_PORT PACKETS_PER_SECOND BYTES SECONDS
    BYTES count the IP packet. Prints {"sent": n}.
flow.py receive ADDRESS PORT
    Prints "ready"; then, when its input is closed and 300 ms have passed, {"received", "bytes", "numbers",
    "delaysMs", "codePoints"}. Delays are from before sendto until the kernel took the packet in.
"""
import json
import select
import socket
import struct
import sys
import time

SO_TIMESTAMPNS = 35
HEADER = struct.Struct("!QQ")
MOST_AT_ONCE = 5


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def send(destination, port, source, source_port, rate, size, seconds):
    family = family_of(destination)
    flow = socket.socket(family, socket.SOCK_DGRAM)
    flow.bind((source, int(source_port)))
    rate, seconds = float(rate), float(seconds)
    padding = bytes(int(size) - HEADER.size - (48 if family == socket.AF_INET6 else 28))
    target = (destination, int(port))
    sent, tokens, last = 0, 1.0, time.monotonic()
    end = last + seconds
    while last < end:
        now = time.monotonic()
        # Who was not given the processor does not make up for it with more than a small burst.
        tokens, last = min(MOST_AT_ONCE, tokens + (now - last) * rate), now
        while tokens >= 1:
            flow.sendto(HEADER.pack(sent, time.time_ns()) + padding, target)
            sent += 1
            tokens -= 1
        time.sleep(0.001)
    print(json.dumps({"sent": sent}))


def receive(address, port):
    family = family_of(address)
    flow = socket.socket(family, socket.SOCK_DGRAM)
    flow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    flow.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    if family == socket.AF_INET6:
        flow.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    else:
        flow.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    flow.bind((address, int(port)))
    print("ready", flush=True)
    numbers, delays, points, size, end = [], [], {}, 0, None
    while end is None or time.monotonic() < end:
        readable, _, _ = select.select([flow, sys.stdin] if end is None else [flow], [], [], 0.1)
        if sys.stdin in readable:
            end = time.monotonic() + 0.3
        if flow not in readable:
            continue
        data, control, _, _ = flow.recvmsg(4096, 256)
        taken = time.time_ns()
        for level, kind, value in control:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("qq", value[:16])
                taken = seconds * 1_000_000_000 + nanoseconds
            elif (level, kind) in ((socket.IPPROTO_IP, socket.IP_TOS), (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)):
                point = value[0] >> 2
                points[point] = points.get(point, 0) + 1
        number, at = HEADER.unpack(data[:HEADER.size])
        numbers.append(number)
        delays.append((taken - at) / 1e6)
        size += len(data) + (48 if family == socket.AF_INET6 else 28)
    print(json.dumps({
        "received": len(numbers), "bytes": size, "numbers": numbers, "delaysMs": delays, "codePoints": points,
    }))


if __name__ == "__main__":
    {"send": send, "receive": receive}[sys.argv[1]](*sys.argv[2:])
