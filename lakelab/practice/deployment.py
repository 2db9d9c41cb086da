"""A learner's Pulumi program, deployed to the local AWS with the embedded engine."""

from __future__ import annotations

from lakelab.deploy import Project, Session
from lakelab.deploy.engine.events import Result
from lakelab.errors import LakelabError
from lakelab.pipeline.diagram import Flow, Resource, flow_of, resources_of
from lakelab.practice.work import Work, Wrong

STACK = "lab"


class Deployment:
    """The stack `lab` of the Pulumi project in a folder of the work; destroyed after the last check.

    What an earlier check left of it is destroyed first.

    Raises:
        Wrong: the folder holds no project, or a verb of it fails.
    """

    def __init__(self, work: Work, folder: str):
        self._work, self._folder = work, folder
        try:
            self._project = Project.load(work.path(f"{folder}/Pulumi.yaml").parent)
        except LakelabError as error:
            raise Wrong(error.message) from error
        self._session = work.cleanup.enter_context(Session(work.environment))
        self.destroy()
        work.cleanup.callback(self.destroy)

    def up(self) -> Result:
        """Make the stack what the program says."""
        return self._run("up")

    def refresh(self) -> Result:
        """Look for drift, and take it into the state."""
        return self._run("refresh")

    def destroy(self) -> Result:
        """Delete what the stack made, and what is in its buckets."""
        buckets = {found.id for found in self._resources() if found.type == "aws:s3/bucket:Bucket"}
        for each in self._work.client("s3").list_buckets()["Buckets"]:
            if each["Name"] in buckets:
                self._work.empty(each["Name"])
        return self._run("destroy")

    def flow(self) -> Flow:
        """How data flow through what is deployed, read from the state."""
        return flow_of(self._resources())

    def _resources(self) -> list[Resource]:
        return list(resources_of(self._project, STACK, self._work.environment))

    def _run(self, verb: str) -> Result:
        try:
            return getattr(self._session, verb)(self._project, STACK)
        except LakelabError as error:
            raise Wrong(f"{self._folder}/: {error.message}") from error
