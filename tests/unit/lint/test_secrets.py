"""What looks like a secret and what does not. Samples are put together here, so that none stands in this file."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakelab.lint.secrets import ALLOWED, run

KEY = "AKIA" + "QWERTYUIOPASDFGH"
DASHES = "-" * 5


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        pytest.param(f"key = {KEY}", "aws-access-key", id="access-key"),
        pytest.param(f"aws_secret_access_key = {'aB3/' * 10}", "aws-secret-key", id="secret-key"),
        pytest.param(f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}", "private-key", id="private-key"),
        pytest.param("token: gh" + "p_" + "a1B2" * 9, "github-token", id="github"),
        pytest.param("pul-" + "0a1b2c3d4e" * 4, "pulumi-token", id="pulumi"),
        pytest.param("url: postgres" + "://lake:hunter2@db/lake", "password-in-url", id="password-in-a-url"),
        pytest.param("db_password" + ': "hunter2hunter2"', "password", id="password"),
    ],
)
def test_is_found(line: str, rule: str, tmp_path: Path):
    (tmp_path / "a.yaml").write_text(f"x: 1\n{line}\n")
    (finding,) = run(tmp_path, [Path("a.yaml")]).findings
    assert (finding.rule, str(finding.location)) == (rule, "a.yaml:2")
    assert "hunter2" not in finding.message


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("aws_secret_access_key = test", id="an-emulators-key"),
        pytest.param('db_password: "${DB_PASSWORD}"', id="a-reference"),
        pytest.param('secret: "arn:aws:secretsmanager:us-east-1:000000000000:secret:a"', id="an-arn"),
        pytest.param("AKIAIOSFODNN7" + "EXAMPLE", id="awss-documented-example"),
        pytest.param("url: http://user:${PASSWORD}@host/", id="a-url-with-a-reference"),
        pytest.param(f"key = {KEY}  # {ALLOWED}", id="allowed-on-the-line"),
    ],
)
def test_is_left_alone(line: str, tmp_path: Path):
    (tmp_path / "a.yaml").write_text(f"{line}\n")
    assert run(tmp_path, [Path("a.yaml")]).findings == ()


def test_binary_and_lock_files_are_not_looked_at(tmp_path: Path):
    (tmp_path / "a.bin").write_bytes(b"\0" + KEY.encode())
    (tmp_path / "a.lock").write_text(KEY)
    found = run(tmp_path, [Path("a.bin"), Path("a.lock")])
    assert (found.findings, found.scanned) == ((), 0)
    assert found.checked().failure == "secrets scanned no files"
