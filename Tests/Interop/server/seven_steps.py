"""The guided scenario as a plain boto3 program, without anything of this project: it runs against AWS as it stands.

usage: seven_steps.py FOLDER [--template FILE] [--role ARN]

1. makes the resources: by the CloudFormation template, or without one by single calls
2. copies a public study into the input bucket, in parallel
3. starts the import job and waits for it
4. reads the ids of the image sets from the job's manifest
5. downloads the metadata of each image set and lists its frames
6. downloads, decodes and verifies every frame
7. deletes the image sets, the objects, the data store and the buckets, or the stack

Prints what it found as one line of JSON.
needs: pip install boto3 numpy pylibjpeg-openjpeg
"""

import argparse
import concurrent.futures
import gzip
import json
import secrets
import time
import zlib

import boto3
import openjpeg

SOURCE_BUCKET = "idc-open-data"


def wait_for(what, condition, seconds=600):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.2)


class Journey:
    def __init__(self, template, role):
        from botocore.config import Config

        config = Config(inject_host_prefix=False, s3={"addressing_style": "path"})
        self.imaging = boto3.client("medical-imaging", config=config)
        self.s3 = boto3.client("s3", config=config)
        self.cloudformation = boto3.client("cloudformation", config=config)
        self.account = boto3.client("sts", config=config).get_caller_identity()["Account"]
        self.template = template
        self.role = role
        self.name = "journey-" + secrets.token_hex(6)

    # 1
    def make_resources(self):
        if self.template is None:
            self.datastore = self.imaging.create_datastore(datastoreName=self.name)["datastoreId"]
            self.input, self.output = self.name + "-in", self.name + "-out"
            for bucket in (self.input, self.output):
                self.s3.create_bucket(Bucket=bucket)
            self.role = self.role or f"arn:aws:iam::{self.account}:role/importer"
        else:
            self.cloudformation.create_stack(
                StackName=self.name, TemplateBody=self.template, Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
                Parameters=[
                    {"ParameterKey": "datastoreName", "ParameterValue": self.name},
                    {"ParameterKey": "userAccountID", "ParameterValue": self.account}])
            self.cloudformation.get_waiter("stack_create_complete").wait(
                StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
            stack = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
            outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
            self.input, self.output = outputs["InputBucketName"], outputs["OutputBucketName"]
            self.role, self.datastore = outputs["RoleArn"], outputs["DatastoreID"]
        wait_for("an active data store", lambda: self.imaging.get_datastore(
            datastoreId=self.datastore)["datastoreProperties"]["datastoreStatus"] == "ACTIVE")

    # 2
    def copy(self, folder):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=SOURCE_BUCKET, Prefix=folder + "/")
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: self.s3.copy_object(
                Bucket=self.input, Key=key, CopySource={"Bucket": SOURCE_BUCKET, "Key": key}), keys))
        return keys

    # 3
    def import_study(self, folder):
        started = self.imaging.start_dicom_import_job(
            jobName=self.name, datastoreId=self.datastore, dataAccessRoleArn=self.role,
            inputS3Uri=f"s3://{self.input}/{folder}/", outputS3Uri=f"s3://{self.output}/results/")
        self.job = started["jobId"]

        def ended():
            job = self.imaging.get_dicom_import_job(datastoreId=self.datastore, jobId=self.job)["jobProperties"]
            return job if job["jobStatus"] in ("COMPLETED", "FAILED") else None

        job = wait_for("the end of the import job", ended)
        if job["jobStatus"] != "COMPLETED":
            raise RuntimeError(job["message"])
        return job

    # 4
    def image_sets(self, job):
        bucket, prefix = job["outputS3Uri"].removeprefix("s3://").split("/", 1)
        body = self.s3.get_object(Bucket=bucket, Key=prefix + "job-output-manifest.json")["Body"].read()
        summary = json.loads(body)["jobSummary"]
        return summary, list(dict.fromkeys(each["imageSetId"] for each in summary["imageSetsSummary"]))

    # 5
    def metadata(self, image_set):
        blob = self.imaging.get_image_set_metadata(datastoreId=self.datastore, imageSetId=image_set)
        return json.loads(gzip.decompress(blob["imageSetMetadataBlob"].read()))

    @staticmethod
    def frames(document):
        for series in document["Study"]["Series"].values():
            for instance in series["Instances"].values():
                for frame in instance["ImageFrames"]:
                    sums = frame["PixelDataChecksumFromBaseToFullResolution"]
                    full = max(sums, key=lambda each: each["Width"])
                    yield {
                        "id": frame["ID"], "checksum": full["Checksum"], "min": frame["MinPixelValue"],
                        "max": frame["MaxPixelValue"], "slope": instance["DICOM"].get("RescaleSlope"),
                        "intercept": instance["DICOM"].get("RescaleIntercept")}

    # 6
    def verify(self, image_set, frame):
        stored = self.imaging.get_image_frame(
            datastoreId=self.datastore, imageSetId=image_set, imageFrameInformation={"imageFrameId": frame["id"]})
        pixels = openjpeg.decode(stored["imageFrameBlob"].read(), j2k_format=2)
        if zlib.crc32(pixels.tobytes()) != frame["checksum"]:
            return False
        return (int(pixels.min()), int(pixels.max())) == (frame["min"], frame["max"])

    # 7
    def delete(self):
        pages = self.imaging.get_paginator("search_image_sets").paginate(datastoreId=self.datastore, searchCriteria={})
        found = [each["imageSetId"] for page in pages for each in page["imageSetsMetadataSummaries"]]
        for image_set in found:
            deleted = self.imaging.delete_image_set(datastoreId=self.datastore, imageSetId=image_set)
            assert deleted["imageSetWorkflowStatus"] == "DELETING"
        for image_set in found:
            wait_for("the end of an image set", lambda: self.is_gone(image_set))
        for bucket in (self.input, self.output):
            for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                objects = [{"Key": each["Key"]} for each in page.get("Contents", [])]
                if objects:
                    self.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
        if self.template is None:
            self.imaging.delete_datastore(datastoreId=self.datastore)
            for bucket in (self.input, self.output):
                self.s3.delete_bucket(Bucket=bucket)
        else:
            self.cloudformation.delete_stack(StackName=self.name)
            self.cloudformation.get_waiter("stack_delete_complete").wait(
                StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
        try:
            self.imaging.get_datastore(datastoreId=self.datastore)
        except self.imaging.exceptions.ResourceNotFoundException:
            return len(found)
        raise RuntimeError("the data store is still there")

    def is_gone(self, image_set):
        try:
            self.imaging.get_image_set(datastoreId=self.datastore, imageSetId=image_set)
        except self.imaging.exceptions.ResourceNotFoundException:
            return True
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--template")
    parser.add_argument("--role")
    arguments = parser.parse_args()
    template = open(arguments.template, encoding="utf-8").read() if arguments.template else None
    journey = Journey(template, arguments.role)
    journey.make_resources()
    keys = journey.copy(arguments.folder)
    job = journey.import_study(arguments.folder)
    summary, image_sets = journey.image_sets(job)
    frames = [(image_set, frame) for image_set in image_sets for frame in journey.frames(journey.metadata(image_set))]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        verified = list(pool.map(lambda each: journey.verify(*each), frames))
    print(json.dumps({
        "copied": len(keys), "summary": summary, "imageSets": image_sets, "frames": len(frames),
        "verified": sum(verified), "slopes": sorted({frame["slope"] for _, frame in frames}),
        "intercepts": sorted({frame["intercept"] for _, frame in frames}), "deleted": journey.delete()}))


if __name__ == "__main__":
    main()
