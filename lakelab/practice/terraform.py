"""A learner's Terraform: read without its provider, and applied where Terraform and the provider are.

https://developer.hashicorp.com/terraform/language
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from lakelab.practice.work import Work, Wrong

TERRAFORM_SECONDS = 120
INTERPOLATION = re.compile(r"\$\{([^{}]*)\}")
JSONENCODE = re.compile(r"\A\$\{jsonencode\((.*)\)\}\Z", re.DOTALL)
PART = r"[A-Za-z0-9_-]+"
REFERENCE = re.compile(rf"\b(data\.)?(aws_{PART})\.({PART})\.({PART})")
# the argument that a resource's `id` is; `name` for all others
IDS = {"aws_s3_bucket": "bucket"}
ARNS = {
    "aws_s3_bucket": "arn:aws:s3:::{bucket}",
    "aws_iam_role": "arn:aws:iam::{account}:role/{name}",
    "aws_iam_user": "arn:aws:iam::{account}:user/{name}",
    "aws_glue_catalog_database": "arn:aws:glue:{region}:{account}:database/{name}",
}
# the provider finds the endpoint, the region and the keys in the AWS_* variables
OVERRIDE = """provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_requesting_account_id  = false
}
"""
Block = dict[str, Any]
Name = tuple[str, str]  # type and name of a resource


class Terraform:
    """The .tf files of a folder of the work.

    Values are read as Terraform would know them before it asks AWS: variables have their defaults, locals and arguments
    of other resources are filled in, and ids and ARNs that follow from a name. What is known to AWS alone stays a
    reference, `${…}`.

    Raises:
        Wrong: the files are not Terraform, or there are none.
    """

    def __init__(self, work: Work, folder: str):
        hcl2 = import_module("hcl2")  # one of the packages that the labs alone need
        self._work, self.folder = work, folder
        self._read = lambda text: hcl2.loads(
            text,
            serialization_options=hcl2.SerializationOptions(
                with_comments=False, explicit_blocks=False, strip_string_quotes=True
            ),
        )
        self._document: dict[str, list[Block]] = {}
        files = sorted(work.path(folder).glob("*.tf"))
        if not files:
            raise Wrong(f"{folder}/ holds no .tf file", stop=True)
        for file in files:
            with work.running(f"{folder}/{file.name}"):
                for kind, blocks in self._read(file.read_text(encoding="utf-8") + "\n").items():
                    self._document.setdefault(kind, []).extend(blocks)

    def resources(self, kind: str) -> dict[Name, Block]:
        """The resources of a type, as they are written."""
        return {name: block for name, block in self._blocks("resource").items() if name[0] == kind}

    def one(self, kind: str) -> tuple[Name, Block]:
        """The only resource of a type.

        Raises:
            Wrong: there is none, or there are several.
        """
        found = list(self.resources(kind).items())
        if len(found) != 1:
            raise Wrong(f"{self.folder}/ has {len(found) or 'no'} {kind}; asked is one")
        return found[0]

    def provider(self) -> Block:
        """The arguments of the AWS provider."""
        for block in self._document.get("provider", []):
            if "aws" in block:
                return block["aws"]
        raise Wrong(f'{self.folder}/ configures no provider "aws"')

    def version(self) -> str:
        """Which versions of the AWS provider are allowed; empty when nothing says so."""
        for block in self._document.get("terraform", []):
            for required in block.get("required_providers", []):
                if "aws" in required:
                    return required["aws"].get("version", "")
        return ""

    def references(self, block: Any) -> set[Name]:
        """The resources that a block names, directly or through a policy document's data source or a local."""
        found: set[Name] = set()
        for data, kind, name, _ in REFERENCE.findall(_text(block)):
            if data:
                found |= self.references(self._blocks("data").get((kind, name), {}))
            else:
                found.add((kind, name))
        for local in re.findall(rf"\blocal\.({PART})", _text(block)):
            found |= self.references(self._locals().get(local))
        return found

    def value(self, written: Any) -> Any:
        """What an argument is, as far as it is known before AWS is asked."""
        if isinstance(written, list):
            return [self.value(each) for each in written]
        if isinstance(written, dict):
            return {key: self.value(each) for key, each in written.items()}
        if not isinstance(written, str):
            return written
        whole = INTERPOLATION.fullmatch(written)
        if whole:
            return self._known(whole[1], written)
        return INTERPOLATION.sub(lambda part: str(self._known(part[1], part[0])), written)

    def policy(self, written: Any) -> dict[str, Any]:
        """A policy document: of a data source, of jsonencode(), or as text.

        Raises:
            Wrong: it is none of them.
        """
        if not isinstance(written, str):
            raise Wrong(f"{self.folder}/: a policy is missing")
        encoded = JSONENCODE.match(written)
        if encoded:
            return self.value(self._read(f"document = {encoded[1]}\n")["document"])
        source = re.match(rf"\$\{{data\.(aws_iam_policy_document)\.({PART})\.json\}}", written)
        block = self._blocks("data").get((source[1], source[2])) if source else None
        if block is not None:
            return {
                "Version": "2012-10-17",
                "Statement": [self._statement(each) for each in block.get("statement", [])],
            }
        with self._work.running(f"{self.folder}/: the policy {written[:60]}"):
            return json.loads(written)

    @contextmanager
    def applied(self) -> Iterator[str]:
        """Apply the files to the local AWS for a while; gives why that cannot be done here, or nothing when it was.

        Raises:
            Wrong: Terraform cannot apply them.
        """
        program = shutil.which("terraform") or shutil.which("tofu")
        if program is None:
            yield "there is no terraform on PATH"
            return
        with tempfile.TemporaryDirectory(prefix="terraform-") as place:
            for file in self._work.path(self.folder).glob("*.tf"):
                shutil.copy(file, place)
            (Path(place) / "lakelab_override.tf").write_text(OVERRIDE, encoding="utf-8")
            if self._run(program, place, "init").returncode:
                yield "terraform cannot install the AWS provider here"
                return
            try:
                done = self._run(program, place, "apply", "-auto-approve")
                if done.returncode:
                    raise Wrong(f"terraform apply failed:\n{done.stdout[-1500:]}")
                yield ""
            finally:
                self._run(program, place, "destroy", "-auto-approve")

    def _run(self, program: str, place: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [program, *arguments, "-input=false", "-no-color"]
        try:
            return subprocess.run(
                command,
                cwd=place,
                env=self._work.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=TERRAFORM_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, f"it did not end within {TERRAFORM_SECONDS} s")

    def _blocks(self, section: str) -> dict[Name, Block]:
        return {
            (kind, name): block
            for each in self._document.get(section, [])
            for kind, named in each.items()
            for name, block in named.items()
        }

    def _locals(self) -> Block:
        return {name: value for block in self._document.get("locals", []) for name, value in block.items()}

    def _known(self, expression: str, written: str) -> Any:
        """What a reference stands for, or itself, `written`."""
        parts = expression.strip().split(".")
        if len(parts) == 2 and parts[0] == "var":
            for block in self._document.get("variable", []):
                if parts[1] in block:
                    return self.value(block[parts[1]].get("default", written))
        if len(parts) == 2 and parts[0] == "local" and parts[1] in self._locals():
            return self.value(self._locals()[parts[1]])
        block = self._blocks("resource").get((parts[0], parts[1])) if len(parts) == 3 else None
        if block is None:
            return written
        kind, argument = parts[0], parts[2]
        if argument == "id":
            argument = IDS.get(kind, "name")
        if argument in block:
            return self.value(block[argument])
        if argument == "arn" and kind in ARNS:
            names = {key: self.value(each) for key, each in block.items() if isinstance(each, str)}
            about = {"account": self._work.config.account, "region": self._work.config.region, "bucket": "", "name": ""}
            return ARNS[kind].format(**about | names)
        return written

    def _statement(self, block: Block) -> dict[str, Any]:
        """A statement of aws_iam_policy_document as the JSON that AWS takes."""
        found: dict[str, Any] = {"Effect": block.get("effect", "Allow"), "Action": self.value(block.get("actions", []))}
        if "resources" in block:
            found["Resource"] = self.value(block["resources"])
        for principals in block.get("principals", []):
            found.setdefault("Principal", {})[principals["type"]] = self.value(principals["identifiers"])
        for condition in block.get("condition", []):
            test = found.setdefault("Condition", {}).setdefault(condition["test"], {})
            test[condition["variable"]] = self.value(condition["values"])
        return found


def _text(block: Any) -> str:
    return block if isinstance(block, str) else json.dumps(block)
