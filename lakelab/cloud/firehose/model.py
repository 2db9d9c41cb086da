"""What a delivery stream is: where its records come from, and where and how they are delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

DESTINATION_ID = "destinationId-000000000001"
DEFAULT_MB, DEFAULT_SECONDS = 5, 300
MB = 1 << 20


@dataclass
class DeliveryStream:
    """A delivery stream. `destination` is its ExtendedS3DestinationConfiguration, as it was given and later updated."""

    key: int
    account: str
    region: str
    name: str
    created: float
    destination: dict[str, Any]
    source: dict[str, Any] | None = None  # KinesisStreamSourceConfiguration
    version: int = 1
    updated: float | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:firehose:{self.region}:{self.account}:deliverystream/{self.name}"

    @property
    def kind(self) -> str:
        return "KinesisStreamAsSource" if self.source else "DirectPut"

    @property
    def role_arn(self) -> str:
        return self.destination["RoleARN"]

    @property
    def bucket(self) -> str:
        return self.destination["BucketARN"].rpartition(":")[2]

    @property
    def partitioned(self) -> bool:
        """Whether dynamic partitioning is on."""
        return bool(self.destination.get("DynamicPartitioningConfiguration", {}).get("Enabled"))

    @property
    def conversion(self) -> dict[str, Any] | None:
        """The settings of record format conversion, when it is on."""
        settings = self.destination.get("DataFormatConversionConfiguration", {})
        return settings if settings and settings.get("Enabled", True) else None

    @property
    def buffer_seconds(self) -> float:
        return self.destination.get("BufferingHints", {}).get("IntervalInSeconds", DEFAULT_SECONDS)

    @property
    def buffer_bytes(self) -> int:
        default = 128 if self.partitioned or self.conversion else DEFAULT_MB
        return self.destination.get("BufferingHints", {}).get("SizeInMBs", default) * MB

    @property
    def compression(self) -> str:
        return self.destination.get("CompressionFormat", "UNCOMPRESSED")

    def document(self) -> dict[str, Any]:
        """All that is kept of it besides its name."""
        return {
            "destination": self.destination,
            "source": self.source,
            "version": self.version,
            "updated": self.updated,
            "tags": self.tags,
        }

    def described(self) -> dict[str, Any]:
        """Its DeliveryStreamDescription."""
        extended = {key: value for key, value in self.destination.items() if key != "S3BackupConfiguration"}
        hints = self.destination.get("BufferingHints", {})
        extended |= {
            "BufferingHints": {
                "SizeInMBs": self.buffer_bytes // MB,
                "IntervalInSeconds": hints.get("IntervalInSeconds", DEFAULT_SECONDS),
            },
            "CompressionFormat": self.compression,
            "EncryptionConfiguration": self.destination.get(
                "EncryptionConfiguration", {"NoEncryptionConfig": "NoEncryption"}
            ),
            "CloudWatchLoggingOptions": self.destination.get("CloudWatchLoggingOptions", {"Enabled": False}),
            "S3BackupMode": self.destination.get("S3BackupMode", "Disabled"),
            "S3BackupDescription": self.destination.get("S3BackupConfiguration"),
        }
        plain_names = (
            "RoleARN",
            "BucketARN",
            "Prefix",
            "ErrorOutputPrefix",
            "BufferingHints",
            "CompressionFormat",
            "EncryptionConfiguration",
            "CloudWatchLoggingOptions",
        )
        source = self.source and {
            "KinesisStreamSourceDescription": {
                **self.source,
                "DeliveryStartTimestamp": datetime.fromtimestamp(self.created, UTC),
            }
        }
        return {
            "DeliveryStreamName": self.name,
            "DeliveryStreamARN": self.arn,
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamType": self.kind,
            "DeliveryStreamEncryptionConfiguration": {"Status": "DISABLED"},
            "VersionId": str(self.version),
            "CreateTimestamp": datetime.fromtimestamp(self.created, UTC),
            "LastUpdateTimestamp": datetime.fromtimestamp(self.updated, UTC) if self.updated else None,
            "Source": source,
            "Destinations": [
                {
                    "DestinationId": DESTINATION_ID,
                    "S3DestinationDescription": {name: extended[name] for name in plain_names if name in extended},
                    "ExtendedS3DestinationDescription": extended,
                }
            ],
            "HasMoreDestinations": False,
        }
