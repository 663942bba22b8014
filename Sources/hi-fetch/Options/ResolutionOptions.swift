import ArgumentParser
import FrameEngine

/// Which resolution of each image is decoded.
struct ResolutionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Decode a lower resolution: leave out so many levels, 0 to 32. Each halves width and height, rounded up.",
            valueName: "n"))
    var reduce = 0

    @Option(
        name: .customLong("max-size"),
        help: ArgumentHelp(
            """
            Leave out as many levels of each image as it takes to fit into W by H pixels, or all that it has. With \
            --reduce the larger number counts.
            """, valueName: "WxH"))
    var maxSize: ImageSizeArgument?

    func validate() throws {
        guard ResolutionChoice.reductions.contains(reduce) else {
            throw ValidationError("--reduce must be from 0 to \(ResolutionChoice.reductions.upperBound).")
        }
    }

    /// - Parameter onShortage: what becomes of an image with fewer levels than `--reduce` says.
    func choice(onShortage: ResolutionChoice.Shortage) -> ResolutionChoice {
        ResolutionChoice(
            reduction: reduce,
            maximumSize: maxSize.map { ResolutionChoice.Size(width: $0.width, height: $0.height) },
            onShortage: onShortage)
    }
}
