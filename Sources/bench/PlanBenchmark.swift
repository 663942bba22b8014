import Foundation
import FrameEngine

/// Planning a large metadata document, beside Foundation's JSON parser reading the same bytes and planning nothing.
struct PlanBenchmark {
    struct Result: Codable {
        let frames: Int
        let documentBytes: Int
        /// From plain JSON to the list of frames; median of the repeats.
        let planSeconds: Double
        /// The same from gzip.
        let planFromGzipSeconds: Double
        /// JSONSerialization of the plain document.
        let foundationSeconds: Double
        /// foundationSeconds over planSeconds.
        let ratio: Double
        /// What the resident set grew by at the most while planning, document not counted.
        let planMemoryBytes: Int
        /// The same for JSONSerialization; more than planning needed, or 0.
        let foundationMemoryBytes: Int
    }

    let frames: Int
    let repeats: Int

    func run() throws -> Result {
        let document = Self.document(frames: frames)
        let gzipped = document.withUnsafeBytes { Gzip.deflate($0, level: 1) }
        let before = ProcessUsage.now.peakMemoryBytes
        let plain = try median { try Self.plan(document, expecting: frames) }
        let planned = ProcessUsage.now.peakMemoryBytes
        let inflated = try median { try Self.plan(gzipped, expecting: frames) }
        let beforeFoundation = ProcessUsage.now.peakMemoryBytes
        let foundation = try median { _ = try JSONSerialization.jsonObject(with: Data(document)) }
        let parsed = ProcessUsage.now.peakMemoryBytes
        return Result(
            frames: frames, documentBytes: document.count, planSeconds: plain, planFromGzipSeconds: inflated,
            foundationSeconds: foundation, ratio: foundation / plain, planMemoryBytes: planned - before,
            foundationMemoryBytes: parsed - beforeFoundation)
    }

    private func median(of work: () throws -> Void) rethrows -> Double {
        let seconds = try (0..<repeats).map { _ in
            let start = ContinuousClock.now
            try work()
            return start.duration(to: .now).inSeconds
        }
        return seconds.sorted()[repeats / 2]
    }

    private static func plan(_ document: [UInt8], expecting frames: Int) throws {
        let plan = try document.withUnsafeBytes { try MetadataPlanner.plan($0, source: "generated document") }
        guard plan.frames.count == frames else {
            throw BenchError("\(plan.frames.count) frames planned instead of \(frames)")
        }
    }

    /// One CT series of single-frame instances, with the attributes that the service repeats for each.
    private static func document(frames: Int) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(frames * 560)
        func add(_ piece: String) { text.append(contentsOf: piece.utf8) }
        add(#"{"SchemaVersion":"1.1","DatastoreID":"\#(id(1))","ImageSetID":"\#(id(2))","#)
        add(#""Patient":{"DICOM":{"PatientID":"P1"}},"Study":{"DICOM":{"StudyInstanceUID":"2.25.1"},"#)
        add(#""Series":{"2.25.2":{"DICOM":{"Modality":"CT","SeriesNumber":"1"},"Instances":{"#)
        for index in 0..<frames {
            if index > 0 { add(",") }
            add(#""2.25.3.\#(index)":{"DICOM":{"InstanceNumber":"\#(index + 1) ","Rows":512,"Columns":512,"#)
            add(#""BitsAllocated":16,"BitsStored":12,"PixelRepresentation":1,"WindowCenter":["40"],"#)
            add(#""RescaleSlope":"1","RescaleIntercept":"-1024","ImageType":["ORIGINAL","PRIMARY","AXIAL"],"#)
            add(#""ImagePositionPatient":["-249.51","-417.51","\#(index).5"]},"DICOMVRs":{},"#)
            add(#""StoredTransferSyntaxUID":"1.2.840.10008.1.2.4.202","ImageFrames":[{"ID":"\#(id(index))","#)
            add(
                #""PixelDataChecksumFromBaseToFullResolution":[{"Width":512,"Height":512,"Checksum":\#(index)}],"#
            )
            add(#""MinPixelValue":-1024,"MaxPixelValue":3071,"FrameSizeInBytes":171234}]}"#)
        }
        add("}}}}}")
        return text
    }

    private static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
