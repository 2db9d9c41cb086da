"""CloudWatch dashboards."""

from __future__ import annotations

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, Inputs, P, Resource


class Dashboard(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/dashboard/"""

    type = "aws:cloudwatch/dashboard:Dashboard"
    service = "cloudwatch"
    shape = "PutDashboard"
    properties = {"dashboardName": P(replaces=True), "dashboardBody": P(json=True), "region": REGION}

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return inputs.get("dashboardName")

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).put_dashboard(**self.request(self.shapes[0], inputs))
        return inputs["dashboardName"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        answer = unless_absent(client.get_dashboard, DashboardName=id)
        return None if answer is None else {**self.outputs(answer), "region": client.meta.region_name}

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_dashboards, DashboardNames=[id])


TYPES = (Dashboard,)
