import Testing

@testable import LocalImaging

@Suite("Routing by method and path")
struct OperationTests {
    static let routes: [(String, String, LocalImaging.Operation)] = [
        ("POST", "/datastore", .createDatastore),
        ("GET", "/datastore", .listDatastores),
        ("GET", "/datastore/d", .getDatastore(datastore: "d")),
        ("DELETE", "/datastore/d", .deleteDatastore(datastore: "d")),
        ("POST", "/datastore/d/searchImageSets", .searchImageSets(datastore: "d")),
        ("POST", "/datastore/d/imageSet/i/getImageSet", .getImageSet(datastore: "d", imageSet: "i")),
        (
            "POST", "/datastore/d/imageSet/i/getImageSetMetadata",
            .getImageSetMetadata(datastore: "d", imageSet: "i")
        ),
        ("POST", "/datastore/d/imageSet/i/getImageFrame", .getImageFrame(datastore: "d", imageSet: "i")),
        (
            "POST", "/datastore/d/imageSet/i/listImageSetVersions",
            .listImageSetVersions(datastore: "d", imageSet: "i")
        ),
        ("POST", "/datastore/d/imageSet/i/deleteImageSet", .deleteImageSet(datastore: "d", imageSet: "i")),
        ("GET", "/tags/arn%3Aaws%3Ax%2Fy", .listTagsForResource(arn: "arn:aws:x/y")),
        ("GET", "/tags/arn:aws:x/y/z", .listTagsForResource(arn: "arn:aws:x/y/z")),
        ("POST", "/tags/a", .tagResource(arn: "a")),
        ("DELETE", "/tags/a", .untagResource(arn: "a")),
    ]

    @Test("each of the API's paths leads to its operation", arguments: routes)
    func route(method: String, path: String, operation: LocalImaging.Operation) {
        #expect(LocalImaging.Operation(method: method, path: path) == operation)
    }

    @Test(
        "no other path leads anywhere",
        arguments: [
            ("GET", "/"), ("GET", ""), ("PUT", "/datastore"), ("GET", "/datastore/d/e"),
            ("POST", "/datastore/d/imageset/i/getImageSet"), ("GET", "/datastore/d/imageSet/i/getImageSet"),
            ("POST", "/datastore/d/imageSet/i/getImageSet/x"), ("POST", "/datastore/d/imageSet/i/other"),
            ("GET", "/tags"), ("PUT", "/tags/a"), ("POST", "/datastore/d/searchImageSets/"),
        ])
    func nothing(method: String, path: String) {
        #expect(LocalImaging.Operation(method: method, path: path) == nil)
    }

    @Test("an encoded slash stays inside its segment")
    func encodedSlash() {
        #expect(
            LocalImaging.Operation(method: "GET", path: "/datastore/..%2F..%2Fetc")
                == .getDatastore(datastore: "../../etc"))
    }
}
