/// A pipeline with everything that is read to look at one: a table, opt-outs, a key, tests.
enum LookedAt {
    static let pipeline = """
        name: lists
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { customer: customer, user: user }
        tables: [ { name: people, file: people.csv, key: login } ]
        delete: [ { start: { table: people, column: left, by: user }, length: P9Y } ]
        opt_outs: { file: opt-outs.csv, missing: allowed }
        fields: { ts: keep, user: { hmac_sha256: { key: static.key } }, customer: drop }
        acknowledge: [static-key]
        outputs:
          - { name: all, purpose: security, path: "out/{date}.jsonl" }
        tests:
          - name: whom the table does not know goes
            now: 2026-05-20
            input: |
              {"ts":"2026-03-05T12:00:00Z","customer":"NL-1"}
            output: { all: "" }

        """

    static func lists(in scene: Scene) throws {
        try scene.write("people.csv", "login,left\nanna,\n")
        try scene.write("opt-outs.csv", "customer,purposes,effective_date\nNL-9,*,2026-01-01\n")
        try scene.write("static.key", "an invented key of the tests, long enough")
    }
}
