"""HTTP and WebSocket APIs of API Gateway: the API, its integrations, routes and stages."""

from __future__ import annotations

from typing import Any, ClassVar

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, pages, tag_changes


def _change_tags(client: Any, arn: str, old: Inputs, new: Inputs) -> None:
    added, removed = tag_changes(old, new)
    if added:
        client.tag_resource(ResourceArn=arn, Tags=added)
    if removed:
        client.untag_resource(ResourceArn=arn, TagKeys=removed)


def _tags(client: Any, arn: str) -> dict[str, str]:
    return (unless_absent(client.get_tags, ResourceArn=arn) or {}).get("Tags") or {}


def _emptied(old: dict[str, str] | None, new: dict[str, str] | None) -> dict[str, str]:
    """A map for an update: API Gateway removes a key that is given with an empty value, and keeps one not given."""
    return {**dict.fromkeys(old or {}, ""), **(new or {})}


def _without_empty(values: dict[str, str] | None) -> dict[str, str]:
    return {key: value for key, value in (values or {}).items() if value != ""}


class Api(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/apigatewayv2/api/"""

    type = "aws:apigatewayv2/api:Api"
    service = "apigatewayv2"
    name = "name"
    name_limit = 128
    shape = "CreateApi"
    properties = {
        "name": P(),
        "protocolType": P(replaces=True),
        "apiKeySelectionExpression": P(computed=True),
        "corsConfiguration": P(),
        "credentialsArn": P(blind=True),
        "description": P(),
        "disableExecuteApiEndpoint": P(default=False),
        "ipAddressType": P(computed=True),
        "routeKey": P(blind=True, replaces=True),
        "routeSelectionExpression": P(computed=True),
        "target": P(blind=True, replaces=True),
        "version": P(),
        "tags": TAGS,
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return None

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        client = self.client(aws, inputs)
        for api in pages(client.get_apis, "Items", more="NextToken"):
            if api["Name"] == inputs["name"] and api["ApiId"] not in inputs.get("__known", ()):
                return api["ApiId"]
        return None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        request = self.request("CreateApi", inputs)
        return self.client(aws, inputs).create_api(**request, Tags=inputs.get("tagsAll") or {})["ApiId"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        answer = unless_absent(client.get_api, ApiId=id)
        if answer is None:
            return None
        region = client.meta.region_name
        return {
            **self.outputs(answer),
            "arn": _arn(aws, client, f"apis/{id}"),
            "executionArn": f"arn:{aws.partition}:execute-api:{region}:{aws.account}:{id}",
            "region": region,
            "tagsAll": _tags(client, _arn(aws, client, f"apis/{id}")),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        settings = changed - {"tags", "tagsAll"}
        if "corsConfiguration" in settings and not new.get("corsConfiguration"):
            client.delete_cors_configuration(ApiId=id)
            settings.remove("corsConfiguration")
        if settings:
            cleared = {m: "" for n, m in {"description": "Description", "version": "Version"}.items() if n in settings}
            client.update_api(ApiId=id, **{**cleared, **self.request("UpdateApi", new, settings)})
        _change_tags(client, _arn(aws, client, f"apis/{id}"), old, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_api, ApiId=id)


def _arn(aws: Aws, client: Any, path: str) -> str:
    return f"arn:{aws.partition}:apigateway:{client.meta.region_name}::/{path}"


class Part(Resource):
    """A part of an API, with an id of its own within it. An import names it as `<api>/<id>`."""

    service = "apigatewayv2"
    noun: ClassVar[str]  # "Integration"
    listing: ClassVar[str]
    same: ClassVar[tuple[str, ...]]  # what tells one part from another
    cleared: ClassVar[dict[str, Any]] = {}

    def imported_id(self, id: str) -> str:
        return id.split("/")[-1]

    def _call(self, aws: Aws, verb: str, inputs: Inputs) -> Any:
        return getattr(self.client(aws, inputs), f"{verb}_{self.noun.lower()}")

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        client = self.client(aws, inputs)
        wanted = self.request(self.shapes[0], inputs)
        answer = unless_absent(getattr(client, self.listing), ApiId=inputs["apiId"])
        for item in (answer or {}).get("Items", []):
            if item[f"{self.noun}Id"] not in inputs.get("__known", ()) and all(
                item.get(member) == wanted.get(member) for member in self.same
            ):
                return item[f"{self.noun}Id"]
        return None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        return self._call(aws, "create", inputs)(**self.request(self.shapes[0], inputs))[f"{self.noun}Id"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        api = inputs.get("apiId")
        if api is None or "/" in id:
            api, id = id.split("/", 1)
        answer = unless_absent(self._call(aws, "get", inputs), ApiId=api, **{f"{self.noun}Id": id})
        if answer is None:
            return None
        if "RequestParameters" in answer:
            answer["RequestParameters"] = _without_empty(answer["RequestParameters"])
        return {**self.outputs(answer), "apiId": api, "region": self.client(aws, inputs).meta.region_name}

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        cleared = {member: value for name, (member, value) in self.cleared.items() if name in changed}
        if "requestParameters" in changed:
            new = {**new, "requestParameters": _emptied(old.get("requestParameters"), new.get("requestParameters"))}
        request = {**cleared, **self.request(f"Update{self.noun}", new, changed | {"apiId"})}
        self._call(aws, "update", new)(**{f"{self.noun}Id": id}, **request)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self._call(aws, "delete", inputs), ApiId=inputs["apiId"], **{f"{self.noun}Id": id})


class Integration(Part):
    """https://www.pulumi.com/registry/packages/aws/api-docs/apigatewayv2/integration/"""

    type = "aws:apigatewayv2/integration:Integration"
    noun, listing, same = "Integration", "get_integrations", ("IntegrationType", "IntegrationUri", "IntegrationSubtype")
    shape = "CreateIntegration"
    renames = {"timeoutMilliseconds": "TimeoutInMillis"}
    cleared = {"description": ("Description", "")}
    properties = {
        "apiId": P(replaces=True),
        "integrationType": P(replaces=True),
        "connectionId": P(),
        "connectionType": P(default="INTERNET"),
        "contentHandlingStrategy": P(),
        "credentialsArn": P(),
        "description": P(),
        "integrationMethod": P(computed=True),
        "integrationSubtype": P(replaces=True),
        "integrationUri": P(),
        "passthroughBehavior": P(computed=True),
        "payloadFormatVersion": P(default="1.0"),
        "requestParameters": P(),
        "requestTemplates": P(),
        "templateSelectionExpression": P(),
        "timeoutMilliseconds": P(computed=True),
        "tlsConfig": P(),
        "region": REGION,
    }


class Route(Part):
    """https://www.pulumi.com/registry/packages/aws/api-docs/apigatewayv2/route/"""

    type = "aws:apigatewayv2/route:Route"
    noun, listing, same = "Route", "get_routes", ("RouteKey",)
    shape = "CreateRoute"
    cleared = {"target": ("Target", ""), "operationName": ("OperationName", "")}
    properties = {
        "apiId": P(replaces=True),
        "routeKey": P(),
        "apiKeyRequired": P(default=False),
        "authorizationScopes": P(unordered=True),
        "authorizationType": P(default="NONE"),
        "authorizerId": P(),
        "modelSelectionExpression": P(),
        "operationName": P(),
        "requestModels": P(),
        "routeResponseSelectionExpression": P(),
        "target": P(),
        "region": REGION,
    }


class Authorizer(Part):
    """https://www.pulumi.com/registry/packages/aws/api-docs/apigatewayv2/authorizer/"""

    type = "aws:apigatewayv2/authorizer:Authorizer"
    noun, listing, same = "Authorizer", "get_authorizers", ("Name",)
    name = "name"
    name_limit = 128
    shape = "CreateAuthorizer"
    renames = {"identitySources": "IdentitySource"}
    properties = {
        "apiId": P(replaces=True),
        "name": P(),
        "authorizerType": P(),
        "authorizerCredentialsArn": P(),
        "authorizerPayloadFormatVersion": P(computed=True),
        "authorizerResultTtlInSeconds": P(computed=True),
        "authorizerUri": P(),
        "enableSimpleResponses": P(),
        "identitySources": P(),
        "jwtConfiguration": P(),
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return None


class Stage(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/apigatewayv2/stage/

    An import names it as `<api>/<stage>`.
    """

    type = "aws:apigatewayv2/stage:Stage"
    service = "apigatewayv2"
    name = "name"
    name_limit = 128
    shape = "CreateStage"
    renames = {"name": "StageName"}
    properties = {
        "apiId": P(replaces=True),
        "name": P(replaces=True),
        "accessLogSettings": P(),
        "autoDeploy": P(default=False),
        "clientCertificateId": P(),
        "defaultRouteSettings": P(computed=True, filled=("detailedMetricsEnabled", "dataTraceEnabled", "loggingLevel")),
        "deploymentId": P(computed=True),
        "description": P(),
        "routeSettings": P(custom=True),
        "stageVariables": P(),
        "tags": TAGS,
        "region": REGION,
    }

    def _request(self, shape: str, inputs: Inputs, only: set[str] | None = None) -> dict[str, Any]:
        request = self.request(shape, inputs, only)
        if inputs.get("routeSettings") and (only is None or "routeSettings" in only):
            rules = [dict(rule) for rule in inputs["routeSettings"]]
            request["RouteSettings"] = {rule.pop("routeKey"): _pascal(rule) for rule in rules}
        return request

    def imported_id(self, id: str) -> str:
        return id.split("/")[-1]

    def create(self, aws: Aws, inputs: Inputs) -> str:
        request = self._request("CreateStage", inputs)
        self.client(aws, inputs).create_stage(**request, Tags=inputs.get("tagsAll") or {})
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        api = inputs.get("apiId")
        if api is None or "/" in id:
            api, id = id.split("/", 1)
        answer = unless_absent(client.get_stage, ApiId=api, StageName=id)
        if answer is None:
            return None
        region = client.meta.region_name
        rules = answer.get("RouteSettings") or {}
        answer["StageVariables"] = _without_empty(answer.get("StageVariables"))
        shown = "" if id == "$default" else id
        return {
            **self.outputs(answer),
            "apiId": api,
            "routeSettings": [{"routeKey": key, **_camel(rule)} for key, rule in rules.items()],
            "arn": _arn(aws, client, f"apis/{api}/stages/{id}"),
            "executionArn": f"arn:{aws.partition}:execute-api:{region}:{aws.account}:{api}/{id}",
            "invokeUrl": f"https://{api}.execute-api.{region}.amazonaws.com/{shown}",
            "region": region,
            "tagsAll": _tags(client, _arn(aws, client, f"apis/{api}/stages/{id}")),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        name = new["name"]
        settings = changed - {"tags", "tagsAll"}
        if settings:
            if "stageVariables" in settings:
                new = {**new, "stageVariables": _emptied(old.get("stageVariables"), new.get("stageVariables"))}
            request = self._request("UpdateStage", new, settings | {"apiId", "name"})
            if "accessLogSettings" in settings:
                request.setdefault("AccessLogSettings", {})
            if "routeSettings" in settings:
                request.setdefault("RouteSettings", {})
            if "description" in settings:
                request.setdefault("Description", "")
            client.update_stage(**request)
        _change_tags(client, _arn(aws, client, f"apis/{new['apiId']}/stages/{name}"), old, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_stage, ApiId=inputs["apiId"], StageName=inputs["name"])


def _pascal(rule: dict[str, Any]) -> dict[str, Any]:
    return {name[0].upper() + name[1:]: value for name, value in rule.items()}


def _camel(rule: dict[str, Any]) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: value for name, value in rule.items()}


TYPES = (Api, Integration, Route, Authorizer, Stage)
