"""Makes the planned resources of an EKS stack by calls of Amazon's API, in their order, and deletes them in the reverse.

Reads a JSON list of { type, name, inputs } on standard input. The inputs hold the ids that Pulumi's mocks gave; each is
replaced by that of the part which the emulator made. Prints what was made and what is left as one line of JSON.
"""

import json
import re
import sys

import boto3

REGION = "eu-central-1"
ec2, iam, eks, scaling = (boto3.client(name, region_name=REGION) for name in ("ec2", "iam", "eks", "autoscaling"))
ids = {}


def real(value):
    """The value with the ids of the emulator in it."""
    if isinstance(value, dict):
        return {key: real(each) for key, each in value.items()}
    if isinstance(value, list):
        return [real(each) for each in value]
    return ids.get(value, value) if isinstance(value, str) else value


def pascal(value):
    """As EC2 writes the keys of what Pulumi writes with a small letter."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: pascal(each) for key, each in value.items()}
    return [pascal(each) for each in value] if isinstance(value, list) else value


def ec2_tags(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tagged(kind, tags):
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": ec2_tags(tags)}]}


def renamed(given, names):
    return {names.get(key, key): value for key, value in given.items()}


# One function for each type: makes it, says which id of the mocks is now which, and answers how to delete it.


def part(kind, name, tags, **given):
    """A part of EC2 of which calls and id are named after its kind."""
    call = "_".join(re.findall("[A-Z][a-z]+", kind)).lower()
    resource = {"NatGateway": "natgateway"}.get(kind, call.replace("_", "-"))
    made = getattr(ec2, f"create_{call}")(**pascal(given), **tagged(resource, tags))[kind][f"{kind}Id"]
    ids[f"{name}-id"] = made
    return made, lambda: getattr(ec2, f"delete_{call}")(**{f"{kind}Id": made})


def vpc(name, cidrBlock, tags, **attributes):
    made, delete = part("Vpc", name, tags, cidrBlock=cidrBlock)
    for key, value in attributes.items():
        ec2.modify_vpc_attribute(VpcId=made, **pascal({key: {"value": value}}))
    return delete


def internet_gateway(name, vpcId, tags):
    made, delete = part("InternetGateway", name, tags)
    both = {"InternetGatewayId": made, "VpcId": vpcId}
    ec2.attach_internet_gateway(**both)
    return lambda: (ec2.detach_internet_gateway(**both), delete())


def subnet(name, mapPublicIpOnLaunch, tags, **given):
    made, delete = part("Subnet", name, tags, **given)
    ec2.modify_subnet_attribute(SubnetId=made, MapPublicIpOnLaunch={"Value": mapPublicIpOnLaunch})
    return delete


def address(name, domain, tags):
    made = ec2.allocate_address(Domain=domain, **tagged("elastic-ip", tags))["AllocationId"]
    ids[f"eipalloc-{name}"] = made
    return lambda: ec2.release_address(AllocationId=made)


def nat_gateway(name, tags, **given):
    return part("NatGateway", name, tags, **given)[1]


def route_table(name, vpcId, routes, tags):
    made, delete = part("RouteTable", name, tags, vpcId=vpcId)
    for route in routes:
        ec2.create_route(RouteTableId=made, **renamed(pascal(route), {"CidrBlock": "DestinationCidrBlock"}))
    return delete


def route_table_association(name, **given):
    made = ec2.associate_route_table(**pascal(given))["AssociationId"]
    return lambda: ec2.disassociate_route_table(AssociationId=made)


def vpc_endpoint(name, tags, **given):
    made = ec2.create_vpc_endpoint(**pascal(given), **tagged("vpc-endpoint", tags))["VpcEndpoint"]["VpcEndpointId"]
    return lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[made])


def launch_template(name, blockDeviceMappings, tagSpecifications, **given):
    for mapping in blockDeviceMappings:
        # The provider takes these as text.
        for key in ("deleteOnTermination", "encrypted"):
            mapping["ebs"][key] = mapping["ebs"][key] == "true"
    tags = [{"ResourceType": each["resourceType"], "Tags": ec2_tags(each["tags"])} for each in tagSpecifications]
    data = {**pascal({"blockDeviceMappings": blockDeviceMappings, **given}), "TagSpecifications": tags}
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)["LaunchTemplate"]
    ids[f"{name}-id"] = made["LaunchTemplateId"]
    return lambda: ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])


def role(name, assumeRolePolicy):
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=assumeRolePolicy)["Role"]
    ids[f"arn:aws:iam::123456789012:role/{name}"] = made["Arn"]
    ids[f"{name}-1a2b3c4"] = name
    return lambda: iam.delete_role(RoleName=name)


def role_policy_attachment(name, role, policyArn):
    iam.attach_role_policy(RoleName=role, PolicyArn=policyArn)
    return lambda: iam.detach_role_policy(RoleName=role, PolicyArn=policyArn)


def role_policy(name, role, policy):
    json.loads(policy)
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)
    return lambda: iam.delete_role_policy(RoleName=role, PolicyName=name)


def cluster(_, name, vpcConfig, enabledClusterLogTypes=(), **given):
    logs = [{"types": list(enabledClusterLogTypes), "enabled": True}] if enabledClusterLogTypes else []
    eks.create_cluster(name=name, resourcesVpcConfig=vpcConfig, logging={"clusterLogging": logs}, **given)
    return lambda: eks.delete_cluster(name=name)


def addon(_, clusterName, addonName, resolveConflictsOnCreate, resolveConflictsOnUpdate, **given):
    key = {"clusterName": clusterName, "addonName": addonName}
    eks.create_addon(**key, resolveConflicts=resolveConflictsOnCreate, **given)
    return lambda: eks.delete_addon(**key)


def pod_identity_association(_, clusterName, **given):
    made = eks.create_pod_identity_association(clusterName=clusterName, **given)["association"]
    key = {"clusterName": clusterName, "associationId": made["associationId"]}
    return lambda: eks.delete_pod_identity_association(**key)


def access_entry(_, clusterName, principalArn, **given):
    key = {"clusterName": clusterName, "principalArn": principalArn}
    eks.create_access_entry(**key, **given)
    return lambda: eks.delete_access_entry(**key)


def access_policy_association(_, clusterName, principalArn, policyArn, **given):
    key = {"clusterName": clusterName, "principalArn": principalArn, "policyArn": policyArn}
    eks.associate_access_policy(**key, **given)
    return lambda: eks.disassociate_access_policy(**key)


def node_group(name, clusterName, nodeGroupNamePrefix, **given):
    key = {"clusterName": clusterName, "nodegroupName": f"{nodeGroupNamePrefix}1"}
    made = eks.create_nodegroup(**key, **renamed(given, {"nodeRoleArn": "nodeRole", "subnetIds": "subnets"}))
    ids[f"eks-{name}-asg"] = made["nodegroup"]["resources"]["autoScalingGroups"][0]["name"]
    return lambda: eks.delete_nodegroup(**key)


def tag(_, autoscalingGroupName, tag):
    group = {"ResourceId": autoscalingGroupName, "ResourceType": "auto-scaling-group"}
    scaling.create_or_update_tags(Tags=[{**pascal(tag), **group}])
    # They go with their group.
    return lambda: None


MAKERS = {
    "aws:ec2/vpc:Vpc": vpc,
    "aws:ec2/internetGateway:InternetGateway": internet_gateway,
    "aws:ec2/subnet:Subnet": subnet,
    "aws:ec2/eip:Eip": address,
    "aws:ec2/natGateway:NatGateway": nat_gateway,
    "aws:ec2/routeTable:RouteTable": route_table,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": route_table_association,
    "aws:ec2/vpcEndpoint:VpcEndpoint": vpc_endpoint,
    "aws:ec2/launchTemplate:LaunchTemplate": launch_template,
    "aws:iam/role:Role": role,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": role_policy_attachment,
    "aws:iam/rolePolicy:RolePolicy": role_policy,
    "aws:eks/cluster:Cluster": cluster,
    "aws:eks/addon:Addon": addon,
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": pod_identity_association,
    "aws:eks/accessEntry:AccessEntry": access_entry,
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": access_policy_association,
    "aws:eks/nodeGroup:NodeGroup": node_group,
    "aws:autoscaling/tag:Tag": tag,
}


def inventory():
    """What is there, but for what every account has."""
    vpcs = [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]]
    own = [{"Name": "vpc-id", "Values": vpcs}]
    return {
        "vpcs": vpcs,
        "subnets": ec2.describe_subnets(Filters=own)["Subnets"] if vpcs else [],
        "addresses": ec2.describe_addresses()["Addresses"],
        "templates": ec2.describe_launch_templates()["LaunchTemplates"],
        "roles": [each["RoleName"] for each in iam.list_roles()["Roles"]],
        "clusters": eks.list_clusters()["clusters"],
    }


def main():
    before, deletions, skipped = inventory(), [], []
    for each in json.load(sys.stdin):
        maker = MAKERS.get(each["type"])
        if maker is None:
            skipped.append(each["type"])
            continue
        try:
            deletions.append(maker(each["name"], **real(each["inputs"])))
        except Exception as error:
            raise SystemExit(f"{each['type']} {each['name']}: {error}") from error
    clusters = {name: len(eks.list_nodegroups(clusterName=name)["nodegroups"]) for name in inventory()["clusters"]}
    for delete in reversed(deletions):
        delete()
    print(json.dumps({"made": len(deletions), "skipped": skipped, "nodeGroups": clusters,
                      "left": inventory() != before}))


main()
