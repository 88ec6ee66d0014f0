# SPDX-License-Identifier: BSD-3-Clause
"""Targets in trouble: HTTP and HTTPS servers on many addresses of loopback,
each of which can be told to fail in a way of its own."""
import asyncio
import contextlib
import logging
import os
import socket
import ssl
import struct
import subprocess
import threading

logging.getLogger("asyncio").setLevel(logging.CRITICAL)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Certificates:
    """An authority, and what servers show: good, expired, for another name,
    and of an authority that nobody knows."""
    NAME = "www.example.com"

    def __init__(self, folder):
        self.folder = folder
        self.ca = self.path("ca.pem")
        for ca in ("ca", "other"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", f"/CN=The {ca} authority", "-keyout",
                    self.path(f"{ca}.key"), "-out", self.path(f"{ca}.pem"))
        self.good = self.make("good", self.NAME, days=20)
        self.expired = self.make("expired", self.NAME, days=-1)
        self.wrong_name = self.make("wrong_name", "mail.example.net")
        self.untrusted = self.make("untrusted", self.NAME, ca="other")

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, host, days=20, ca="ca"):
        return self.make_of(name, "target", f"DNS:{host}", days, ca)

    def make_of(self, name, common, names, days=20, ca="ca"):
        """names: subject alternative names, as openssl writes them; "": the
        certificate has none."""
        key, request, cert = (self.path(f"{name}.{kind}")
                              for kind in ("key", "csr", "pem"))
        with open(self.path("san"), "w") as f:
            f.write("basicConstraints=CA:FALSE\n")
            if names:
                f.write(f"subjectAltName={names}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-utf8", "-subj",
                f"/CN={common}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA",
                self.path(f"{ca}.pem"), "-CAkey", self.path(f"{ca}.key"),
                "-CAcreateserial", "-days", str(days), "-extfile",
                self.path("san"), "-out", cert)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context


class Server:
    """One address; mode is None (well) or the name of a trouble."""

    def __init__(self, farm, address, tls):
        self.farm, self.address, self.tls = farm, address, tls
        self.mode = None
        self.listener = None
        self.held = []     # sockets that fill a backlog
        self.open = set()  # writers
        self.requests = []
        self.connections = 0

    async def listen(self):
        self.listener = await asyncio.start_server(
            self.serve, self.address, self.farm.port, reuse_address=True)
        self.farm.port = self.listener.sockets[0].getsockname()[1]

    async def set(self, mode):
        """What is open is cut off, so that the next probe meets the mode."""
        self.unhold()
        if self.listener:
            self.listener.close()
            self.listener = None
        self.mode = mode
        for writer in list(self.open):
            writer.transport.abort()
        if mode == "blackhole":
            self.hold()
        elif mode != "refused":
            await self.listen()

    def hold(self):
        """A backlog that is full: what else comes is dropped."""
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.address, self.farm.port))
        s.listen(0)
        self.held = [s]
        for _ in range(3):
            c = socket.socket()
            c.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                c.connect((self.address, self.farm.port))
            self.held.append(c)

    def unhold(self):
        for s in self.held:
            s.close()
        self.held = []

    async def serve(self, reader, writer):
        self.open.add(writer)
        self.connections += 1
        try:
            with contextlib.suppress(OSError, EOFError, ssl.SSLError,
                                     asyncio.CancelledError):
                await self.talk(reader, writer)
        finally:
            self.open.discard(writer)
            writer.transport.abort()

    async def talk(self, reader, writer):
        if self.tls:
            if self.mode == "no handshake":
                await asyncio.sleep(60)
            if self.mode == "not TLS":
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.2)
                return
            context = getattr(self.farm.certificates,
                              (self.mode or "good").replace(" ", "_"),
                              self.farm.certificates.good)
            await writer.start_tls(context)
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    head += await reader.readexactly(int(value))
            self.requests.append(head)
            await REPLIES.get(self.mode, reply_ok)(writer)
            await writer.drain()


async def reply_ok(w):
    w.write(OK)


async def reply_slow(w):
    await asyncio.sleep(0.15)
    w.write(OK)


async def reply_hang(w):
    await asyncio.sleep(60)


async def reply_drip(w):
    for octet in OK * 100:
        if w.is_closing():
            return
        w.write(bytes([octet]))
        await w.drain()
        await asyncio.sleep(0.05)


async def reply_drip_body(w):
    w.write(OK.replace(b"3", b"999")[:-3])
    await reply_drip(w)


async def reply_status(w):
    w.write(OK.replace(b"200 OK", b"503 Unavailable"))


async def reply_redirect(w):
    w.write(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")


async def reply_body(w):
    w.write(OK.replace(b"ok\n", b"no\n"))


async def reply_reset(w):
    w.write(OK.replace(b"3", b"999"))
    await w.drain()
    linger = struct.pack("ii", 1, 0)
    w.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, linger)
    w.transport.abort()


async def reply_short(w):
    w.write(OK.replace(b"3", b"999"))
    await w.drain()
    w.close()


async def pour(w, data):
    """Without an end, but for a peer that has left unnoticed."""
    for _ in range(1000):
        if w.is_closing():
            return
        w.write(data)
        await w.drain()
        await asyncio.sleep(0.001)


async def reply_endless(w):
    w.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    await pour(w, b"1000\r\n" + b"ok" * 0x800 + b"\r\n")


async def reply_headers(w):
    w.write(b"HTTP/1.1 200 OK\r\n")
    await pour(w, b"X-More: " + b"x" * 1000 + b"\r\n")


async def reply_other(w):
    w.write(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)


REPLIES = {
    "slow": reply_slow, "hang": reply_hang, "drip": reply_drip,
    "drip body": reply_drip_body, "status": reply_status,
    "redirect": reply_redirect, "body": reply_body, "reset": reply_reset,
    "short": reply_short, "endless": reply_endless,
    "headers": reply_headers, "not HTTP": reply_other,
}


class Farm:
    """All servers, on one port, in a thread of their own."""

    def __init__(self, certificates=None):
        self.certificates = certificates
        self.port = 0
        self.servers = {}
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda loop, context: None)
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(
            coroutine, self.loop).result(30)

    def add(self, address, tls=False):
        server = Server(self, address, tls)
        self.call(server.listen())
        self.servers[address] = server
        return server

    def set(self, address, mode):
        self.call(self.servers[address].set(mode))
