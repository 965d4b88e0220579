"""An order goes in over the HTTP endpoint and comes out at the other ends: the list, which one consumer of the stream fills, and
the archive, to which another leads over a queue.
"""

import json
import time
import urllib.error
import urllib.request
import uuid

SHOWN_SECONDS_MAX = 60
REQUEST_SECONDS_MAX = 60
ORIGIN = "http://localhost:3000"


def place(endpoint, token):
    """Places an order of one product; what was answered on the way, or an exit that says where it stopped."""
    product = str(uuid.uuid4())
    price = {"amount": 12.50, "currency": "GBP"}
    details = {"sku": "MUG-1", "name": "Mug", "category": "kitchen", "price": price}
    expect(endpoint, token, "GET", "/health/ready", 200)
    expect(endpoint, None, "GET", "/v1/orders", 401)
    same("the methods that a page may use", {"GET", "POST", "PUT", "DELETE", "OPTIONS"}, preflight(endpoint))
    expect(endpoint, token, "GET", "/v1/nonsense", 404)
    expect(endpoint, token, "PUT", f"/v1/products/{product}", 201, details)
    wanted = {"customerId": str(uuid.uuid4()), "items": [{"productId": product, "quantity": 2}]}
    order = expect(endpoint, token, "POST", "/v1/orders", 201, wanted, key := str(uuid.uuid4()))
    repeated = expect(endpoint, token, "POST", "/v1/orders", 409, wanted, key)
    same("the order, repeated", order, repeated)
    same("the order, read", order, expect(endpoint, token, "GET", f"/v1/orders/{order['orderId']}", 200))
    same("the order, listed", [order], shown(endpoint, token))
    return order


def preflight(endpoint):
    """What a browser is told before it sends an order from a page of an allowed origin."""
    asked = {"origin": ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "idempotency-key"}
    request = urllib.request.Request(f"{endpoint}/v1/orders", headers=asked, method="OPTIONS")
    with urllib.request.urlopen(request, timeout=REQUEST_SECONDS_MAX) as response:
        same("the origin that is allowed", ORIGIN, response.headers["access-control-allow-origin"])
        return set(response.headers["access-control-allow-methods"].replace(" ", "").split(","))


def shown(endpoint, token):
    return eventually(lambda: expect(endpoint, token, "GET", "/v1/orders", 200)["orders"])


def archived(s3, bucket, order):
    """The archive's lines about the order."""
    def lines():
        objects = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        texts = [s3.get_object(Bucket=bucket, Key=it["Key"])["Body"].read().decode() for it in objects]
        return [line for text in texts for line in text.splitlines() if order["orderId"] in line]

    found = eventually(lines)
    if not found:
        raise SystemExit(f"order {order['orderId']} did not reach the archive within {SHOWN_SECONDS_MAX} seconds")
    return [json.loads(line)["type"] for line in found]


def eventually(look):
    """What `look` finds as soon as it finds anything; what it found last when that takes too long."""
    until = time.monotonic() + SHOWN_SECONDS_MAX
    while True:
        found = look()
        if found or time.monotonic() > until:
            return found
        time.sleep(0.2)


def expect(endpoint, token, method, path, status, body=None, key=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    if key:
        headers["idempotency-key"] = key
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(endpoint + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_SECONDS_MAX) as response:
            got, text = response.status, response.read()
    except urllib.error.HTTPError as refused:
        got, text = refused.code, refused.read()
    if got != status:
        raise SystemExit(f"{method} {path} was answered {got}, not {status}: {text.decode(errors='replace')}")
    return json.loads(text) if text else None


def same(what, wanted, got):
    if wanted != got:
        raise SystemExit(f"{what} is {got}, not {wanted}")
