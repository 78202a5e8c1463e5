internal import Records
private import Synchronization

/// Counts, field by field, what was found in stored records whose fields are due.
package final class ReleaseTally: Sendable {
    /// What was found of one field.
    package struct Field: Sendable, Equatable {
        /// Due values in the form that the field's rule leaves behind.
        package var released = 0
        /// Due values that are not: readable ones, or those of another rule.
        package var readable = 0

        /// Nothing found yet.
        package init() {}
    }

    private let fields: Mutex<[Field]>

    /// A tally for a plan with so many declared fields.
    package init(fieldCount: Int) {
        fields = Mutex(Array(repeating: Field(), count: fieldCount))
    }

    /// The counts in the order of the plan's fields.
    package var counts: [Field] { fields.withLock { $0 } }

    func note(_ field: Int, isReleased: Bool) {
        fields.withLock { fields in
            if isReleased { fields[field].released += 1 } else { fields[field].readable += 1 }
        }
    }
}

/// Stands for the transform of a rule when stored records are proven instead of changed: a value in
/// released form passes untouched, any other one goes and is counted.
struct ReleaseCheck: Transform {
    let rule: any Transform
    let field: Int
    let tally: ReleaseTally

    /// Every value is to be counted.
    var isWorthRemembering: Bool { false }

    func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        // An empty value, which is also how a table writes none at all, says nothing.
        if value.bytes.isEmpty { return .unchanged }
        let isReleased = rule.isReleased(value)
        tally.note(field, isReleased: isReleased)
        return isReleased ? .unchanged : .dropped
    }

    func isReleased(_ value: borrowing FieldValue) -> Bool { rule.isReleased(value) }
}

extension ReleasePlan {
    /// The plan under which stored records come out byte for byte as they lie in the file if, and
    /// only if, nothing in them is readable past its time.
    ///
    /// `self` is a plan for reading an output's own files. Every decision stays what it is in a run
    /// (age, holds, erased persons, purposes that may not have a field, fields that nobody named);
    /// only the transforms are replaced by checks of their results, because tokens cannot be made
    /// again from tokens. The file's own expiry is judged by file, not by record.
    package func proving(_ tally: ReleaseTally) -> ReleasePlan {
        var plan = self
        plan.writtenUnder = nil
        plan.writtenFields = nil
        plan.generations = []
        plan.earlierRuns = []
        plan.isStored = true
        plan.provesStored = true
        for index in plan.outputs.indices {
            plan.outputs[index].expiryClock = nil
            for slot in plan.outputs[index].rules.indices {
                plan.outputs[index].rules[slot].check(field: slot, tally)
            }
        }
        return plan
    }
}

extension ReleasePlan {
    /// The same proof, judging every record as if it were due in everything and held by nobody;
    /// counts nothing.
    package func judgingAllDue() -> ReleasePlan {
        var plan = self
        plan.subjects = .empty
        plan.deleteClocks = []
        let tally = ReleaseTally(fieldCount: fields.count)
        for index in plan.outputs.indices {
            plan.outputs[index].showsWindow = false
            for slot in plan.outputs[index].rules.indices {
                guard let check = plan.outputs[index].rules[slot].transform as? ReleaseCheck
                else { continue }
                plan.outputs[index].rules[slot].transform = ReleaseCheck(
                    rule: check.rule, field: check.field, tally: tally)
            }
        }
        return plan
    }
}

extension ReleasePlan {
    /// The same reading with every value left as it is.
    package func leavingAll() -> ReleasePlan {
        var plan = self
        plan.subjects = .empty
        plan.deleteClocks = []
        for index in plan.outputs.indices {
            let rules = plan.outputs[index].rules
            plan.outputs[index].rules = rules.map { _ in FieldRule(transform: Keep()) }
        }
        return plan
    }
}

extension FieldRule {
    fileprivate mutating func check(field: Int, _ tally: ReleaseTally) {
        let rule: any Transform = isBarred ? Drop() : transform ?? Drop()
        appliesAlways = appliesAlways || isBarred
        isBarred = false
        transform = ReleaseCheck(rule: rule, field: field, tally: tally)
    }
}
