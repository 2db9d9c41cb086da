"""Samples of the types of Lambda."""

from __future__ import annotations

from type_samples.parts import ARCHIVE, OTHER_ARCHIVE, TAGS, Sample, World


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:lambda/function:Function": Sample(
            {
                "name": n,
                "role": w.role,
                "runtime": "python3.11",
                "handler": "h.handler",
                "code": ARCHIVE,
                "tracingConfig": {"mode": "PassThrough"},
                "ephemeralStorage": {"size": 512},
            },
            {
                "code": OTHER_ARCHIVE,
                "handler": "h.other",
                "runtime": "python3.12",
                "description": "other",
                "timeout": 30,
                "memorySize": 256,
                "environment": {"variables": {"A": "1"}},
                "deadLetterConfig": {"targetArn": w.queue},
                "tracingConfig": {"mode": "Active"},
                "ephemeralStorage": {"size": 1024},
                "reservedConcurrentExecutions": 3,
                "kmsKeyArn": w.key,
                "architectures": ["arm64"],
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested={
                "role": "the local AWS has one role for these tests",
                **dict.fromkeys(("s3Bucket", "s3Key", "s3ObjectVersion"), "given instead of code"),
                **dict.fromkeys(("imageUri", "imageConfig", "packageType"), "no container images here"),
                **dict.fromkeys(("layers", "vpcConfig", "loggingConfig", "snapStart"), "not kept by the local AWS"),
                "publish": "makes versions",
            },
        ),
        "aws:lambda/permission:Permission": Sample(
            {
                "statementId": n,
                "action": "lambda:InvokeFunction",
                "function": w.function_name,
                "principal": "s3.amazonaws.com",
            },
            {},
            {
                "statementId": f"{n}-2",
                "principal": "sns.amazonaws.com",
                "sourceArn": w.topic,
                "sourceAccount": "000000000000",
                "action": "lambda:GetFunction",
            },
            untested=dict.fromkeys(("eventSourceToken", "principalOrgId", "qualifier", "function"), "as sourceArn"),
            import_id=lambda state: f"{state.inputs['function']}/{state.id}",
        ),
        "aws:lambda/eventSourceMapping:EventSourceMapping": Sample(
            {
                "functionName": w.function_name,
                "eventSourceArn": w.queue,
                "batchSize": 2,
                "maximumBatchingWindowInSeconds": 1,
            },
            {
                "batchSize": 5,
                "enabled": False,
                "maximumBatchingWindowInSeconds": 3,
                "functionResponseTypes": ["ReportBatchItemFailures"],
                "filterCriteria": {"filters": [{"pattern": '{"body": ["x"]}'}]},
                "scalingConfig": {"maximumConcurrency": 4},
            },
            {"eventSourceArn": w.stream},
            apart={"eventSourceArn": {"startingPosition": "LATEST"}},
            untested={
                **dict.fromkeys(
                    (
                        "bisectBatchOnFunctionError",
                        "destinationConfig",
                        "maximumRecordAgeInSeconds",
                        "startingPosition",
                        "maximumRetryAttempts",
                        "parallelizationFactor",
                        "startingPositionTimestamp",
                        "tumblingWindowInSeconds",
                    ),
                    "for streams",
                ),
                "functionName": "one function here",
                "kmsKeyArn": "not kept by the local AWS",
                "tags": "not kept by the local AWS",
            },
            import_differs=True,  # a function is given by name and comes back as an ARN
        ),
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Sample(
            {"functionName": w.function_name, "maximumEventAgeInSeconds": 60},
            {
                "maximumRetryAttempts": 1,
                "maximumEventAgeInSeconds": 100,
                "destinationConfig": {"onFailure": {"destination": w.queue}},
            },
            untested=dict.fromkeys(("functionName", "qualifier"), "one function here"),
        ),
        "aws:lambda/alias:Alias": Sample(
            {"name": n, "functionName": w.function_name, "functionVersion": "1"},
            {
                "functionVersion": "2",
                "description": "other",
                "routingConfig": {"additionalVersionWeights": {"2": 0.1}},
            },
            {"name": f"{n}-2"},
            untested={"functionName": "one function here"},
        ),
        "aws:lambda/layerVersion:LayerVersion": Sample(
            {"layerName": n, "code": ARCHIVE},
            {},
            {
                "layerName": f"{n}-2",
                "code": OTHER_ARCHIVE,
                "compatibleRuntimes": ["python3.11"],
                "compatibleArchitectures": ["arm64"],
                "description": "other",
                "licenseInfo": "MIT",
            },
            untested=dict.fromkeys(("s3Bucket", "s3Key", "s3ObjectVersion"), "excludes code"),
        ),
    }
