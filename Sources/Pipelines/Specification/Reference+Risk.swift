import Anonymization
import Publication

extension PipelineReference {
    static let risk = SettingSection(
        "outputs[].risk",
        help:
            "How well persons hide among each other in the rows. Rows with equal quasi-identifiers "
            + "are a class. With `persons` every class is made large enough or nothing is written; "
            + "without, the risk is estimated and told.",
        [
            key(
                "person",
                "field",
                required,
                "Whose a row is: a field of the output, under its token."
            ),
            key(
                "quasi_identifiers",
                "list of fields",
                required,
                "Fields of the output that outsiders may know of a person."
            ),
            key("persons", "2 to 1000000", "not demanded", "The fewest persons of a class."),
            key(
                "sensitive",
                "field",
                "none",
                "What must not be known of everybody in a class; needs `values`."
            ),
            key(
                "values",
                "2 to 1000000",
                "not demanded",
                "The fewest different values of `sensitive` in a class."
            ),
            key(
                "ladder",
                "list of `{field: step}`",
                "none",
                "What is made coarser, in this order, until the classes are large enough: `hour`,"
                    + " `day`, `month`, `year`, `language`, `drop`, or bits such as `/16,/32`."
                    + " Not with `state`."
            ),
            key(
                "remove",
                "share",
                "`0%`",
                "How many of the rows may be removed, where their class is too small."
            ),
            key(
                "drop_person",
                "`true` or `false`",
                "`false`",
                "Whether the field of the person is emptied once the rows are measured. Not with"
                    + " `state`."
            ),
        ]
    )
}
