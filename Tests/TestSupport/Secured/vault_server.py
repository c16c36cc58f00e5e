#!/usr/bin/env python3
"""HashiCorp Vault's KV engine over HTTP, as far as reading goes: paths, versions, tokens, namespaces and error answers.

    vault_server.py STATE [CERTIFICATE KEY]

Listens on a free port of 127.0.0.1, with TLS when a certificate is given, prints the port, and ends with its standard input.
STATE is a JSON file, read again for each request:
    {"sealed": false, "tokens": ["..."], "mounts": {"secret": 2, "kv": 1}, "secrets": {"secret/shop": {"password": "..."}}}
A path of a namespace begins with the namespace. A path whose first part after the mount is "private" no token may read.
"""
import http.server
import json
import ssl
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[1], encoding="utf-8") as file:
            state = json.load(file)
        if state.get("sealed"):
            return self.answer(503, {"errors": ["Vault is sealed"]})
        namespace = self.headers.get("X-Vault-Namespace", "")
        path = self.path.removeprefix("/v1/")
        mount, _, rest = path.partition("/")
        version = state["mounts"].get(mount)
        if self.headers.get("X-Vault-Token") not in state["tokens"] or "private" in rest.split("/") or version is None:
            return self.answer(403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})
        if version == 2:
            if not rest.startswith("data/"):
                return self.answer(404, {"errors": [], "warnings": ["Invalid path for a versioned K/V secrets engine."]})
            rest = rest.removeprefix("data/")
        fields = state["secrets"].get("/".join(part for part in (namespace, mount, rest) if part))
        if fields is None:
            return self.answer(404, {"errors": []})
        data = {"data": fields, "metadata": {"version": 3, "destroyed": False}} if version == 2 else fields
        return self.answer(200, {"request_id": "1", "lease_id": "", "renewable": False, "data": data, "auth": None})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that does not trust the certificate is no news here."""


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 2:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
