import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Real DICOM files", .enabled(if: SharedDICOM.isPresent, "shared/data/dicom is not there"))
struct SharedDICOMTests {
    private enum Expectation {
        /// Transcoded; CRC-32 of each frame's pixels as pydicom decodes them (Tests/Interop/dicom).
        case pixels([UInt32])
        /// One-bit frames; CRC-32 of each.
        case bits([UInt32])
        /// Kept with this transfer syntax.
        case kept(String)
        /// Refused, with this word in the reason.
        case refused(DICOMFileError.Kind, String)
    }

    private static let expectations: [String: Expectation] = [
        "693_J2KR.dcm": .pixels([0xf704_e925]),
        "693_UNCI.dcm": .pixels([0x557f_acee]),
        "693_UNCR.dcm": .pixels([0xf704_e925]),
        "HTJ2KLossless_08_RGB.dcm": .pixels([0x9fb9_ff96]),
        "HTJ2K_08_RGB.dcm": .kept("1.2.840.10008.1.2.4.203"),
        "JLSL_08_07_0_1F.dcm": .pixels([0xe611_5bb3]),
        "JLSL_16_15_1_1F.dcm": .pixels([0x5816_c647]),
        "JLSL_RGB_ILV0.dcm": .pixels([0xf543_2a1d]),
        "JLSL_RGB_ILV1.dcm": .pixels([0xf543_2a1d]),
        "JLSL_RGB_ILV2.dcm": .pixels([0xf543_2a1d]),
        "JPEG-LL.dcm": .pixels([0x89c1_c89f]),
        "JPEG2000_UNC.dcm": .pixels([0xae42_5a11]),
        "MR-SIEMENS-DICOM-WithOverlays.dcm": .pixels([0x253b_a9ca]),
        "OT-PAL-8-face.dcm": .pixels([0x179b_53a0]),
        "RG1_J2KI.dcm": .kept("1.2.840.10008.1.2.4.91"),
        "SC_rgb.dcm": .pixels([0x0ef3_7133]),
        "SC_rgb_16bit.dcm": .pixels([0xb2a4_4e2d]),
        "SC_rgb_16bit_2frame.dcm": .pixels([0xb2a4_4e2d, 0x7ef1_fd63]),
        "SC_rgb_2frame.dcm": .pixels([0x0ef3_7133, 0xfae6_d83a]),
        "SC_rgb_dcmtk_ebcr_dcmd.dcm": .pixels([0xd0c9_ff7f]),
        "SC_rgb_dcmtk_ebcys2_dcmd.dcm": .pixels([0x5860_632a]),
        "SC_rgb_dcmtk_ebcys4_dcmd.dcm": .pixels([0x5860_632a]),
        "SC_rgb_gdcm2k_uncompressed.dcm": .pixels([0x0ef3_7133]),
        "SC_ybr_full_uncompressed.dcm": .pixels([0xd212_088f]),
        "US1_J2KI.dcm": .kept("1.2.840.10008.1.2.4.91"),
        "US1_J2KR.dcm": .pixels([0x1533_fe9d]),
        "US1_UNCI.dcm": .pixels([0x261c_bc68]),
        "US1_UNCR.dcm": .pixels([0x1533_fe9d]),
        "bad_sequence.dcm": .pixels([0x3c36_8797]),
        "explicit_VR-UN.dcm": .pixels([0xec34_1625]),
        "liver.dcm": .bits([0xb784_d090, 0xd03a_20c6, 0x87c1_19ac]),
        "mlut_18.dcm": .pixels([0x10c8_9783]),
        "parametric_map_double_float.dcm": .refused(.unsupported, "float"),
        "parametric_map_float.dcm": .refused(.unsupported, "float"),
    ]

    @Test("every file decodes to what pydicom decodes, is kept as it is, or is refused for the right reason")
    func everyFile() throws {
        let folder = try #require(SharedDICOM.folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(names == Self.expectations.keys.sorted(), "a file without an expectation proves nothing")
        let transcoder = InstanceTranscoder(verifiesEncoding: true)
        for name in names {
            let expected = try #require(Self.expectations[name])
            do throws(DICOMFileError) {
                let file = try DICOMFile(contentsOf: folder + "/" + name, limit: 1 << 30)
                check(try transcoder.transcode(file), of: file, named: name, expected)
            } catch {
                guard case .refused(let kind, let word) = expected else {
                    Issue.record("\(name) was refused: \(error)")
                    continue
                }
                #expect(error.kind == kind && error.description.contains(word), "\(name): \(error)")
            }
        }
    }

    private func check(
        _ output: InstanceTranscoder.Output, of file: DICOMFile, named name: String, _ expected: Expectation
    ) {
        let checksums = output.frames.map(\.document.checksum.crc32)
        switch expected {
        case .pixels(let crcs):
            #expect(output.syntax == .htj2kLosslessRPCL && checksums == crcs, "\(name)")
            #expect(output.frames.map { Self.decodedChecksum($0.bytes) } == crcs, "\(name)")
        case .bits(let crcs):
            #expect(output.syntax == .explicitVRLittleEndian && checksums == crcs, "\(name)")
        case .kept(let syntax):
            #expect(output.syntax?.uid == syntax, "\(name)")
            #expect(checksums == output.frames.map { CRC32.checksum($0.bytes) }, "\(name)")
            #expect(output.frames.allSatisfy { $0.document.pixelValues == nil }, "\(name)")
        case .refused:
            Issue.record("\(name) was not refused")
        }
    }

    private static func decodedChecksum(_ frame: [UInt8]) -> UInt32? {
        let decoded = try? frame.withUnsafeBytes { try OpenJPEGDecoder().decode($0, pool: BufferPool()) }
        return decoded.map { CRC32.checksum($0.bytes.bytes) }
    }

    @Test("an import of the folder takes what has identifiers and names every other file with its reason")
    func wholeFolder() async throws {
        let folder = try #require(SharedDICOM.folder)
        let scratch = try ScratchFolder()
        let store = try ImageSetStore(opening: scratch.path + "/store")
        let datastore = try store.createDatastore(name: "test")
        let report = try await DICOMImporter().importFiles([folder], into: store, datastoreID: datastore.id)
        #expect(report.filesScanned == Self.expectations.count)
        #expect(report.filesImported + report.failures.count == report.filesScanned)
        #expect(report.skipped.isEmpty)
        let reasons = Dictionary(grouping: report.failures, by: \.code).mapValues(\.count)
        // Without identifiers: 2 HTJ2K, 5 JPEG-LS. The same UID as another: 693_UNCR, US1_UNCI and three SC_rgb.
        #expect(reasons == ["unsupported": 2, "damaged": 7, "duplicate": 5])
        #expect(report.filesImported == 20)
    }
}
