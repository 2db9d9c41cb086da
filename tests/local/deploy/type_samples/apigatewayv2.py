"""Samples of the types of API Gateway v2."""

from __future__ import annotations

from type_samples.parts import TAGS, Sample, World


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:apigatewayv2/authorizer:Authorizer": Sample(
            {
                "apiId": w.api,
                "name": n,
                "authorizerType": "JWT",
                "identitySources": ["$request.header.Authorization"],
                "jwtConfiguration": {"audiences": ["a"], "issuer": "https://example.com"},
            },
            {
                "name": f"{n}-2",
                "identitySources": ["$request.querystring.token"],
                "jwtConfiguration": {"audiences": ["a", "b"], "issuer": "https://example.org"},
            },
            untested={
                "apiId": "one API here",
                "authorizerType": "one kind here",
                **dict.fromkeys(
                    (
                        "authorizerCredentialsArn",
                        "authorizerPayloadFormatVersion",
                        "authorizerResultTtlInSeconds",
                        "authorizerUri",
                        "enableSimpleResponses",
                    ),
                    "of the kind REQUEST",
                ),
            },
            import_id=lambda state: f"{state.inputs['apiId']}/{state.id}",
        ),
        "aws:apigatewayv2/api:Api": Sample(
            {"name": n, "protocolType": "HTTP"},
            {
                "name": f"{n}-2",
                "description": "other",
                "version": "2",
                "disableExecuteApiEndpoint": True,
                "corsConfiguration": {"allowOrigins": ["*"], "allowMethods": ["GET"], "maxAge": 3},
                **TAGS,
            },
            {"protocolType": "WEBSOCKET"},
            apart={"protocolType": {"routeSelectionExpression": "$request.body.action"}},
            untested={
                **dict.fromkeys(("credentialsArn", "routeKey", "target"), "a shortcut that AWS turns into a route"),
                **dict.fromkeys(("apiKeySelectionExpression", "routeSelectionExpression"), "for WebSocket"),
                "ipAddressType": "not kept by the local AWS",
            },
        ),
        "aws:apigatewayv2/integration:Integration": Sample(
            {
                "apiId": w.api,
                "integrationType": "AWS_PROXY",
                "integrationUri": w.function,
                "timeoutMilliseconds": 3000,
                "integrationMethod": "GET",
            },
            {
                "description": "other",
                "payloadFormatVersion": "2.0",
                "timeoutMilliseconds": 5000,
                "integrationUri": w.function + ":1",
                "integrationMethod": "POST",
                "requestParameters": {"append:header.a": "b"},
            },
            {"integrationType": "HTTP_PROXY"},
            apart={"integrationType": {"integrationMethod": "GET", "integrationUri": "https://example.com"}},
            untested={
                "apiId": "one API here",
                "credentialsArn": "not kept by the local AWS",
                **dict.fromkeys(("connectionId", "connectionType", "tlsConfig"), "for VPC links"),
                **dict.fromkeys(
                    (
                        "contentHandlingStrategy",
                        "passthroughBehavior",
                        "requestTemplates",
                        "templateSelectionExpression",
                        "integrationSubtype",
                    ),
                    "for WebSocket",
                ),
            },
            import_id=lambda state: f"{state.inputs['apiId']}/{state.id}",
        ),
        "aws:apigatewayv2/route:Route": Sample(
            {"apiId": w.api, "routeKey": f"GET /{n}"},
            {
                "routeKey": f"POST /{n}",
                "target": "integrations/x",
                "operationName": "other",
                "authorizationType": "AWS_IAM",
                "apiKeyRequired": True,
            },
            untested={
                "apiId": "one API here",
                **dict.fromkeys(
                    (
                        "authorizationScopes",
                        "authorizerId",
                        "modelSelectionExpression",
                        "requestModels",
                        "routeResponseSelectionExpression",
                    ),
                    "for authorizers and WebSocket",
                ),
            },
            import_id=lambda state: f"{state.inputs['apiId']}/{state.id}",
        ),
        "aws:apigatewayv2/stage:Stage": Sample(
            {"apiId": w.api, "name": n, "defaultRouteSettings": {"throttlingBurstLimit": 1, "throttlingRateLimit": 2}},
            {
                "description": "other",
                "autoDeploy": True,
                "stageVariables": {"a": "1"},
                "accessLogSettings": {
                    "destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:x",
                    "format": "$x",
                },
                "defaultRouteSettings": {"throttlingBurstLimit": 5, "throttlingRateLimit": 10},
                "routeSettings": [{"routeKey": "GET /", "throttlingBurstLimit": 5, "throttlingRateLimit": 10}],
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested={
                "apiId": "one API here",
                "clientCertificateId": "for WebSocket",
                "deploymentId": "with autoDeploy",
            },
            import_id=lambda state: f"{state.inputs['apiId']}/{state.id}",
        ),
    }
