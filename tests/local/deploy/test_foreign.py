"""A Pulumi project that knows nothing of lakelab, as `pulumi new aws-python` lays it out, with its own Python."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from uuid import uuid4

import pytest

from lakelab.testing import Cloud

PROJECT = """
name: {name}
description: A minimal AWS Python Pulumi program
main: program/
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: venv
config:
  pulumi:tags:
    value:
      pulumi:template: aws-python
  owner:
    type: string
    default: nobody
"""
STACK = """
config:
  aws:region: eu-west-1
  {name}:owner: data-team
"""
PROGRAM = '''
"""An AWS Python Pulumi program"""
import sys
import pulumi
from pulumi_aws import s3, sqs
from zones import Zone

config = pulumi.Config()
zone = Zone("raw", owner=config.require("owner"))
queue = sqs.Queue("arrivals")
pulumi.export("bucket_name", zone.bucket.id)
pulumi.export("queue_arn", queue.arn)
pulumi.export("prefix", sys.prefix)
pulumi.log.info("deployed by " + pulumi.get_stack())
'''
ZONES = """
import pulumi
from pulumi_aws import s3

class Zone(pulumi.ComponentResource):
    def __init__(self, name, owner, opts=None):
        super().__init__("acme:lake:Zone", name, {}, opts)
        self.bucket = s3.Bucket(name, tags={"owner": owner}, opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({"bucket": self.bucket.id})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "their project"
    name = f"acme-{uuid4().hex[:8]}"
    (made / "program").mkdir(parents=True)
    (made / "Pulumi.yaml").write_text(PROJECT.format(name=name))
    (made / "Pulumi.dev.yaml").write_text(STACK.format(name=name))
    (made / "program" / "__main__.py").write_text(PROGRAM)
    (made / "program" / "zones.py").write_text(ZONES)
    venv.create(made / "venv", with_pip=False, symlinks=True)
    # the SDK, without a download
    packages = sysconfig.get_path("purelib", vars={"base": str(made / "venv"), "platbase": str(made / "venv")})
    (Path(packages) / "sdk.pth").write_text("\n".join(site.getsitepackages()))
    return made


def lakelab(cloud: Cloud, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a stranger types it: AWS's variables, and nothing else."""
    aws = {name: value for name, value in cloud.environment().items() if name.startswith("AWS_")}
    return subprocess.run(
        [str(Path(sys.executable).parent / "lakelab"), "deploy", arguments[0], "-C", str(folder), *arguments[1:]],
        env={"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), **aws},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_project_that_is_not_ours_is_deployed_as_it_is(cloud: Cloud, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    done = lakelab(cloud, folder, "up", "-s", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "deployed by dev" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr, "no colour where no terminal is"
    outputs = json.loads(lakelab(cloud, folder, "outputs", "-s", "dev", "--json").stdout)
    assert outputs["queue_arn"].startswith("arn:aws:sqs:eu-west-1:000000000000:arrivals-")
    assert Path(outputs["prefix"]).resolve() == (folder / "venv").resolve(), "it ran in its own virtual environment"
    tags = cloud.client("s3").get_bucket_tagging(Bucket=outputs["bucket_name"])["TagSet"]
    assert tags == [{"Key": "owner", "Value": "data-team"}]
    again = lakelab(cloud, folder, "up", "-s", "dev", "--expect-no-changes")
    assert again.returncode == 0, again.stdout + again.stderr
    assert (folder / ".lakelab" / "pulumi" / ".pulumi" / "meta.yaml").is_file(), "its state is in its own folder"
    gone = lakelab(cloud, folder, "destroy", "-s", "dev", "--yes")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert {path: path.read_bytes() for path in before} == before, "no file of it was rewritten"
