internal import Records

/// Where a record says who it is about.
struct IdentitySlots: Sendable {
    let names: Names
    let addresses: [Int]

    /// The customer and the person. A value of its own, without a reference that is counted: all
    /// workers ask for each record, and would wait for each other's count.
    struct Names: BitwiseCopyable, Sendable {
        let customer: Int?
        let person: Int?
    }

    init(_ plan: ReleasePlan) {
        names = Names(customer: plan.customerSlot, person: plan.personSlot)
        addresses = plan.addressSlots
    }

    /// Calls `body` with each text in which a record names addresses.
    func withAddresses(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ body: (Span<UInt8>) -> Void
    ) {
        for slot in addresses {
            let slice = table.slice(slot: slot, row: row)
            if slice.kind == .several {
                for element in slice.offset..<slice.end {
                    Self.withText(of: table.elements[element], bytes, reader, body)
                }
            } else if slice.isText {
                Self.withText(of: slice, bytes, reader, body)
            }
        }
    }

    fileprivate static func slice(
        _ slot: Int?, _ row: Int, _ table: borrowing RecordTable
    ) -> FieldSlice {
        guard let slot else { return .absent }
        let slice = table.slice(slot: slot, row: row)
        return slice.isText || slice.kind == .number ? slice : .absent
    }

    @inline(__always)
    static func withText(
        of slice: FieldSlice, _ bytes: Span<UInt8>, _ reader: any RecordReader,
        _ body: (Span<UInt8>) -> Void
    ) {
        guard slice.kind == .escapedText else {
            let text = bytes.extracting(slice.offset..<slice.end)
            return body(text.extracting(CanonicalSubject.trimmed(text)))
        }
        var decoded = ByteBuffer(capacity: 256)
        reader.decode(slice, in: bytes, into: &decoded)
        let text = decoded.bytes
        body(text.extracting(CanonicalSubject.trimmed(text)))
    }
}

extension IdentitySlots.Names {
    /// Calls `body` with the customer and the person of a record, without white space around them;
    /// empty when the record does not say who.
    func withCustomerAndPerson(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ body: (Span<UInt8>, Span<UInt8>) -> Void
    ) {
        let one = IdentitySlots.slice(customer, row, table)
        let other = IdentitySlots.slice(person, row, table)
        IdentitySlots.withText(of: one, bytes, reader) { customer in
            IdentitySlots.withText(of: other, bytes, reader) { person in body(customer, person) }
        }
    }
}

extension SubjectLookup {
    /// What the register says of a record of the event time `time`.
    mutating func ask(
        _ slots: IdentitySlots, time: EventTime?, _ row: Int, _ table: borrowing RecordTable,
        _ bytes: Span<UInt8>, _ reader: any RecordReader
    ) -> SubjectVerdict {
        begin(time: time)
        slots.names.withCustomerAndPerson(row, table, bytes, reader) { customer, person in
            add(customer: customer)
            add(user: person)
        }
        slots.withAddresses(row, table, bytes, reader) { add(addresses: $0) }
        return verdict
    }
}
