import ArgumentParser
import FrameEngine
import ImagingWorkflow

/// How long a verb waits.
struct WaitingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Wait no longer than this; CloudFormation goes on. Seconds, or with a unit: 90s, 30m, 2h.",
            valueName: "time"))
    var timeout = DurationArgument(.seconds(3600))

    var policy: WaitPolicy { WaitPolicy(limit: timeout.duration) }
}
