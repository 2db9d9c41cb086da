"""Which format an object has: the custom classifiers in their order, then the built-in ones in AWS's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lakelab.cloud.glue.crawler.columnar import classify_avro, classify_orc, classify_parquet
from lakelab.cloud.glue.crawler.delimited import classify_csv, classify_custom_csv
from lakelab.cloud.glue.crawler.documents import classify_json
from lakelab.cloud.glue.crawler.grok import classify_grok, classify_logs
from lakelab.cloud.glue.crawler.sample import Sample, take
from lakelab.cloud.glue.crawler.schema import UNKNOWN_FORMAT, Schema

Classifier = Callable[[Sample], Schema | None]

_BUILT_IN: tuple[Classifier, ...] = (
    classify_avro,
    classify_orc,
    classify_parquet,
    classify_json,
    classify_logs,
    classify_csv,
)


def custom_classifier(definition: Mapping[str, Any]) -> Classifier:
    """The classifier that a `Classifier` structure defines: one of Grok, JSON and CSV."""
    if grok := definition.get("GrokClassifier"):
        return lambda sample: classify_grok(
            sample, grok["Classification"], grok["GrokPattern"], grok.get("CustomPatterns", "")
        )
    if json := definition.get("JsonClassifier"):
        return lambda sample: classify_json(sample, json["JsonPath"])
    csv = definition["CsvClassifier"]
    return lambda sample: classify_custom_csv(sample, csv)


def classify(path: Path, custom: Sequence[Classifier] = ()) -> Schema:
    """The schema of an object's file; one that no classifier recognises has the classification UNKNOWN."""
    try:
        sample = take(path)
    except OSError:  # what begins like a compressed file and is none
        return Schema(UNKNOWN_FORMAT, size=path.stat().st_size)
    for classifier in (*custom, *_BUILT_IN):
        schema = classifier(sample)
        if schema is not None:
            return schema
    return Schema(UNKNOWN_FORMAT, size=sample.size)
