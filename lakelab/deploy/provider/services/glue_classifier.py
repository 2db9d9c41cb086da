"""Glue classifiers: how a crawler tells what is in a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, Inputs, P, Resource
from lakelab.deploy.provider.schema import Mistake

KINDS = ("csvClassifier", "grokClassifier", "jsonClassifier", "xmlClassifier")


class Classifier(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/glue/classifier/"""

    type = "aws:glue/classifier:Classifier"
    service = "glue"
    name = "name"
    shape = "CreateClassifier"
    properties = {
        "name": P(replaces=True, custom=True),
        "csvClassifier": P(filled=("allowSingleColumn", "disableValueTrimming", "containsHeader", "serde")),
        "grokClassifier": P(),
        "jsonClassifier": P(),
        "xmlClassifier": P(),
        "region": REGION,
    }

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        given = [kind for kind in KINDS if kind in inputs]
        if len(given) != 1:
            yield Mistake(given[0] if given else KINDS[0], f"exactly one of {', '.join(KINDS)} is required")

    def _request(self, inputs: Inputs) -> dict[str, Any]:
        return {kind: {**value, "Name": inputs["name"]} for kind, value in self.request(self.shapes[0], inputs).items()}

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).create_classifier(**self._request(inputs))
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        glue = self.client(aws, inputs)
        answer = unless_absent(glue.get_classifier, Name=id)
        if answer is None:
            return None
        return {**self.outputs(answer["Classifier"]), "name": id, "region": glue.meta.region_name}

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        if any(set(old.get(kind) or ()) - set(new.get(kind) or ()) for kind in KINDS):
            # UpdateClassifier keeps what it is not given, and does not change one kind into another
            self.delete(aws, id, old)
            self.create(aws, new)
        else:
            self.client(aws, new).update_classifier(**self._request(new))

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_classifier, Name=id)


TYPES = (Classifier,)
