import GRDB
import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

struct EventChainTests {
    static let changes: [(name: String, sql: String, at: Int64)] = [
        ("kind", "UPDATE events SET kind = 'other' WHERE seq = 3", 3),
        ("payload", "UPDATE events SET payload = replace(payload, '2', '3') WHERE seq = 2", 2),
        ("time", "UPDATE events SET time_ms = time_ms + 1 WHERE seq = 1", 1),
        ("previous", "UPDATE events SET previous = hash WHERE seq = 4", 4),
        ("hash", "UPDATE events SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq=5", 5),
        ("removed inside", "DELETE FROM events WHERE seq = 3", 3),
        ("removed at the start", "DELETE FROM events WHERE seq = 1", 1),
        ("removed at the end", "DELETE FROM events WHERE seq = 6", 6),
        ("all removed", "DELETE FROM events", 1),
        (
            "moved",
            """
            UPDATE events SET seq = 100 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3;
            UPDATE events SET seq = 3 WHERE seq = 100
            """, 2
        ),
        (
            "renumbered after removal",
            "DELETE FROM events WHERE seq = 3; UPDATE events SET seq = seq - 1 WHERE seq > 3", 3
        ),
        (
            "added",
            """
            INSERT INTO events (seq, time_ms, kind, payload, previous, hash)
            SELECT 7, 0, 'run', '{}', hash,
            '\(String(repeating: "a", count: 64))' FROM events WHERE seq = 6
            """, 7
        ),
        ("end", "UPDATE chain_end SET seq = 5", 7),
        ("end removed", "DELETE FROM chain_end", 7),
        ("case of a digit", "UPDATE events SET hash = upper(hash) WHERE seq = 2", 2),
    ]

    @Test(arguments: changes.indices)
    func anyChangeIsFound(index: Int) throws {
        let change = Self.changes[index]
        let scratch = try Scratch()
        do {
            let ledger = try scratch.ledger()
            for number in 1...6 {
                try ledger.append(
                    event: "test", ["number": .integer(Int64(number)), "two": 2],
                    time: EventTime(milliseconds: Int64(number)))
            }
            #expect(try ledger.verifyChain().sequence == 6)
        }
        try scratch.tamper(change.sql)
        let ledger = try scratch.ledger()
        #expect(throws: LedgerFault.brokenChain(sequence: change.at), "\(change.name)") {
            try ledger.verifyChain()
        }
    }

    /// The twin: the message of the documentation, put together in one piece.
    @Test func theHashIsTheDocumentedOne() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        var previous = String(repeating: "0", count: 64)
        for number in 1...3 {
            try ledger.append(
                event: "kind", ["b": "x", "a": .integer(Int64(number))],
                time: EventTime(milliseconds: -5))
            let payload = "{\"a\":\(number),\"b\":\"x\"}"
            var message = bytes(previous)
            message += word(Int64(number)) + word(-5)
            message += word(4) + bytes("kind") + word(Int64(payload.utf8.count)) + bytes(payload)
            let end = try ledger.verifyChain()
            previous = end.hash.hex
            #expect(end == ChainEnd(sequence: Int64(number), digestOf: message))
        }
    }

    private func word(_ number: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> Int64(56 - 8 * $0)) }
    }

    @Test func eventsCannotBeChangedThroughTheDatabase() throws {
        let scratch = try Scratch()
        do { try scratch.ledger().append(event: "kind", [:], time: EventTime(milliseconds: 0)) }
        let queue = try DatabaseQueue(path: scratch.file)
        for sql in ["DELETE FROM events", "UPDATE events SET time_ms = 1"] {
            #expect(throws: DatabaseError.self) {
                try queue.write { db in try db.execute(sql: sql) }
            }
        }
        try queue.close()
    }
}

extension ChainEnd {
    init(sequence: Int64, digestOf message: [UInt8]) {
        self.init(sequence: sequence, hash: Digest256.of(message.span))
    }
}

struct CanonicalJSONTests {
    static let forms: [(value: CanonicalJSON, written: String)] = [
        ([:], "{}"),
        (["b": 1, "a": .array([.null, .boolean(true), -3])], #"{"a":[null,true,-3],"b":1}"#),
        (["a": 1, "a": 2], #"{"a":2}"#),
        (.text("q\"b\\l\n\u{7f}é"), #""q\"b\\l\u000a\u007fé""#),
        (["é": 1, "z": 2, "": 3], #"{"":3,"z":2,"é":1}"#),
    ]

    @Test(arguments: forms)
    func writtenForm(form: (value: CanonicalJSON, written: String)) {
        #expect(form.value.written == form.written)
    }
}
