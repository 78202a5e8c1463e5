import Anonymization
import Records
import TestSupport
import Testing

@Suite struct PlainTransformTests {
    @Test func keepAppendsNothing() {
        #expect(Keep().trial("ann") == Outcome(.unchanged))
        #expect(Keep().trial("1", .number) == Outcome(.unchanged))
    }

    @Test func dropAppendsNothing() {
        #expect(Drop().trial("ann") == Outcome(.dropped))
        #expect(Drop().trial("{}", .structure) == Outcome(.dropped))
    }

    @Test func replaceWritesItsText() throws {
        #expect(Replace(with: "é, \"x\"").trial("ann") == Outcome(.text, "é, \"x\""))
        #expect(Replace(with: "x").trial("12", .number) == Outcome(.text, "x"))
        let planned = Replace.descriptor.planned([("with", setting("(removed)"))])
        #expect(planned.transform?.trial("ann") == Outcome(.text, "(removed)"))
        #expect(Replace.descriptor.planned().transform?.trial("ann") == Outcome(.text))
    }
}
