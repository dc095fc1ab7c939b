"""Ports to listen on."""
import random
import socket


def free_ports(count):
    """Free ports below those that the kernel gives to clients, so that none is taken between two starts."""
    ports = set()
    while len(ports) < count:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                ports.add(port)
            except OSError:
                continue
    return sorted(ports)
