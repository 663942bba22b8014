import ImagingWorkflow

extension WorkflowText {
    static func explanation(_ topic: JourneyTopic) -> [String] {
        switch topic {
        case .welcome:
            way + ["Data store, buckets and requests cost money for as long as they are there.", ""] + needs
        case .localWelcome:
            way + [
                "Everything stays on this machine: the services are the local data store's, which behaves like AWS's and",
                "costs nothing.", "",
            ] + needs
        case .stack:
            ["The stack gets a name in your account and region; the data store in it has a name of its own."]
        case .existingResources:
            ["Name the resources that the import is to use. Nothing that was there before will be deleted."]
        case .studies:
            ["The Imaging Data Commons publishes studies in the bucket \(IDCStudy.bucket). Choose one:"]
                + IDCStudy.all.enumerated().map { "  \($0.offset + 1)  \($0.element.title)" }
        case .copy:
            [
                "An import job reads only from a bucket that its role may read, so the DICOM files are put into the",
                "input bucket first, many at a time.",
            ]
        case .importJob:
            [
                "The import job reads every file below the prefix, checks it, turns its pixels into HTJ2K frames and",
                "puts them together into image sets. It runs by itself; its status is asked for until it ends.",
            ]
        case .imageSets:
            [
                "The job has left a manifest and lists of the files that were imported, refused, or imported with a",
                "warning in the output bucket. The manifest names the image sets.",
            ]
        case .metadata:
            [
                "An image set's metadata is one JSON document, sent gzipped. Among the DICOM attributes it names each",
                "frame, its smallest and largest value, and a CRC-32 of its pixels at full resolution.",
            ]
        case .frames:
            [
                "Now every frame is fetched, decoded and compared with its checksum. What is on disk under its final",
                "name is whole and was verified.",
            ]
        case .cleanUp:
            [
                "What this run made can be deleted now: the image sets, the objects in the buckets, and the stack if",
                "it made one. The frames and the metadata on this machine stay.",
            ]
        }
    }

    private static let way = [
        "This takes a DICOM study all the way: into an S3 bucket, from there by an import job into a",
        "HealthImaging data store, and out again as image frames, each of which is decoded and compared with",
        "the checksum that HealthImaging computed of its pixels. At the end everything can be deleted.",
    ]

    private static let needs = [
        "An import needs four things: a data store, a bucket to read DICOM files from, a bucket for the",
        "job's report, and a role that HealthImaging takes on to use the two buckets. A CloudFormation stack",
        "makes them all at once and can be deleted as a whole. Without it, name your own.",
    ]

    static func question(_ question: JourneyQuestion) -> String {
        switch question {
        case .deployStack: "Create the resources with a CloudFormation stack? (y/n)"
        case .stackName(let suggestion): "Name of the stack [\(suggestion)]:"
        case .datastoreName(let suggestion): "Name of the data store [\(suggestion)]:"
        case .datastoreID: "ID of the data store:"
        case .inputBucket: "Name of the input bucket:"
        case .outputBucket: "Name of the output bucket:"
        case .roleARN: "ARN of the import job's role:"
        case .study: "Which study? (1-\(IDCStudy.all.count))"
        case .pause(let pause): "Press Enter \(purpose(pause))"
        case .delete: "Delete what this run made? (y/n)"
        case .cleanUp: "Delete it now? (y/n)"
        }
    }

    /// The option that makes a question superfluous.
    static func option(answering question: JourneyQuestion) -> String {
        switch question {
        case .deployStack: "--yes, or --datastore and its companions,"
        case .stackName: "--stack-name NAME"
        case .datastoreName: "--datastore-name NAME"
        case .datastoreID: "--datastore ID"
        case .inputBucket: "--input-bucket NAME"
        case .outputBucket: "--output-bucket NAME"
        case .roleARN: "--role-arn ARN"
        case .study: "--study N"
        case .pause: "--yes"
        case .delete: "--delete or --keep"
        case .cleanUp: "workflow --clean-up"
        }
    }

    private static func purpose(_ pause: JourneyPause) -> String {
        switch pause {
        case .beforeCopy: "to copy the files."
        case .beforeImport: "to start the import job."
        case .beforeImageSets: "to read the job's manifest."
        case .beforeMetadata: "to download the metadata."
        case .beforeFrames: "to fetch the frames."
        }
    }
}
