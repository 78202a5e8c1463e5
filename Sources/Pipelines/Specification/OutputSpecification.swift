internal import Anonymization
package import Records

/// One file, or set of files, of records for one purpose.
package struct OutputSpecification: Sendable, Equatable {
    package let name: Marked<String>
    package let purpose: Marked<String>
    package let path: Marked<PathTemplate>
    /// nil for the format of the source.
    package let format: NamedOptions?
    /// Who gets it; `own` unless written.
    package let recipients: [Marked<Recipient>]
    /// Who may read it, by the company's own words.
    package let readers: [Marked<String>]
    /// When the files are to be deleted, counted from the event.
    package let expires: Marked<CalendarDuration>?
    /// How old a record must be before it is anonymised here; nil for `P0D`, or the pipeline's
    /// window where safeguards are declared.
    package let window: Marked<CalendarDuration>?
    package let safeguards: Safeguards?
    /// Rules that replace those of the pipeline in this output.
    package let fields: [FieldRule]
    /// nil for the pipeline's.
    package let others: Marked<OtherFields>?
    /// 1 to 9; nil for the standard level. Whether to compress is said by the path's `.gz`.
    package let gzip: Marked<Int>?
    /// The columns of a CSV output in order; nil for the order of the source.
    package let columns: [Marked<String>]?
    /// How well persons must hide in its rows; nil for rows that are not measured.
    package let risk: RiskSpecification?

    /// True when everything that an output must say is written and readable.
    var isComplete: Bool { name.isWritten && purpose.isWritten && path.isWritten }

    /// True when records pass readable until they are due.
    package var isReadableInWindow: Bool {
        safeguards != nil && window?.value.isZero != true
    }
}

/// Who gets data.
package enum Recipient: String, CaseIterable, Sendable {
    case own, group, partner, processor, authority
}

/// What makes it acceptable that an output shows what is not yet due.
package struct Safeguards: Sendable, Equatable {
    package let reason: Marked<String>
    package let readers: [Marked<String>]
    package let deleteAfter: Marked<CalendarDuration>
    package let position: SettingPosition
}

extension OutputSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> OutputSpecification {
        let section = SectionReader(setting, PipelineReference.output, path: path, context)
        let name = section.requiredName("name")
        let purpose = section.requiredText("purpose")
        let target = section.template(
            section.required("path"),
            "path",
            names: ["date", "month", "name"]
        )
        let format = section.optional("format")
        let safeguards = section.optional("safeguards")
        let output = OutputSpecification(
            name: name ?? .standard("?"),
            purpose: purpose ?? .standard(""),
            path: target ?? .standard(.standardOutput),
            format: format.flatMap { context.format($0, path: section.path("format")) },
            recipients: section.choices("recipients", Recipient.self) ?? [.standard(.own)],
            readers: section.texts("readers") ?? [],
            expires: section.period("expires"),
            window: section.period("window"),
            safeguards: safeguards.flatMap {
                Safeguards.decode($0, path: section.path("safeguards"), context)
            },
            fields: section.rules("fields", context),
            others: section.choice("others", OtherFields.self),
            gzip: section.integer("gzip", in: 1...9),
            columns: section.texts("columns"),
            risk: section.optional("risk").map {
                RiskSpecification.decode($0, path: section.path("risk"), context)
            }
        )
        section.finish()
        output.checkWindow(hasSafeguards: safeguards != nil, path: path, context.faults)
        return output
    }

    private func checkWindow(hasSafeguards: Bool, path: String, _ faults: Faults) {
        if let window, !window.value.isZero, !hasSafeguards {
            faults.add(
                "found a window without `safeguards`, expected `P0D` or safeguards with reason, "
                    + "readers and delete_after",
                at: window.position,
                path: "\(path).window"
            )
        }
        guard isReadableInWindow else { return }
        for recipient in recipients where recipient.value != .own {
            faults.add(
                "found a recipient beyond `own` where data is readable in the window; expected "
                    + "`own`, or no safeguards",
                at: recipient.position,
                path: "\(path).recipients"
            )
        }
        let readable = PurposeTable.builtIn(in: .readableInWindow)
        // A purpose that the pipeline declares itself must be acknowledged; planning sees to that.
        if purpose.isWritten, PurposeTable.builtIn.contains(purpose.value),
            !readable.contains(purpose.value)
        {
            faults.add(
                "found a purpose that may not read data before it is due, expected "
                    + "\(alternatives(readable)), or no safeguards",
                at: purpose.position,
                path: "\(path).purpose"
            )
        }
    }
}

extension Safeguards {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> Safeguards? {
        let section = SectionReader(setting, PipelineReference.safeguards, path: path, context)
        let reason = section.requiredText("reason")
        let readers = section.required("readers").map {
            context.texts($0, path: section.path("readers"))
        }
        let deleteAfter = section.required("delete_after").flatMap {
            context.period($0, path: section.path("delete_after"))
        }
        section.finish()
        if let readers, readers.isEmpty {
            context.faults.add(
                "found nobody, expected at least one reader",
                at: setting.position,
                path: section.path("readers")
            )
        }
        guard let reason, let readers, let deleteAfter else { return nil }
        return Safeguards(
            reason: reason,
            readers: readers,
            deleteAfter: deleteAfter,
            position: setting.position
        )
    }
}
