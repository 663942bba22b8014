import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("The built-in bucket of synthetic studies")
struct IDCBucketTests {
    private let temporary: TemporaryStore
    private let bucket: IDCBucket

    init() throws {
        temporary = try TemporaryStore()
        bucket = IDCBucket(store: temporary.store)
    }

    private func objects(_ prefix: String = "") throws -> [ObjectRecord] {
        try bucket.list(bucket: IDCBucket.name, prefix: prefix, after: nil, limit: 10_000).objects
    }

    @Test(
        "it lists four studies of 2, 57, 192 and 92 objects in the order of their keys, and paints nothing for it"
    )
    func listing() throws {
        let counts = [
            "00029d25-fb18-4d42-aaa5-a0897d1ac8f7": 2, "00025d30-ef8f-4135-a35a-d83eff264fc1": 57,
            "0002d261-8a5d-4e63-8e2e-0cbfac87b904": 192, "0002dd07-0b7f-4a68-a655-44461ca34096": 92,
        ]
        let all = try objects()
        #expect(all.count == 343 && Set(all.map(\.key)).count == 343 && Set(all.map(\.eTag)).count == 343)
        #expect(all.map(\.key) == all.map(\.key).sorted { ObjectKey.isLess($0, than: $1) })
        for (folder, count) in counts {
            let keys = try objects(folder + "/").map(\.key)
            #expect(keys.count == count)
            #expect(keys.allSatisfy { UUID(uuidString: String($0.dropFirst(37).dropLast(4))) != nil })
            #expect(keys.allSatisfy { $0.hasSuffix(".dcm") })
        }
        #expect(!FileManager.default.fileExists(atPath: temporary.path + "/idc-open-data"))
    }

    @Test("a list goes on behind a key, and says whether more follow")
    func pages() throws {
        var seen: [String] = []
        var isTruncated = true
        while isTruncated {
            let page = try bucket.list(bucket: IDCBucket.name, prefix: "0002", after: seen.last, limit: 100)
            seen += page.objects.map(\.key)
            isTruncated = page.isTruncated
        }
        #expect(seen == (try objects().map(\.key)))
        #expect(throws: BucketError.noSuchBucket("other")) {
            try bucket.list(bucket: "other", prefix: "", after: nil, limit: 1)
        }
        #expect(try bucket.object(bucket: IDCBucket.name, key: "nothing") == nil)
    }

    @Test("every object has the size that its record says and is the DICOM image that its study says")
    func files() throws {
        for series in IDCSeries.all {
            for instance in [0, series.instanceCount - 1] {
                let object = try #require(
                    try bucket.object(bucket: IDCBucket.name, key: series.keys[instance]))
                var bytes = try bucket.read(object)
                #expect(bytes.count == object.size)
                let file = try DICOMFile(&bytes, limit: 1 << 30)
                #expect(file.text("Modality") == series.subject.modality.rawValue)
                #expect(file.text("InstanceNumber") == String(instance + 1))
                #expect(file.text("RescaleSlope") == series.subject.rescaleSlope)
                #expect(file.text("RescaleIntercept") == String(series.subject.rescaleIntercept))
                #expect(Int(file.image.rows) == series.subject.side)
                #expect(file.image.pixel_representation == (series.subject.modality == .ct ? 1 : 0))
                #expect(ImportWarning.all(of: file).isEmpty)
                #expect(try file.nativePixels().count == series.pixelBytes)
                #expect(try Set(file.nativePixels()).count > 50, "an image is more than one value")
            }
        }
    }

    @Test("the same bytes come from every store, and differ from slice to slice")
    func determinism() throws {
        let other = try TemporaryStore()
        let key = IDCSeries.all[1].keys
        let objects = try [0, 1].map { try #require(try bucket.object(bucket: IDCBucket.name, key: key[$0])) }
        let first = try bucket.read(objects[0])
        #expect(try IDCBucket(store: other.store).read(objects[0]) == first)
        #expect(try bucket.read(objects[0]) == first, "also from the file that was made")
        #expect(try bucket.read(objects[1]) != first)
    }

    @Test("values of a CT are the painter's Hounsfield units once rescaled")
    func rescaling() throws {
        let series = IDCSeries.all[0]
        let painter = series.makePainter()
        let file = series.file(1, painter: painter)
        let pixels = Array(file.suffix(series.pixelBytes))
        var units = [Int16](repeating: 0, count: series.pixelBytes / 2)
        units.withUnsafeMutableBytes { painter.paint(frame: 104, into: $0) }
        let stored = pixels.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        #expect(zip(stored, units).allSatisfy { Int($0) - 1024 == Int($1) })
        #expect(units.contains { $0 > 30 } && units.contains { $0 < -700 }, "tissue and lung")
    }

    @Test("millimetres are written without exponent and without needless zeros")
    func millimetres() {
        #expect(IDCSeries.millimetres(2500) == "2.5")
        #expect(IDCSeries.millimetres(-179_968) == "-179.968")
        #expect(IDCSeries.millimetres(5000) == "5" && IDCSeries.millimetres(0) == "0")
        #expect(IDCSeries.millimetres(-40) == "-0.04")
    }
}
