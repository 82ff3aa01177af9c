"""A network of two machines with a bad line between them: two network namespaces, and every packet through here.

    python lossy_link.py NAMESPACE NAMESPACE DELAY LOSS

Each namespace gets a device `line`, with the addresses 10.77.0.1 and 10.77.0.2. Packets come out after DELAY seconds,
but a share LOSS of them. `down` on standard input loses all, `up` ends that; the end of the input ends the line.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def device(namespace: str, address: str) -> int:
    """A tunnel in a namespace, whose packets are read and written here."""
    here, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        enter(there)
        tunnel = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tunnel, TUNSETIFF, struct.pack("16sH", b"line", IFF_TUN | IFF_NO_PI))
        for command in (f"addr add {address}/24 dev line", "link set line up", "link set lo up"):
            subprocess.run(["ip", *command.split()], check=True)
    finally:
        enter(here)
        os.close(here)
        os.close(there)
    return tunnel


def enter(namespace: int) -> None:
    if LIBC.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def main(first: str, second: str, delay: float, loss: float) -> None:
    ends = {device(first, "10.77.0.1"): 1, device(second, "10.77.0.2"): 0}
    tunnels, chance, up = list(ends), random.Random(0), True
    waiting: list[tuple[float, int, int, bytes]] = []
    count = 0
    print("ready", flush=True)
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([0, *tunnels], [], [], pause)
        for each in readable:
            if each == 0:
                command = os.read(0, 100).decode().split()
                if not command:
                    return
                up = command[-1] == "up"
                print(command[-1], flush=True)
                continue
            packet = os.read(each, 65536)
            if up and chance.random() >= loss:
                count += 1
                heapq.heappush(waiting, (time.monotonic() + delay, count, tunnels[ends[each]], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, tunnel, packet = heapq.heappop(waiting)
            if up:
                os.write(tunnel, packet)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
