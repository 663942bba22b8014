import Testing

@testable import FrameEngine

@Suite("XML answers")
struct XMLNodeTests {
    static func node(_ text: String) throws(XMLNode.Malformed) -> XMLNode {
        try XMLNode(parsing: Array(text.utf8))
    }

    @Test("are read as a tree of names without prefix, texts and children")
    func tree() throws {
        let root = try Self.node(
            """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
            <!-- <not> an element -->
            <s3:List xmlns:s3='http://x/y' other = "a > b"><Key>a</Key><Empty/><Empty2></Empty2>
              <Key >b</Key ><Deep><Key>c</Key></Deep></s3:List>
            <!-- end -->
            """)
        #expect(root.name == "List")
        #expect(root.all("Key").map(\.text) == ["a", "b"])
        #expect(root.text("Key") == "a")
        #expect(root["Deep"]?.text("Key") == "c")
        #expect(root.text("Empty")?.isEmpty == true)
        #expect(root.text("Empty2")?.isEmpty == true)
        #expect(root.text("Nothing") == nil)
        #expect(root.children.count == 5)
    }

    @Test(
        "keep text as it was meant: blanks, references, CDATA, carriage returns that were written as references",
        arguments: [
            ("  a b ", "  a b "), ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"), ("&#65;&#x42;&#x1F600;", "AB😀"),
            ("a<![CDATA[<b>&amp;]]]]>c", "a<b>&amp;]]c"), ("x<!-- y -->z<?p q?>!", "xz!"),
            ("1\r\n2\r3\n&#13;\n", "1\n2\n3\n\r\n"), ("日本 é", "日本 é"), ("&amp;lt;", "&lt;"),
        ])
    func text(written: String, meant: String) throws {
        #expect(try Self.node("<a>\(written)</a>").text == meant)
    }

    @Test(
        "are refused where they are not well-formed",
        arguments: [
            "", " ", "text", "<a>", "<a", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a/>x", "<a b></a>",
            "<a b=c></a>", "<a b=\"c></a>", "<a>&nothing;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>",
            "<a>&amp</a>",
            "<a><![CDATA[x</a>", "<!-- x", "</a>", "< a/>", "<a></a", "<a>&#-5;</a>", "<a>&#xFFFFFFFFF;</a>",
        ])
    func malformed(text: String) {
        #expect(throws: XMLNode.Malformed.self) { try Self.node(text) }
    }

    @Test("are refused with a DOCTYPE, so that no entity expands and none is fetched")
    func noEntities() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]><a>&b;&c;</a>"
        let error = #expect(throws: XMLNode.Malformed.self) { try Self.node(bomb) }
        #expect(error?.problem.contains("DOCTYPE") == true)
        #expect(throws: XMLNode.Malformed.self) { try XMLNode(parsing: [0xFF, 0xFE, 0x3C, 0x00]) }
    }

    @Test("are refused where they are too deep or have too many elements, however they got there")
    func limits() throws {
        let nested = { (depth: Int) in
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(try Self.node(nested(64)).name == "a")
        #expect(throws: XMLNode.Malformed(problem: "it is too deep")) { try Self.node(nested(65)) }
        #expect(throws: XMLNode.Malformed(problem: "it is too deep")) {
            try Self.node(String(repeating: "<a>", count: 1_000_000))
        }
        let wide = "<r>" + String(repeating: "<a/>", count: XMLReader.countLimit) + "</r>"
        #expect(throws: XMLNode.Malformed(problem: "it has too many elements")) { try Self.node(wide) }
    }

    @Test("cut short anywhere are refused, never read as if they were whole")
    func cutShort() throws {
        let whole = Array(
            "<?xml version='1.0'?><a x='1'><b>&amp;é</b><!--c--><![CDATA[d]]></a>".utf8)
        #expect(try XMLNode(parsing: whole).text("b") == "&é")
        for length in 0..<whole.count {
            #expect(throws: XMLNode.Malformed.self) { try XMLNode(parsing: whole.prefix(length)) }
        }
    }
}
