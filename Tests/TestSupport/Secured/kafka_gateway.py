#!/usr/bin/env python3
"""SASL_SSL in front of a broker that speaks neither TLS nor SASL: librdkafka's mock cluster.

    kafka_gateway.py BROKER_PORT CERTIFICATE KEY USERS ADVERTISED

Listens on a free port of 127.0.0.1, prints it, and ends with its standard input. It terminates TLS, checks the user name and
password that a client shows by PLAIN or SCRAM-SHA-256 against the file USERS (a line "name password" for each, read again for
each client), refuses every other request until then, and passes on what follows. In the broker's answers its address stands in
for the broker's, with the host ADVERTISED (nine letters, as 127.0.0.1 has). A line "cut" on standard input ends all
connections.
"""
import asyncio
import base64
import hashlib
import hmac
import os
import ssl
import struct
import sys

SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE = 17, 18, 36
UNSUPPORTED_SASL_MECHANISM, ILLEGAL_SASL_STATE, UNSUPPORTED_VERSION, SASL_AUTHENTICATION_FAILED = 33, 34, 35, 58
ROUNDS = 4096


class Refused(Exception):
    pass


def users(path):
    with open(path, encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(" ", 1) for line in file if line.strip())


def plain(path):
    """RFC 4616, as a generator: is sent what the client says, gives what is answered, ends when the client is let in."""
    message = yield
    _, name, password = message.decode().split("\0")
    if users(path).get(name) != password:
        raise Refused(f"user {name} and the password do not match")
    yield b""


def scram(path):
    """RFC 5802 and 7677, likewise."""
    message = yield
    bare = message.decode().split(",", 2)[2]
    fields = dict(part.split("=", 1) for part in bare.split(","))
    salt = os.urandom(16)
    nonce = fields["r"] + base64.b64encode(os.urandom(12)).decode()
    first = f"r={nonce},s={base64.b64encode(salt).decode()},i={ROUNDS}"
    final = (yield first.encode()).decode()
    without_proof, proof = final.rsplit(",p=", 1)
    password = users(path).get(fields["n"])
    # librdkafka 2.0.2 writes its own part of the nonce twice, which Kafka's brokers let pass.
    if password is None or not without_proof.endswith(nonce):
        raise Refused(f"no user {fields['n']}")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    signed = f"{bare},{first},{without_proof}".encode()

    def mac(key, text):
        return hmac.digest(key, text, "sha256")

    client_key = mac(salted, b"Client Key")
    signature = mac(hashlib.sha256(client_key).digest(), signed)
    if not hmac.compare_digest(bytes(a ^ b for a, b in zip(client_key, signature)), base64.b64decode(proof)):
        raise Refused(f"user {fields['n']} and the password do not match")
    yield b"v=" + base64.b64encode(mac(mac(salted, b"Server Key"), signed))


MECHANISMS = {"PLAIN": plain, "SCRAM-SHA-256": scram}


def text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


async def frame(reader):
    return await reader.readexactly(struct.unpack(">i", await reader.readexactly(4))[0])


def send(writer, body):
    writer.write(struct.pack(">i", len(body)) + body)


class Client:
    """One connection of a client and, once it is let in, one to the broker."""

    def __init__(self, reader, writer, options):
        self.reader, self.writer, self.options = reader, writer, options
        self.broker = None
        self.dialogue = None
        self.is_known = False
        self.versions = set()

    async def run(self):
        broker_reader, self.broker = await asyncio.open_connection("127.0.0.1", self.options.broker_port)
        tasks = [asyncio.create_task(self.requests()), asyncio.create_task(self.answers(broker_reader))]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.writer.drain()

    async def requests(self):
        while True:
            request = await frame(self.reader)
            key, version, correlation, name = struct.unpack_from(">hhih", request)
            body = request[10 + max(name, 0):]
            if key == API_VERSIONS and version > 2:
                # In the layout of version 0, naming the versions that are supported (KIP-511).
                send(self.writer, struct.pack(">ihihhh", correlation, UNSUPPORTED_VERSION, 1, API_VERSIONS, 0, 2))
            elif key == SASL_HANDSHAKE:
                self.handshake(correlation, body)
            elif key == SASL_AUTHENTICATE:
                self.authenticate(correlation, version, body)
            elif key == API_VERSIONS or self.is_known:
                if key == API_VERSIONS:
                    self.versions.add(correlation)
                send(self.broker, request)
                await self.broker.drain()
            else:
                return

    def handshake(self, correlation, body):
        mechanism = body[2:].decode()
        known = mechanism in MECHANISMS
        if known:
            self.dialogue = MECHANISMS[mechanism](self.options.users)
            next(self.dialogue)
        error = 0 if known else UNSUPPORTED_SASL_MECHANISM
        names = b"".join(text(name) for name in MECHANISMS)
        send(self.writer, struct.pack(">ihi", correlation, error, len(MECHANISMS)) + names)

    def authenticate(self, correlation, version, body):
        error, reason, answer = 0, "", b""
        try:
            if self.dialogue is None:
                raise Refused("no mechanism was agreed on")
            answer = self.dialogue.send(body[4:])
            # What a dialogue says last lets the client in: PLAIN its only word, SCRAM its second.
            self.is_known = answer == b"" or answer.startswith(b"v=")
        except (Refused, ValueError, KeyError, IndexError, StopIteration) as refusal:
            error, reason = SASL_AUTHENTICATION_FAILED, f"Authentication failed: {refusal}"
        lifetime = struct.pack(">q", 0) if version > 0 else b""
        send(self.writer, struct.pack(">ih", correlation, error) + text(reason)
             + struct.pack(">i", len(answer)) + answer + lifetime)

    async def answers(self, broker_reader):
        mine = self.options.advertised + struct.pack(">i", self.options.port)
        theirs = b"127.0.0.1" + struct.pack(">i", self.options.broker_port)
        while True:
            answer = (await frame(broker_reader)).replace(theirs, mine)
            correlation, error = struct.unpack_from(">ih", answer)
            if correlation in self.versions:
                self.versions.remove(correlation)
                answer = self.with_sasl(answer)
            send(self.writer, answer)
            await self.writer.drain()

    @staticmethod
    def with_sasl(answer):
        """ApiVersions, version 0 to 2, with the two requests that are answered here."""
        count, = struct.unpack_from(">i", answer, 6)
        end = 10 + 6 * count
        more = struct.pack(">hhhhhh", SASL_HANDSHAKE, 0, 1, SASL_AUTHENTICATE, 0, 1)
        return answer[:6] + struct.pack(">i", count + 2) + answer[10:end] + more + answer[end:]


class Options:
    def __init__(self, broker_port, certificate, key, users_file, advertised):
        self.broker_port, self.users, self.advertised = int(broker_port), users_file, advertised.encode()
        self.port = 0
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)


async def main(options):
    writers = set()

    async def serve(reader, writer):
        writers.add(writer)
        try:
            await Client(reader, writer, options).run()
        except OSError:
            pass
        finally:
            writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=options.tls)
    options.port = server.sockets[0].getsockname()[1]
    # A client that does not trust the certificate is no news here.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    print(options.port, flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while await commands.readline():
        for writer in list(writers):
            writer.transport.abort()
    os._exit(0)


asyncio.run(main(Options(*sys.argv[1:])))
