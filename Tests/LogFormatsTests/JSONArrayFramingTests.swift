@testable import LogFormats
import Records
import TestSupport
import Testing

/// Arrays of records, however their elements stand apart.
@Suite struct JSONArrayFramingTests {
    private func framed(_ document: String) throws -> String {
        var framing = JSONArrayFraming(path: [])
        var output = ByteBuffer()
        for byte in bytes(document) { try framing.frame([byte].span, into: &output) }
        try framing.finish()
        return text(output.array())
    }

    @Test(arguments: [
        ("[]", ""), ("[1]", "1\n"), (#"[{"a":[1,2]} , {}]"#, "{\"a\":[1,2]}\n{}\n"),
        ("[[1],2,\"x,]\"]", "[1]\n2\n\"x,]\"\n"), ("[{}][]\n[{},{}]", "{}\n{}\n{}\n"),
    ]) func elements(_ document: String, _ lines: String) throws {
        #expect(try framed(document) == lines)
    }

    /// Each of them is a line that no reader takes.
    @Test(arguments: [
        ("[,]", ",\n,\n"), ("[{},]", "{}\n,\n"), ("[,{}]", ",\n{}\n"), ("[{},,{}]", "{}\n,\n{}\n"),
        ("[{}{}]", "{}\n,\n{}\n"), ("[1,,2]", "1\n,\n2\n"), ("[{} 1]", "{}\n,\n1\n"),
        ("[[]{}][{}]", "[]\n,\n{}\n{}\n"),
    ]) func commas(_ document: String, _ lines: String) throws {
        #expect(try framed(document) == lines)
    }
}
