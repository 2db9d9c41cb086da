"""What MiniStack does in somebody's name without asking whether it may: asked here, by `ministack_iam`.

A function's log lines and failed events are written with the rights of its role; a notification of S3 reaches a
function that lets S3 invoke it, and a request to an API one that lets API Gateway; and only who may list a bucket
learns that an object is not there.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from lakelab.cloud.core.ministack_iam import Authorization
from lakelab.cloud.iam import totp

# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
ON_FAILURE = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
}


class Deeds:
    """Asks the authorization before MiniStack acts."""

    def __init__(self, authorization: Authorization):
        from ministack.core import responses
        from ministack.services import apigateway, apigateway_v1, cloudwatch_logs, iam, lambda_svc, s3

        self._authorization = authorization
        self._responses: Any = responses
        self._http_apis: Any = apigateway
        self._rest_apis: Any = apigateway_v1
        self._logs: Any = cloudwatch_logs
        self._iam: Any = iam
        self._lambda: Any = lambda_svc
        self._s3: Any = s3

    def install(self) -> None:
        """Stand before what MiniStack does."""
        self._deliver = self._s3._deliver_event_to_lambda
        self._s3._deliver_event_to_lambda = self._deliver_if_allowed
        self._get, self._head = self._s3._get_object, self._s3._head_object
        self._s3._get_object, self._s3._head_object = self._get_if_listed, self._head_if_listed
        self._proxy_http = self._http_apis._invoke_lambda_proxy
        self._http_apis._invoke_lambda_proxy = self._proxy_http_if_allowed
        self._proxy_rest = self._rest_apis._invoke_lambda_proxy_v1
        self._rest_apis._invoke_lambda_proxy_v1 = self._proxy_rest_if_allowed
        self._emit = self._lambda._emit_lambda_logs
        self._lambda._emit_lambda_logs = self._emit_if_allowed
        self._route_failure = self._lambda._route_async_failure
        self._lambda._route_async_failure = self._route_failure_if_allowed
        self._create_device = self._iam._create_virtual_mfa_device
        self._iam._IAM_HANDLERS["CreateVirtualMFADevice"] = self._create_device_with_base32_seed

    # ---- S3

    def _deliver_if_allowed(self, arn: str, event: Mapping[str, Any], region: str) -> None:
        """S3's notification reaches a function that lets S3 invoke it; else it is lost, as on AWS."""
        bucket = event["Records"][0]["s3"]["bucket"]["name"]
        keys = {"aws:sourcearn": f"arn:aws:s3:::{bucket}", "aws:sourceaccount": self._responses.get_account_id()}
        if self._authorization.service_denial("s3.amazonaws.com", "lambda:InvokeFunction", arn, keys) is None:
            self._deliver(arn, event, region)

    def _get_if_listed(self, bucket: str, *arguments: Any, **named: Any) -> Any:
        return self._or_denied(bucket, self._get(bucket, *arguments, **named))

    def _head_if_listed(self, bucket: str, *arguments: Any, **named: Any) -> Any:
        return self._or_denied(bucket, self._head(bucket, *arguments, **named))

    def _or_denied(self, bucket: str, answer: tuple[int, Any, Any]) -> Any:
        """404 for who may list the bucket, 403 for everybody else.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions"
        """
        if answer[0] != 404:
            return answer
        denial = self._authorization.callers_denial("s3:ListBucket", f"arn:aws:s3:::{bucket}")
        return answer if denial is None else self._s3._error("AccessDenied", denial, 403)

    # ---- API Gateway

    async def _proxy_http_if_allowed(
        self, integration: Any, api: str, stage: str, path: str, method: str, *rest: Any, **named: Any
    ) -> Any:
        headers, body, query, route_key, *more = rest
        route = route_key.partition(" ")[2]
        place = f"{stage}/{method}{route}" if route else f"{stage}/{route_key}"
        function, role = integration.get("integrationUri", ""), integration.get("credentialsArn")
        if self._api_may_invoke(function, role, api, place, named):
            return await self._proxy_http(
                integration, api, stage, path, method, headers, body, query, route_key, *more, **named
            )
        return 500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}'

    async def _proxy_rest_if_allowed(
        self,
        integration: Any,
        api: str,
        name: str,
        stage: Any,
        resource: Any,
        path: str,
        method: str,
        *rest: Any,
        **named: Any,
    ) -> Any:
        place = f"{name}/{method}{resource.get('path', '')}"
        if self._api_may_invoke(integration.get("uri", ""), integration.get("credentials"), api, place, named):
            return await self._proxy_rest(integration, api, name, stage, resource, path, method, *rest, **named)
        return 500, {"Content-Type": "application/json"}, b'{"message":"Internal server error"}'

    def _api_may_invoke(self, uri: str, role: str | None, api: str, place: str, owner: Mapping[str, Any]) -> bool:
        """The function's policy, or the role that the integration has, lets the API invoke it.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
        """
        account = owner.get("owner_account_id") or self._responses.get_account_id()
        region = owner.get("owner_region") or self._responses.get_region()
        function = self._http_apis._extract_lambda_ref_from_integration_uri(uri)
        if not function.startswith("arn:"):
            function = f"arn:aws:lambda:{region}:{account}:function:{function}"
        if role:
            return self._authorization.role_denial(role, api, "lambda:InvokeFunction", function) is None
        keys = {"aws:sourcearn": f"arn:aws:execute-api:{region}:{account}:{api}/{place}", "aws:sourceaccount": account}
        service = "apigateway.amazonaws.com"
        return self._authorization.service_denial(service, "lambda:InvokeFunction", function, keys) is None

    # ---- Lambda

    def _emit_if_allowed(self, function: Mapping[str, Any], *arguments: Any, **named: Any) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"""
        config = function.get("config") or function
        name = config["FunctionName"]
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
        arn = f"{':'.join(config['FunctionArn'].split(':')[:5])}:log-group:{group}".replace(":lambda:", ":logs:", 1)
        needed = [("logs:CreateLogStream", f"{arn}:log-stream:[{config.get('Version', '$LATEST')}]")]
        needed.append(("logs:PutLogEvents", needed[0][1]))
        if group not in self._logs._log_groups:
            needed.insert(0, ("logs:CreateLogGroup", f"{arn}:log-stream:"))
        for action, resource in needed:
            if self._authorization.role_denial(config.get("Role", ""), name, action, resource) is not None:
                return  # as on AWS: the function runs, and says nothing
        self._emit(function, *arguments, **named)

    def _route_failure_if_allowed(self, target: str, name: str, *arguments: Any) -> None:
        function = self._lambda._functions.get(name)
        action = ON_FAILURE.get(target.split(":")[2])
        if function is not None and action is not None:
            role = function["config"].get("Role", "")
            if self._authorization.role_denial(role, name, action, target) is not None:
                return
        self._route_failure(target, name, *arguments)

    # ---- IAM

    def _create_device_with_base32_seed(self, params: Any) -> Any:
        """MiniStack's seeds are no base32, so that no authenticator takes them."""
        before = set(self._iam._mfa_devices)
        status, headers, body = self._create_device(params)
        for serial in set(self._iam._mfa_devices) - before:
            device = self._iam._mfa_devices[serial]
            old, device["Base32StringSeed"] = device["Base32StringSeed"], totp.new_seed()
            body = body.replace(base64.b64encode(old.encode()), base64.b64encode(device["Base32StringSeed"].encode()))
        return status, headers, body
