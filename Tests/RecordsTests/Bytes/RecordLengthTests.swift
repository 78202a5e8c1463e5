import Records
import Testing

@Suite("How long a record may be")
struct RecordLengthTests {
    @Test("as its source says, unless a run has dealt with it before: then as a field can hold")
    func limits() {
        var limits = RecordLimits()
        limits.recordBytesMax = 100
        var length = RecordLength(limits)
        #expect(length.bytesMax == 100)
        var chunk = Chunk(capacity: 8)
        for (clocks, bytesMax) in [(-1, 100), (0, FieldSlice.lengthMax), (-1, 100)] {
            chunk.earlierClocks = clocks
            length.begin(chunk)
            #expect(length.bytesMax == bytesMax)
        }
    }

    @Test("never more than a field can hold")
    func largest() {
        var limits = RecordLimits()
        limits.recordBytesMax = .max
        var length = RecordLength(limits)
        #expect(length.bytesMax == FieldSlice.lengthMax)
        length.begin(Chunk(capacity: 8))
        #expect(length.bytesMax == FieldSlice.lengthMax)
    }
}
