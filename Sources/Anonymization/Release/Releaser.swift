private import KeyedHashing
package import Records

/// Decides what becomes of each record and releases it: the only way from a raw record to a writer
/// or a measure.
///
/// One releaser per worker. For each chunk it fills one batch per output and one of observations;
/// they are valid together with the chunk, until the next call. What it does with a record depends
/// on nothing but the record and the plan.
package final class Releaser {
    let plan: ReleasePlan
    private var release: ChunkRelease

    /// A releaser for `plan`; without a key ring keyed transforms drop their values.
    package init(plan: ReleasePlan, keyRing: (any KeyRing)?) {
        self.plan = plan
        release = ChunkRelease(plan: plan, keyRing: keyRing)
    }

    /// Releases the records of `chunk`, which `reader` has indexed into `table`.
    package func release(
        _ chunk: borrowing Chunk, _ table: borrowing RecordTable, reader: any RecordReader
    ) {
        release.release(chunk, table, reader: reader)
    }

    /// One for each output of the plan.
    package var outputs: OwnedList<OutputRelease> { _read { yield release.outputs } }

    /// What the measures may see.
    package var observations: ObservationRelease { _read { yield release.observations } }

    /// The counts of the chunk released last.
    package var counts: RecordCounts { release.counts }

    /// The records of that chunk that were set aside; record numbers count from 1 in the chunk.
    package var quarantine: [QuarantineEntry] { release.quarantine }

    /// Which opt-out entries have matched a record so far.
    package var matches: OptOutMatches { release.matches }

    /// Which holds and opt-outs of the registry have matched a record so far.
    package var subjectMatches: SubjectMatches { release.subjects.matches }

    /// The earliest start of each watched clock that has not run out, over all chunks so far.
    package var nextDue: NextDue { release.nextDue }
}
