"""moto's server with the one resource type that it lacks, AWS::HealthImaging::Datastore, and with failing stacks.

Usage: moto_with_healthimaging.py. Prints its port and serves until standard input ends.

moto answers CreateStack with an error where a resource cannot be made. CloudFormation itself accepts the request, rolls
back, and tells of the failure in the stack's events: here too, for data stores whose name begins with `fails-`.
"""

import secrets
import sys

from moto.cloudformation.models import Event, Stack
from moto.core.common_models import CloudFormationModel
from moto.server import ThreadedMotoServer

QUOTA_REASON = "Maximum number of data stores reached (10 of 10)"


class CannotBeMade(Exception):
    """The resource's own reason."""


class Datastore(CloudFormationModel):
    """A data store, as far as CloudFormation knows it."""

    # moto reads a model's service from the second part of its module's name.
    __module__ = "plugin.healthimaging"

    def __init__(self, name, account, region):
        self.name = name
        self.identifier = secrets.token_hex(16)
        self.arn = f"arn:aws:medical-imaging:{region}:{account}:datastore/{self.identifier}"

    @property
    def physical_resource_id(self):
        return self.identifier

    @staticmethod
    def cloudformation_name_type():
        return "DatastoreName"

    @staticmethod
    def cloudformation_type():
        return "AWS::HealthImaging::Datastore"

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr in ("DatastoreArn", "DatastoreId", "DatastoreStatus")

    def get_cfn_attribute(self, attribute_name):
        return {"DatastoreArn": self.arn, "DatastoreId": self.identifier, "DatastoreStatus": "ACTIVE"}[attribute_name]

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        if resource_name.startswith("fails-"):
            raise CannotBeMade(QUOTA_REASON)
        return cls(resource_name, account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, *_):
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, *_):
        return None

    def delete(self, _account_id, _region_name):
        return None

    def is_created(self):
        return True


create_resources = Stack.create_resources


def create_or_roll_back(stack):
    try:
        create_resources(stack)
    except CannotBeMade as problem:
        stack.events.append(Event(
            stack.stack_id, stack.name, "Datastore", "", Datastore.cloudformation_type(), "CREATE_FAILED",
            str(problem), None))
        stack.resource_map.delete()
        stack.template_dict.pop("Outputs", None)
        stack.output_map = stack._create_output_map()
        stack._add_stack_event("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Datastore].")
        stack._add_stack_event("ROLLBACK_COMPLETE")
        stack.status = "ROLLBACK_COMPLETE"


Stack.create_resources = create_or_roll_back

if __name__ == "__main__":
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()
    server.stop()
