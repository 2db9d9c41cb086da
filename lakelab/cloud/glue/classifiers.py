"""Operations on custom classifiers."""

from __future__ import annotations

from lakelab.cloud.errors import NotImplementedHere
from lakelab.cloud.glue.crawler.grok import compile_grok
from lakelab.cloud.glue.entities import Entity
from lakelab.cloud.glue.errors import InvalidInput
from lakelab.cloud.glue.model import Scope, moment
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode, page
from lakelab.cloud.wire import Call, Params


class ClassifierOperations(Operations):
    def create_classifier(self, call: Call, params: Params) -> Params:
        kind, definition = _definition(params)
        _check(kind, definition)
        self.entities.create(Scope.of(call.caller, {}), "Classifier", definition["Name"], {kind: definition})
        return {}

    def update_classifier(self, call: Call, params: Params) -> Params:
        kind, changes = _definition(params)
        scope = Scope.of(call.caller, {})
        with self.file.transaction():
            existing = self.entities.get(scope, "Classifier", changes["Name"]).document
            if kind not in existing:
                raise InvalidInput(f"Classifier {changes['Name']} is no {kind}.")
            definition = {**existing[kind], **changes}
            _check(kind, definition)
            self.entities.update(scope, "Classifier", changes["Name"], {kind: definition})
        return {}

    def get_classifier(self, call: Call, params: Params) -> Params:
        return {"Classifier": _answer(self.entities.get(Scope.of(call.caller, {}), "Classifier", params["Name"]))}

    def get_classifiers(self, call: Call, params: Params) -> Params:
        limit = params.get("MaxResults", 100)
        after = decode(params.get("NextToken"), "")
        found = self.entities.list(Scope.of(call.caller, {}), "Classifier", after=after, limit=limit + 1)
        classifiers, token = page(found, limit, lambda classifier: classifier.name)
        return {"Classifiers": [_answer(classifier) for classifier in classifiers], "NextToken": token}

    def delete_classifier(self, call: Call, params: Params) -> Params:
        self.entities.delete(Scope.of(call.caller, {}), "Classifier", params["Name"])
        return {}


def _definition(params: Params) -> tuple[str, Params]:
    if len(params) != 1:
        raise InvalidInput("Exactly one classifier must be given.")
    kind, definition = next(iter(params.items()))
    if kind == "XMLClassifier":
        raise NotImplementedHere("XMLClassifier: crawlers of the local AWS do not read XML.")
    return kind, definition


def _check(kind: str, definition: Params) -> None:
    if kind == "GrokClassifier":
        compile_grok(definition["GrokPattern"], definition.get("CustomPatterns", ""))
    elif kind == "CsvClassifier":
        if definition.get("Delimiter", ",") == definition.get("QuoteSymbol", '"'):
            raise InvalidInput("The quote symbol must be different from the delimiter.")
    elif not definition["JsonPath"].startswith("$"):
        raise InvalidInput(f"Invalid JSON path: {definition['JsonPath']}")


def _answer(classifier: Entity) -> Params:
    ((kind, definition),) = classifier.document.items()
    added = {
        "CreationTime": moment(classifier.created),
        "LastUpdated": moment(classifier.updated),
        "Version": classifier.version,
    }
    return {kind: {**definition, **added}}
