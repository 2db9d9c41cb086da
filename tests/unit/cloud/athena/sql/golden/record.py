"""Records Trino's answers to the statements of `../trino_golden.jsonl` into the same file, anew. See README.md.

Usage: python record.py WORK_FOLDER    (needs Java 17 or later and Maven)
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "trino_golden.jsonl"
RELEASE = "435"
JAVA = ["java", "-Xmx2g", "-XX:+UseSerialGC", "-Djdk.attach.allowAttachSelf=true"]


def compiled(work: Path) -> str:
    """The class path of the recorder, compiled into the work folder."""
    classes, jars = work / "classes", work / "classpath.txt"
    if not jars.exists():
        build = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:build-classpath"]
        subprocess.run([*build, f"-Dmdep.outputFile={jars}"], check=True)
    subprocess.run(["javac", "-cp", jars.read_text(), "-d", str(classes), str(HERE / "Recorder.java")], check=True)
    return f"{classes}:{jars.read_text()}"


def main(work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    asked = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()[1:]]
    statements = "".join(json.dumps(item["sql"]) + "\n" for item in asked)
    run = subprocess.run(
        [*JAVA, "-cp", compiled(work), "Recorder"], input=statements, capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    header = {"release": RELEASE, "recorded": datetime.now(UTC).date().isoformat(), "statements": len(answers)}
    lines = [header]
    for item, answer in zip(asked, answers, strict=True):
        if "message" in answer:
            answer["message"] = answer["message"].splitlines()[0][:200] if answer["message"] else ""
        lines.append({"family": item["family"], **answer})
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    GOLDEN.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
