internal import Anonymization

extension PipelineReference {
    /// One hold in the file that `holds` names, in the words of the flags of `sluice hold raise`.
    static let hold = SettingSection(
        "holds[]",
        help: "One hold in the file that `holds` names.",
        [
            key("name", "text", required, "What the hold is called; each once."),
            key("ground", "`own-decision` or `law`", required, "Why data may be kept longer."),
            key(
                "notice", "date", "none",
                "When the persons were told; `own-decision` needs it, not after `start`."),
            key("citation", "text", "none", "What demands it; `law` needs it."),
            key("reason", "text", required, "What the data is kept for."),
            key("by", "text", required, "Who raises it."),
            key("customer", "text or list of texts", "any", "Customers whose records are held."),
            key("user", "text or list of texts", "any", "Users whose records are held."),
            key(
                "addresses", "network or list of networks", "any",
                "Networks or single addresses. One fitting customer, user or network is enough."),
            key("from", "date", "none", "Only events from this day on."),
            key("until", "date", "none", "Only events before this day."),
            key(
                "start", "date", required,
                "When it begins to bind; the file is read by each run and must mean the same."),
            key("end", "date", "its release", "The first day on which it binds no more."),
            key(
                "output", "text or list of texts", "none",
                "Outputs with safeguards that may keep held records readable when written."),
        ]
    )
}
