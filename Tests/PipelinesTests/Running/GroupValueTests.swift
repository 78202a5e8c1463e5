import Testing

@Suite("Group keys and conditions of values that are no text")
struct GroupValueTests {
    private let pipeline = """
        name: groups
        source: { format: jsonl, files: "in.jsonl", time: ts }
        fields: { n: keep, "o.p": keep }
        statistics:
          - name: counts
            purpose: statistics
            by: [month, n]
            measures: { times: count, ones: { count: { n: "1" } }, yes: { count: { n: "true" } } }
            path: "counts.csv"
            suppression: { of: count, persons: 1 }
          - name: inner
            purpose: statistics
            by: ["o.p"]
            measures: { times: count }
            path: "inner.csv"
            suppression: { of: count, persons: 1 }
        """

    @Test("numbers and booleans are groups as they are written; null and structures are none")
    func groups() throws {
        let values = [
            "1", "1", #""1""#, "-1.50", "1e3", "true", "true", "false", "null", "{\"a\":1}",
            "[1,2]", #""x""#, #""\u0031""#,
        ]
        var lines = values.map {
            #"{"ts":"2026-03-20T10:00:00Z","n":\#($0),"o":{"p":\#($0),"q":2}}"# + "\n"
        }
        lines.append(#"{"ts":"2026-03-20T10:00:00Z"}"# + "\n")
        let folder = try TemporaryPipeline(pipeline, files: ["in.jsonl": lines.joined()])
        _ = try folder.run(now: "2026-05-15")
        #expect(
            try folder.text("counts.csv") == """
                month,n,times,ones,yes
                2026-03,,4,<1,<1
                2026-03,'-1.50,1,<1,<1
                2026-03,1,4,4,<1
                2026-03,1e3,1,<1,<1
                2026-03,false,1,<1,<1
                2026-03,true,2,<1,2
                2026-03,x,1,<1,<1

                """)
        #expect(
            try folder.text("inner.csv") == """
                o.p,times
                ,4
                '-1.50,1
                1,4
                1e3,1
                false,1
                true,2
                x,1

                """)
    }
}
