extension FrameOutcome {
    /// What every line begins with: by it half a record is told from anything else.
    static let manifestLineBeginning = Array(#"{"datastoreId":""#.utf8)

    /// The manifest line of this frame: the keys of the contract in its order, then those that checking, resuming and
    /// tracing faults need; null where unknown.
    public func manifestLine() -> [UInt8] {
        let instance = frame.instance
        var line = JSONLine()
        line.add("datastoreId", instance.datastoreID.description)
        line.add("imageSetId", instance.imageSetID.description)
        line.add("versionId", instance.versionID)
        line.add("studyInstanceUID", instance.studyInstanceUID.isEmpty ? nil : instance.studyInstanceUID)
        line.add("seriesInstanceUID", instance.seriesInstanceUID.isEmpty ? nil : instance.seriesInstanceUID)
        line.add("sopInstanceUID", instance.sopInstanceUID.isEmpty ? nil : instance.sopInstanceUID)
        line.add("frameNumber", frame.frameNumber)
        line.add("imageFrameId", frame.imageFrameID.description)
        line.add("status", status.rawValue)
        line.add("file", file)
        line.add("encodedBytes", encodedBytes)
        line.add("decodedBytes", decodedBytes)
        line.add("width", layout?.width)
        line.add("height", layout?.height)
        line.add("components", layout?.components)
        line.add("bitsPerSample", layout?.bitsPerSample)
        line.add("signed", layout?.isSigned)
        line.add("crc32Expected", expectedCRC32.map(CRC32.hexadecimal))
        line.add("crc32", crc32.map(CRC32.hexadecimal))
        line.add("decoder", decoder)
        line.add("attempts", attempts)
        line.add("error", failure.map(Self.line))
        line.add("fileCrc32", fileCRC32.map(CRC32.hexadecimal))
        line.add("codestreamFile", codestreamFile)
        line.add("codestreamCrc32", codestreamCRC32.map(CRC32.hexadecimal))
        line.add("resolution", resolution.description)
        line.add("reduction", reduction)
        line.add("unverifiableReason", unverifiableReason?.rawValue)
        line.add("format", format?.rawValue)
        line.add("fileBytes", fileBytes)
        line.add("mismatchCause", mismatchCause?.rawValue)
        return line.finish()
    }

    private static func line(_ failure: FrameFailure) -> JSONLine {
        var line = JSONLine()
        line.add("stage", failure.stage.rawValue)
        line.add("code", failure.code)
        line.add("message", failure.message)
        return line
    }
}
