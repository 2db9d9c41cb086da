"""The callers in whose names a service works in the background: its roles, and the account itself."""

from __future__ import annotations

import threading
import time

from lakelab.cloud.caller import Caller, Credentials
from lakelab.cloud.core import Core

RENEW_SECONDS = 900.0  # of the hour that temporary credentials are good for
LOOK_SECONDS = 1.0  # a right that is taken away holds for no longer, as on AWS not at once


class Roles:
    """Assumes the roles that a service was given, and keeps their credentials for a while.

    `service` (`firehose.amazonaws.com`) is who the roles have to trust.
    """

    def __init__(self, core: Core, session_name: str, service: str):
        self._core = core
        self._session_name = session_name
        self._service = service
        self._lock = threading.Lock()
        self._callers: dict[tuple[str, str], tuple[float, Caller]] = {}
        self._allowed: dict[tuple[str, str, tuple[str, ...]], float] = {}

    def caller(self, role_arn: str, region: str) -> Caller:
        """The role as a caller. Raises AwsError when there is no such role."""
        key = (role_arn, region)
        with self._lock:
            made, caller = self._callers.get(key, (0.0, None))
            if caller is not None and time.monotonic() - made < RENEW_SECONDS:
                return caller
        account = role_arn.split(":")[4]
        caller = self._core.assume_role(
            role_arn, self._session_name, account=account, region=region, service=self._service
        )
        with self._lock:
            self._callers[key] = (time.monotonic(), caller)
        return caller

    def allowed(self, role_arn: str, region: str, actions: tuple[str, ...], resource: str) -> Caller:
        """The role as a caller that may do all `actions` on `resource`; rights are looked at once a second.

        Raises AwsError when it may not, or there is no such role.
        """
        caller, key = self.caller(role_arn, region), (role_arn, resource, actions)
        if time.monotonic() - self._allowed.get(key, -LOOK_SECONDS) < LOOK_SECONDS:
            return caller
        for action in actions:
            caller.require(action, resource)
        self._allowed[key] = time.monotonic()
        return caller


def account_root(core: Core, account: str, region: str) -> Caller:
    """The account itself: for what AWS's services do in their own name, such as invoking a function."""
    # every AWS emulator takes an account's id for the access key of its root user
    return Caller(account, region, f"arn:aws:iam::{account}:root", Credentials(account, account), core)
