"""The embedded deploy engine: runs a Pulumi program over Pulumi's own protocols and keeps Pulumi's own state files."""
