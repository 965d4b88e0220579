"""An issuer of tokens over https on loopback, as an identity provider is to API Gateway: RS256, keys found by OpenID discovery."""

import base64
import contextlib
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

KEY_ID = "rehearsal"
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/.well-known/jwks.json"


class Issuer:
    """Signs tokens, and publishes the key while it is served."""

    def __init__(self, folder):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.certificate_file = folder / "issuer.crt"
        self.key_file = folder / "issuer.key"
        self.certificate_file.write_bytes(certificate(self.key).public_bytes(serialization.Encoding.PEM))
        self.key_file.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.url = None

    @contextlib.contextmanager
    def served(self):
        """Answers until it is left."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certificate_file, self.key_file)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()

    def documents(self):
        numbers = self.key.public_key().public_numbers()
        number = lambda value: unpadded(value.to_bytes((value.bit_length() + 7) // 8, "big"))
        key = {"kty": "RSA", "kid": KEY_ID, "use": "sig", "alg": "RS256", "n": number(numbers.n), "e": number(numbers.e)}
        return {DISCOVERY: {"issuer": self.url, "jwks_uri": self.url + KEYS}, KEYS: {"keys": [key]}}

    def token(self, audience, tenant):
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": audience, "sub": "clerk", "exp": now + 3600, "iat": now - 1,
            "tenant_id": tenant, "roles": [],
        }
        head = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
        signed = ".".join(unpadded(json.dumps(part).encode()) for part in (head, claims))
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{unpadded(signature)}"


def handler(issuer):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            document = issuer.documents().get(self.path)
            body = json.dumps(document or {}).encode()
            self.send_response(404 if document is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing is worth a line."""

    return Handler


def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=1)).add_extension(address, critical=False)
    return builder.sign(key, hashes.SHA256())


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
