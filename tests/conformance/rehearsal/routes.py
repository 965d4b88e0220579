"""The HTTP API's routes, made call by call from the definition that CloudFormation gets as the API's Body.

In AWS, CloudFormation imports the Body; ministack keeps an API given by a Body empty.
"""

import re

METHODS = {"get": "GET", "put": "PUT", "post": "POST", "delete": "DELETE", "x-amazon-apigateway-any-method": "ANY"}
INTEGRATION = "x-amazon-apigateway-integration"
FUNCTION = re.compile(r"/functions/(arn:[^/]+)/invocations")


def make(gateway, api, body):
    """Makes every route of `body` (its intrinsic functions resolved); the route keys, as AWS would list them."""
    gateway.update_api(ApiId=api, CorsConfiguration=cors(body))
    authorizers = {name: authorizer(gateway, api, name, it) for name, it in schemes(body).items()}
    made = []
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            key = "$default" if operation.get("isDefaultRoute") else f"{METHODS[method]} {path}"
            gateway.create_route(
                ApiId=api,
                RouteKey=key,
                Target=f"integrations/{integration(gateway, api, operation[INTEGRATION])}",
                **authorization(operation, authorizers),
            )
            made.append(key)
    return made


def cors(body):
    """The definition's names are CloudFormation's with a small letter first."""
    return {name[0].upper() + name[1:]: value for name, value in body["x-amazon-apigateway-cors"].items()}


def schemes(body):
    schemes = body.get("components", {}).get("securitySchemes", {})
    return {name: it["x-amazon-apigateway-authorizer"] for name, it in schemes.items() if "x-amazon-apigateway-authorizer" in it}


def authorizer(gateway, api, name, says):
    jwt = says["jwtConfiguration"]
    made = gateway.create_authorizer(
        ApiId=api,
        Name=name,
        AuthorizerType="JWT",
        IdentitySource=[says["identitySource"]],
        JwtConfiguration={"Issuer": jwt["issuer"], "Audience": jwt["audience"]},
    )
    return made["AuthorizerId"]


def integration(gateway, api, says):
    made = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationMethod=says["httpMethod"],
        IntegrationUri=FUNCTION.search(says["uri"])[1],
        PayloadFormatVersion=says["payloadFormatVersion"],
    )
    return made["IntegrationId"]


def authorization(operation, authorizers):
    """NONE is a security scheme that the definition does not define: the route is open."""
    named = [name for requirement in operation.get("security", []) for name in requirement if name in authorizers]
    return {"AuthorizationType": "JWT", "AuthorizerId": authorizers[named[0]]} if named else {}
