"""Terraform read without its provider: what an argument is, what a block refers to, what a policy says."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakelab.practice import Work, Wrong
from lakelab.practice.terraform import Terraform
from lakelab.settings import Settings

pytestmark = pytest.mark.slow  # what reads Terraform is among the packages of the labs

MAIN = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "stage" {
  default = "test"
}

locals {
  bucket = "lake-${var.stage}"
  owner  = aws_iam_user.reader.name
}

resource "aws_s3_bucket" "lake" {
  bucket = local.bucket
}

resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_iam_user" "reader" {
  name = "reader"
}

data "aws_iam_policy_document" "read" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.lake.arn}/*"]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["a/*"]
    }
  }
}

resource "aws_iam_user_policy" "source" {
  user   = local.owner
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_user_policy" "encoded" {
  user = "reader"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = "s3:*", Resource = aws_s3_bucket.lake.arn }]
  })
}
"""


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(Settings(root=tmp_path), "lab", tmp_path, tmp_path / "data")


@pytest.fixture
def files(work: Work) -> Terraform:
    (work.workspace / "main.tf").write_text(MAIN)
    return Terraform(work, ".")


@pytest.mark.parametrize(
    ("written", "known"),
    [
        pytest.param("plain", "plain", id="text"),
        pytest.param("${var.stage}", "test", id="a variable's default"),
        pytest.param("s3://${local.bucket}/raw/", "s3://lake-test/raw/", id="a local in text"),
        pytest.param("${aws_s3_bucket.lake.id}", "lake-test", id="the id of a bucket is its name"),
        pytest.param("${aws_s3_bucket.lake.arn}/*", "arn:aws:s3:::lake-test/*", id="an ARN that follows from the name"),
        pytest.param("${aws_iam_user.reader.arn}", "arn:aws:iam::000000000000:user/reader", id="the ARN of a user"),
        pytest.param("${aws_iam_user.reader.unique_id}", "${aws_iam_user.reader.unique_id}", id="known to AWS alone"),
        pytest.param(["${var.stage}", 3, True], ["test", 3, True], id="a list"),
    ],
)
def test_an_argument_is_what_terraform_would_know_before_it_asks_aws(files: Terraform, written: object, known: object):
    assert files.value(written) == known


@pytest.mark.parametrize(
    ("name", "argument", "found"),
    [
        pytest.param("source", "policy", {("aws_s3_bucket", "lake")}, id="through a data source"),
        pytest.param("encoded", "policy", {("aws_s3_bucket", "lake")}, id="inside of jsonencode"),
        pytest.param("source", "user", {("aws_iam_user", "reader")}, id="through a local"),
        pytest.param("encoded", "user", set(), id="a name as text is no reference"),
    ],
)
def test_references(files: Terraform, name: str, argument: str, found: set[tuple[str, str]]):
    block = files.resources("aws_iam_user_policy")["aws_iam_user_policy", name]

    assert files.references(block[argument]) == found


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        pytest.param(
            "source",
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": ["arn:aws:s3:::lake-test/*"],
                "Condition": {"StringLike": {"s3:prefix": ["a/*"]}},
            },
            id="a data source",
        ),
        pytest.param(
            "encoded", {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::lake-test"}, id="jsonencode"
        ),
    ],
)
def test_a_policy_is_the_document_that_aws_gets(files: Terraform, name: str, statement: dict[str, object]):
    block = files.resources("aws_iam_user_policy")["aws_iam_user_policy", name]

    assert files.policy(block["policy"])["Statement"] == [statement]


def test_one_resource_of_a_type(files: Terraform):
    assert files.one("aws_s3_bucket")[0] == ("aws_s3_bucket", "lake")
    assert (files.version(), files.provider()["region"]) == ("~> 6.0", "us-east-1")
    with pytest.raises(Wrong, match="has 2 aws_iam_user_policy; asked is one"):
        files.one("aws_iam_user_policy")
    with pytest.raises(Wrong, match="has no aws_glue_crawler; asked is one"):
        files.one("aws_glue_crawler")


def test_what_is_no_terraform_is_the_works_fault(work: Work):
    (work.workspace / "main.tf").write_text('resource "aws_s3_bucket" {')
    with pytest.raises(Wrong, match=r"main\.tf failed"):
        Terraform(work, ".")


def test_without_terraform_nothing_is_applied(files: Terraform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with files.applied() as why:
        assert why == "there is no terraform on PATH"


def test_where_it_can_be_applied_it_is_applied_and_destroyed_in_a_copy(
    files: Terraform, work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    stand_in = tmp_path / "bin" / "terraform"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\necho "$1" $(ls) $AWS_ENDPOINT_URL >> {tmp_path}/called\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:/usr/bin:/bin")

    with files.applied() as why:
        assert why == ""

    place = f"lakelab_override.tf main.tf {work.config.endpoint}"
    assert (tmp_path / "called").read_text().splitlines() == [
        f"{verb} {place}" for verb in ("init", "apply", "destroy")
    ]
    assert not (work.workspace / "lakelab_override.tf").exists()


@pytest.mark.parametrize(
    ("fails", "outcome"),
    [
        pytest.param("init", "terraform cannot install the AWS provider here", id="no provider"),
        pytest.param("apply", None, id="it cannot be applied"),
    ],
)
def test_a_failure_of_terraform(
    files: Terraform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fails: str, outcome: str | None
):
    stand_in = tmp_path / "bin" / "terraform"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\necho no such thing\ntest "$1" != {fails}\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:/usr/bin:/bin")

    if outcome:
        with files.applied() as why:
            assert why == outcome
    else:
        with pytest.raises(Wrong, match="terraform apply failed:\nno such thing"), files.applied():
            pass
